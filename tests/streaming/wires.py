"""Bytes cut in every way that a network may cut them, and what must come out however it does.

Each case of the conformance tables is read in one piece, cut once at every place (at 200 places if it is
large), byte by byte, in 50 random ways, and byte by byte with empty pieces in between; a case that is
written with LF alone is read with CR and with CRLF as well.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import pairwise

from streaming.dialects import DIALECTS
from streaming.events import TERMINAL, Event, Reasoning, Refusal, Text, ToolCall
from streaming.sse import Decoder, ServerSentEvent
from streaming.transcript import Transcript

LARGE = 64_000
PLACES = 200


def pieces(wire: bytes, size: int) -> list[bytes]:
    """The bytes in pieces of one size."""
    return [wire[start : start + size] for start in range(0, len(wire), size)]


def halves(wire: bytes, rng: random.Random) -> Iterator[list[bytes]]:
    """The bytes in two pieces, cut everywhere, or at 200 places if there are many."""
    inner = range(1, len(wire))
    places: Iterable[int] = inner if len(wire) <= LARGE else sorted(rng.sample(inner, PLACES))
    for place in places:
        yield [wire[:place], wire[place:]]


def scraps(wire: bytes, rng: random.Random) -> list[bytes]:
    """The bytes in some random pieces."""
    count = rng.randint(0, min(len(wire), 12))
    places = sorted(rng.sample(range(len(wire) + 1), count))
    return [wire[start:end] for start, end in pairwise([0, *places, len(wire)])]


def cuts(wire: bytes, seed: int = 0) -> Iterator[list[bytes]]:
    """The bytes in every way of the rule at the top of this module, but for line ends."""
    rng = random.Random(seed)
    yield [wire]
    yield from halves(wire, rng)
    if len(wire) <= LARGE:
        yield pieces(wire, 1)
        yield [piece for byte in pieces(wire, 1) for piece in (b"", byte, b"")]
    for _ in range(50):
        yield scraps(wire, rng)


def spelled(wire: bytes) -> list[bytes]:
    """The same lines with other line ends, where the case says nothing about line ends."""
    if b"\r" in wire:
        return [wire]
    return [wire, wire.replace(b"\n", b"\r"), wire.replace(b"\n", b"\r\n")]


def decoded(cut: Iterable[bytes]) -> list[ServerSentEvent]:
    """What the standard's events are."""
    decoder = Decoder()
    return [event for piece in cut for event in decoder.feed(piece)]


def parsed(cut: Iterable[bytes], dialect: str) -> list[Event]:
    """What a model's answer says, up to the clean end of its body."""
    decoder, parser = Decoder(), DIALECTS[dialect].Parser()
    events: list[Event] = []
    for piece in cut:
        for sse in decoder.feed(piece):
            events += parser.feed(sse)
    events += parser.close(decoder.close())
    return events


def heard(wire: bytes | str, dialect: str) -> list[Event]:
    """What a model's answer says, the same in every cut and in the right order."""
    wire = wire.encode() if isinstance(wire, str) else wire
    events = parsed([wire], dialect)
    in_order(events)
    expected = anonymous(events)
    for cut in cuts(wire):
        assert anonymous(parsed(cut, dialect)) == expected, cut
    for spelling in spelled(wire)[1:]:
        assert anonymous(parsed(pieces(spelling, 1), dialect)) == expected, spelling
    return events


def anonymous(events: Iterable[Event]) -> list[Event]:
    """The events without the ids that we make up ourselves, which differ each time."""
    return [
        ToolCall(event.position, "call_", event.name, event.arguments, event.extra)
        if isinstance(event, ToolCall) and event.id.startswith("call_") and len(event.id) > 30
        else event
        for event in events
    ]


def in_order(events: list[Event]) -> None:
    """Exactly one end, nothing after it, nothing empty."""
    assert [isinstance(event, TERMINAL) for event in events] == [False] * (len(events) - 1) + [True]
    assert all(event.text for event in events if isinstance(event, Text | Reasoning | Refusal))
    assert all(event != ToolCall(event.position) for event in events if isinstance(event, ToolCall))


def told(events: Iterable[Event]) -> Transcript:
    """The answer as a whole."""
    transcript = Transcript()
    transcript.apply_all(events)
    return transcript
