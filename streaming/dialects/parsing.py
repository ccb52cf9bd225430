"""What the parsers of all dialects have in common: channels, the end, and what breaks before it.

A parser's answer is in order and whole: no empty deltas, exactly one terminal event, nothing after it.
It never raises for what a server sends.
"""

from __future__ import annotations

import hashlib
from typing import Final

from ..errors import UpstreamError
from ..events import Event, Failed, Finished, FinishReason, Reasoning, Refusal, Started, Text, Usage
from ..sse import ServerSentEvent
from . import faults, loose, words
from .repair import Channel, clean
from .room import Room

NAME: Final = 200
"""Characters of an id, a model's name or a reason that are worth keeping."""


class Parsing:
    """An answer as far as it has been read. A dialect adds what its events mean."""

    def __init__(self) -> None:
        self.done = False
        self.skipped = 0
        """Events that could not be read but came when the answer was complete; for the record only."""
        self.unread = ""
        """What is known of the last event that could not be read: name, length and hash, never its content."""
        self.raw = ""
        """The upstream's word for how it finished, as soon as it said one."""
        self._events: list[Event] = []
        self._started = False
        self._usage: Usage | None = None
        self._text = Channel()
        self._reasoning = Channel()
        self._refusal = Channel()
        self._room = Room()

    def feed(self, sse: ServerSentEvent) -> list[Event]:
        """What this event says."""
        if self.done or not sse.data or sse.data.isspace():
            return []
        self._events = []
        try:
            if sse.event == "error":
                self._report(sse)
            else:
                self._take(sse)
        except (loose.Broken, RecursionError):
            self._broken(sse)
        except UpstreamError as error:
            self._fail(Failed.of(error))
        return self._events

    def close(self, pending: ServerSentEvent | None) -> list[Event]:
        """The end of the body, and the event it left open: used if it is whole, else the answer was cut."""
        events: list[Event] = []
        cut = False
        if pending is not None and pending.data.strip():
            cut = not _whole(pending.data)
            if not cut:
                events = self.feed(pending)
        self._events = []
        if not self.done:
            if self.raw:
                self._finish()
            else:
                self._fail(Failed.of(UpstreamError("truncated" if cut else "no_terminal")))
        return events + self._events

    def whole(self, body: bytes) -> list[Event]:
        """A body with status 200 that is no stream: JSON, HTML or worse."""
        self._events = []
        try:
            known = self._turn(body.decode("utf-8-sig", "replace"))
        except (loose.Broken, RecursionError):
            known = False
        except UpstreamError as error:
            self._fail(Failed.of(error))
        if not self.done:
            if known:
                self._finish()
            else:
                self._fail(Failed.of(UpstreamError("bad_response", status=200)))
        return self._events

    def flush(self) -> list[Event]:
        """What is still held back for the next delta, for an answer that ends from outside."""
        self._events = []
        if not self.done:
            self._flush()
        return self._events

    def _take(self, sse: ServerSentEvent) -> None:
        """Reads one event that is no error by its name. Raises `loose.Broken`."""
        raise NotImplementedError

    def _turn(self, text: str) -> bool:
        """Reads a whole turn at once; False if it is none. Raises `loose.Broken`."""
        raise NotImplementedError

    def _known(self, name: str) -> bool:
        """Whether an event of this name matters, so that it must be readable."""
        raise NotImplementedError

    def _reason(self) -> FinishReason:
        """The neutral word for `raw`."""
        raise NotImplementedError

    def _complete(self) -> None:
        """Says what can only be said when the answer is complete."""

    def _report(self, sse: ServerSentEvent) -> None:
        """An event named `error`, or a field of that name, which counts only if it is JSON and something."""
        try:
            report = loose.read_plain(sse.data)
        except loose.Broken:
            if sse.field == "error":
                return
            report = sse.data[: faults.READ]
        if sse.field != "error" or report:
            self._fail(faults.in_stream(report))

    def _broken(self, sse: ServerSentEvent) -> None:
        """JSON that nobody can read ends the answer, unless it did not matter."""
        digest = hashlib.sha256(sse.data.encode(errors="replace")).hexdigest()[:16]
        self.unread = f"{words.code(sse.event) or '?'}, {len(sse.data)} characters, sha256 {digest}"
        if self.raw:
            self.skipped += 1
        elif self._known(sse.event):
            self._fail(faults.malformed())

    def _start(self, id: object, model: object) -> None:
        self._started = True
        self._events.append(Started(clean(loose.text(id)[:NAME]), clean(loose.text(model)[:NAME])))

    def _say(self, text: str) -> None:
        repaired = self._text.feed(text)
        if repaired:
            self._events.append(Text(repaired))

    def _think(self, text: str) -> str:
        """Passes thinking on; returns what of it could be."""
        repaired = self._reasoning.feed(text)
        if repaired:
            self._events.append(Reasoning(repaired))
        return repaired

    def _decline(self, text: str) -> None:
        repaired = self._refusal.feed(text)
        if repaired:
            self._events.append(Refusal(repaired))

    def _count(self, usage: Usage) -> None:
        """Passes counts on, if they say anything new."""
        if usage not in (self._usage, Usage()):
            self._usage = usage
            self._events.append(usage)

    def _flush(self) -> None:
        for channel, kind in ((self._reasoning, Reasoning), (self._text, Text), (self._refusal, Refusal)):
            rest = channel.flush()
            if rest:
                self._events.append(kind(rest))

    def _finish(self) -> None:
        self._flush()
        self._complete()
        self._events.append(Finished(self._reason(), clean(self.raw[:NAME])))
        self.done = True

    def _fail(self, failed: Failed) -> None:
        self._flush()
        self._events.append(failed)
        self.done = True


def _whole(data: str) -> bool:
    """Whether the data of an event that nothing closed is all there."""
    if data.strip(" \t") == "[DONE]":
        return True
    try:
        loose.read_plain(data)
    except loose.Broken:
        return False
    return True
