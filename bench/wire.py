"""What it costs to read one event of a model's answer, beside a usual way to read it.

    python bench/wire.py           a table of microseconds an event
    python bench/wire.py --quick   the same with fewer rounds

Both ways get the same bytes in the same run, cut as a network would cut them, and must say the same text.
The usual way is httpx-sse with `json`, without HTTP around either. Rounds alternate, and the best of each counts,
in time of the processor.
Numbers depend on the machine: only those of one run may be compared.
"""

from __future__ import annotations

import codecs
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from httpx_sse._decoders import SSEDecoder, SSELineDecoder

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from streaming.dialects import DIALECTS  # noqa: E402
from streaming.events import Finished, Text  # noqa: E402
from streaming.sse import Decoder  # noqa: E402

EVENTS = 4_000
WORDS = (" the", " tide", " turns", " at", " dawn", ",", " déjà", " 潮", "汐", " 🌊", "\n")
CUTS = {"an event": 0, "64 bytes": 64, "4 KiB": 4_096}

Way = Callable[[Iterable[bytes]], str]


def body(dialect: str) -> list[bytes]:
    """An answer of many small deltas, in its events."""
    renderer = DIALECTS[dialect].Renderer("chatcmpl-0123456789", "some-model")
    pieces = [renderer.feed(Text(WORDS[number % len(WORDS)])) for number in range(EVENTS)]
    return [*pieces, renderer.feed(Finished("stop", "stop"))]


def ours(dialect: str) -> Way:
    """Decoder and parser: events that can be stored and shown."""

    def read(pieces: Iterable[bytes]) -> str:
        decoder, parser = Decoder(), DIALECTS[dialect].Parser()
        found = []
        for piece in pieces:
            for sse in decoder.feed(piece):
                found += parser.feed(sse)
        return "".join(event.text for event in found if isinstance(event, Text))

    return read


def usual(dialect: str) -> Way:
    """httpx-sse and `json`, and the one member that holds the text."""

    def text(data: str) -> str:
        plain = json.loads(data)
        if dialect == "anthropic":
            return str(plain.get("delta", {}).get("text", ""))
        return str(plain["choices"][0]["delta"].get("content", "")) if plain["choices"] else ""

    def read(pieces: Iterable[bytes]) -> str:
        utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        lines, decoder = SSELineDecoder(), SSEDecoder()
        found = []
        for piece in pieces:
            for line in lines.decode(utf8.decode(piece)):
                sse = decoder.decode(line.rstrip("\n"))
                if sse is not None and sse.data and sse.data != "[DONE]":
                    found.append(text(sse.data))
        return "".join(found)

    return read


def cut(events: list[bytes], size: int) -> list[bytes]:
    """The bytes as they come from the network."""
    if not size:
        return events
    wire = b"".join(events)
    return [wire[start : start + size] for start in range(0, len(wire), size)]


def microseconds(ways: list[Way], pieces: list[bytes], rounds: int) -> list[float]:
    """The best time of each way for one event."""
    best = [float("inf")] * len(ways)
    for _ in range(rounds):
        for number, way in enumerate(ways):
            start = time.process_time()
            way(pieces)
            best[number] = min(best[number], time.process_time() - start)
    return [seconds / EVENTS * 1e6 for seconds in best]


def main() -> int:
    """Prints the table."""
    rounds = 5 if "--quick" in sys.argv[1:] else 30
    print(f"microseconds an event, {EVENTS} events, best of {rounds}\n")
    print(f"{'dialect':<11}{'cut':<11}{'ours':>8}{'httpx-sse + json':>19}{'ratio':>8}")
    for dialect in DIALECTS:
        events = body(dialect)
        for name, size in CUTS.items():
            pieces = cut(events, size)
            ways = [ours(dialect), usual(dialect)]
            if ways[0](pieces) != ways[1](pieces):
                raise SystemExit("the two ways disagree about the text")
            mine, theirs = microseconds(ways, pieces, rounds)
            print(f"{dialect:<11}{name:<11}{mine:>8.2f}{theirs:>19.2f}{theirs / mine:>8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
