"""Server-sent events: bytes to events and back. No I/O.

`Decoder.feed` is the WHATWG standard to the letter, whatever the cut; what a stream of a model's
answer needs beyond it is in `Decoder.close`, which hands over the event that the body left open, and
in events whose `field` is `error`: some servers report a fault in a field of that name, which the
standard would drop.

Work and memory are linear in the size of the body. A line ends at CR, LF or CRLF and at nothing else
(`bytes.splitlines` knows just these; `str.splitlines` would also cut at U+2028 inside an answer), is
looked at once, and is not kept at all if it is a comment or a field that nobody reads.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .errors import UpstreamError

LIMIT: Final = 8 * 1024 * 1024
"""The most bytes that a line or an event may have: images in base64 fit, a line without end does not."""

_BOM: Final = b"\xef\xbb\xbf"
_FIELDS: Final = frozenset((b"data", b"event", b"id", b"retry", b"error"))
_LONGEST: Final = 5
_HEAD: Final = len(_BOM) + _LONGEST
"""With one byte more, it is known whether a line is a field that we read."""

_RETRY_DIGITS: Final = 15


class ServerSentEvent(NamedTuple):
    """One event. `id` and `retry` are the last ones known, not only this event's own.

    `field` says where the data stood: `data`, or `error` (see the module's docstring).
    """

    event: str = "message"
    data: str = ""
    id: str = ""
    retry: int | None = None
    field: str = "data"


class Decoder:
    """Bytes in, events out.

    A line or an event of more than `limit` bytes raises `UpstreamError("event_too_large")`: at once,
    or, where the same bytes also completed other events, with the next call, so that what was good
    does not depend on the cut. From then on nothing is read any more.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.id = ""
        self.retry: int | None = None
        self._line = bytearray()  # the unfinished line
        self._length = 0  # of the unfinished line, which may be skipped and so not be in `_line`
        self._skipping = False
        self._after_cr = False
        self._first = True
        self._overflow = False
        self._size = 0  # of the unfinished event
        self._data: bytes | None = None  # its only data line so far
        self._lines = bytearray()  # its data lines but the last, as soon as there are two
        self._event = b""
        self._error: bytes | None = None
        self._pending_id = ""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that these bytes complete."""
        if self._overflow:
            raise UpstreamError("event_too_large")
        if not data:
            return []
        if self._after_cr and data[0] == 10:
            data = data[1:]
        if data:
            self._after_cr = data[-1] == 13
        else:
            self._after_cr = False
            return []
        events: list[ServerSentEvent] = []
        lines = data.splitlines()
        rest = lines.pop() if data[-1] not in b"\r\n" else None
        self._overflow = not (self._read(lines, events) and (rest is None or self._hold(rest)))
        if self._overflow:
            self._forget()
            if not events:
                raise UpstreamError("event_too_large")
        return events

    def close(self) -> ServerSentEvent | None:
        """The event that the end of the body left open, if it had any data. Nothing is kept after this."""
        if self._overflow:
            raise UpstreamError("event_too_large")
        events: list[ServerSentEvent] = []
        if self._length and not self._read([b""], events):  # ends the unfinished line
            self._overflow = True
            self._forget()
            raise UpstreamError("event_too_large")
        known = self.id
        self._dispatch(events)
        self._forget()
        self.id = self._pending_id = known
        return events[-1] if events else None

    def _read(self, lines: list[bytes], events: list[ServerSentEvent]) -> bool:
        """Takes complete lines; False beyond the limit."""
        if lines and (self._length or self._first) and not self._begin(lines):
            return False
        for line in lines:
            if not line:
                self._dispatch(events)
            elif len(line) > self.limit:
                return False
            elif line.startswith(b"data: "):
                if not self._take(line[6:]):
                    return False
            elif not self._field(line):
                return False
        return True

    def _begin(self, lines: list[bytes]) -> bool:
        """Joins the first line with what was kept of it, and drops the byte order mark; False beyond the limit."""
        if not self._hold(lines[0]):
            return False
        lines[0] = b":" if self._skipping else bytes(self._line)
        self._line.clear()
        self._length = 0
        self._skipping = False
        if self._first:
            self._first = False
            lines[0] = lines[0].removeprefix(_BOM)
        return True

    def _hold(self, piece: bytes) -> bool:
        """Keeps a piece of an unfinished line, if anybody will want it; False beyond the limit."""
        self._length += len(piece)
        if self._length > self.limit:
            return False
        if not self._skipping:
            undecided = len(self._line) <= _HEAD
            self._line += piece
            if undecided and not self._line.startswith(b"data:") and not self._wanted():
                self._skipping = True
                self._line.clear()
        return True

    def _wanted(self) -> bool:
        """Whether the unfinished line is, or may become, a field that we read."""
        head = bytes(self._line[: _HEAD + 1])
        if self._first:
            head = head.removeprefix(_BOM)
        name, colon, _ = head.partition(b":")
        return name in _FIELDS if colon else len(name) <= _LONGEST

    def _take(self, value: bytes) -> bool:
        """Adds a data line to the unfinished event; False beyond the limit."""
        if self._data is None:
            self._size += len(value)
        else:
            self._lines += self._data
            self._lines += b"\n"
            self._size += len(value) + 1
        self._data = value
        return self._size <= self.limit

    def _field(self, line: bytes) -> bool:
        """Takes any line but `data: …` and the empty one; False beyond the limit."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            return self._take(value)
        if name == b"event":
            self._event = value
        elif name == b"error":
            self._error = value
        elif name == b"id" and b"\0" not in value:
            self._pending_id = value.decode(errors="replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _RETRY_DIGITS:
            self.retry = int(value)
        return True

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        """An empty line: the event is complete."""
        self.id = self._pending_id
        if self._data is not None:
            data = self._data if not self._lines else bytes(self._lines) + self._data
            name = self._event.decode("utf-8", "replace") if self._event else "message"
            events.append(ServerSentEvent(name, data.decode("utf-8", "replace"), self.id, self.retry))
            self._data = None
            self._lines.clear()
            self._size = 0
        if self._error is not None:
            text = self._error.decode("utf-8", "replace")
            events.append(ServerSentEvent("error", text, self.id, self.retry, "error"))
            self._error = None
        self._event = b""

    def _forget(self) -> None:
        self._line.clear()
        self._lines.clear()
        self._length = self._size = 0
        self._data = self._error = None
        self._event = b""
        self._skipping = self._after_cr = False


def encode(data: str, event: str = "") -> bytes:
    """One event as bytes, in one piece."""
    head = f"event: {event}\n" if event else ""
    return (head + "".join(f"data: {line}\n" for line in _lines(data)) + "\n").encode()


def comment(text: str) -> bytes:
    """A line that every client ignores, and that keeps the connection alive."""
    return ("".join(f": {line}\n" for line in _lines(text)) + "\n").encode()


def _lines(text: str) -> list[str]:
    """The text's lines by the standard's line ends alone."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
