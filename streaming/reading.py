"""One answer's body on its way from raw bytes to events: unpacked, told apart from what is no stream, bounded.

No I/O: the caller reads. What must not be believed here: that the content type says what the body is, that
nobody compresses what was asked for plainly, that a body ends.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

from .errors import UpstreamError
from .events import Event, Failed
from .sse import Decoder, ServerSentEvent

MIB: Final = 1024 * 1024
BODY: Final = 512 * MIB
"""Bytes of a body at most. An answer of 4 MiB in tokens of four letters has some 300."""
WHOLE: Final = 8 * MIB
"""Bytes of an answer that is one JSON document."""
MARKUP: Final = 65_536
"""Bytes of a page that we take in before we say that it is none of ours."""
RATIO: Final = 200
"""How often a compressed body may be larger than what was sent; a bomb reaches 1,000, real streams 50."""

_PIECE: Final = 65_536
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"
_KINDS: Final = {b"{": "JSON", b"<": "markup"}
_FIELDS: Final = (b":", b"data", b"event", b"id", b"retry", b"error")


class Parser(Protocol):
    """What both dialects' parsers do."""

    done: bool
    unread: str

    def feed(self, sse: ServerSentEvent) -> list[Event]: ...

    def close(self, pending: ServerSentEvent | None) -> list[Event]: ...

    def whole(self, body: bytes) -> list[Event]: ...

    def flush(self) -> list[Event]: ...


class Unpacker:
    """Opens gzip and deflate piece by piece, so that a bomb ends at a limit and not in memory (F12, U-39)."""

    def __init__(self, encoding: str) -> None:
        self._inflate: zlib._Decompress | None = None
        self._sent = self._made = 0
        match encoding.strip().lower():
            case "" | "identity":
                pass
            case "gzip" | "x-gzip":
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            case "deflate":
                self._inflate = zlib.decompressobj()
            case _:
                raise UpstreamError("bad_response")

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unpack to, in pieces of a bounded size."""
        if self._inflate is None:
            self._count(0, len(data))
            yield data
            return
        self._count(len(data), 0)
        while data:
            try:
                piece = self._inflate.decompress(data, _PIECE)
            except zlib.error as error:
                raise UpstreamError("bad_response") from error
            self._count(0, len(piece))
            yield piece
            data = self._inflate.unconsumed_tail

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes that came, and what they made."""
        return (self._sent, self._made) if self._inflate is not None else (self._made, self._made)

    def _count(self, sent: int, made: int) -> None:
        self._sent += sent
        self._made += made
        bomb = self._inflate is not None and self._made > max(MIB, RATIO * self._sent)
        if bomb or self._made > BODY:
            raise UpstreamError("event_too_large")


class Reading:
    """The body of an answer with status 200. It raises for nothing: what is wrong with a body is an event too."""

    def __init__(self, parser: Parser, encoding: str = "") -> None:
        self.done = False
        """Whether the answer has ended; what still comes is of no interest (U-40)."""
        self.trouble = ""
        """What a log may say of a body that broke: sizes, names and a hash, never a word of it (S-37)."""
        self._parser: Final = parser
        self._unpacker: Final = Unpacker(encoding)
        self._decoder: Final = Decoder()
        self._head = b""
        self._whole: bytearray | None = None
        self._begun = False
        self._heard = False

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes say."""
        return [event for events in self.pieces(data) for event in events]

    def pieces(self, data: bytes) -> Iterator[list[Event]]:
        """The same bit by bit: a little that was compressed may be very much, and others want their turn (S-53)."""
        unpacked = self._unpacker.feed(data)
        while not self.done:
            events: list[Event] = []
            try:
                piece = next(unpacked, None)
                if piece is None:
                    return
                self._take(piece, events)
            except UpstreamError as error:
                events += self.broken(error)
            self.done |= self._parser.done
            yield self._noted(events) if self.done else events

    def close(self) -> list[Event]:
        """The clean end of the body: what was still open, and a terminal event unless there was one."""
        if self.done:
            return []
        self.done = True
        return self._noted(self._closed())

    def _closed(self) -> list[Event]:
        if self._whole is not None:
            return self._parser.whole(bytes(self._whole))
        events: list[Event] = []
        try:
            self._stream(b"" if self._begun else self._head, events)
            pending = self._decoder.close()
            if not self._heard and pending is None and self._head.strip() and not self._head.startswith(_FIELDS):
                raise UpstreamError("bad_response", status=200)
            return events + self._parser.close(pending)
        except UpstreamError as error:
            return [*events, *self._parser.flush(), Failed.of(error)]

    def broken(self, error: UpstreamError) -> list[Event]:
        """Another end: what was held back, and the failure."""
        if self.done or self._parser.done:
            return []
        self.done = True
        return self._noted([*self._parser.flush(), Failed.of(error)])

    def _take(self, data: bytes, events: list[Event]) -> None:
        if self._whole is not None:
            self._keep(self._whole, data, events)
        elif self._begun:
            self._stream(data, events)
        else:
            self._begin(self._head + data, events)

    def _begin(self, data: bytes, events: list[Event]) -> None:
        """Decides by the first byte that is not blank what this body is."""
        self._head = data.lstrip(_BLANK)[:16]
        if not self._head and len(data) < _PIECE:
            self._head = data  # nothing but blanks so far; some servers keep a connection alive with them
        elif self._head[:1] in (b"{", b"<"):
            self._whole = bytearray()
            self._keep(self._whole, data, events)
        else:
            self._begun = True
            self._stream(data, events)

    def _keep(self, whole: bytearray, data: bytes, events: list[Event]) -> None:
        """Collects a body that is no stream, as long as it may be an answer."""
        whole += data
        if len(whole) > MARKUP and self._head[:1] == b"<":
            events += self._parser.whole(bytes(whole[:MARKUP]))
        elif len(whole) > WHOLE:
            raise UpstreamError("event_too_large")

    def _stream(self, data: bytes, events: list[Event]) -> None:
        for sse in self._decoder.feed(data):
            self._heard = True
            events += self._parser.feed(sse)
            if self._parser.done:
                return

    def _noted(self, events: list[Event]) -> list[Event]:
        """The same; if they end in a failure, where it happened is kept for the log."""
        failed = events[-1] if events else None
        if isinstance(failed, Failed) and not self.trouble:
            sent, made = self._unpacker.sizes
            begins = _KINDS.get(self._head[:1], "a stream" if self._begun else "nothing")
            self.trouble = f"{failed.reason} after {sent} bytes" + (f", unpacked {made}" if made != sent else "")
            self.trouble += f", begins like {begins}" + (
                f", unreadable: {self._parser.unread}" if self._parser.unread else ""
            )
        return events
