"""The decoder's work and memory, counted: linear in the size of the body, whatever the cut."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any, SupportsIndex

import pytest

from streaming.sse import Decoder, ServerSentEvent

from .wires import pieces


class Counting(bytearray):
    """A buffer that counts the bytes that are copied into it and out of it."""

    copied = 0

    def __iadd__(self, more: Any) -> Counting:  # type: ignore[misc]  # only ever given bytes
        self.copied += len(more)
        return super().__iadd__(more)

    def __getitem__(self, place: SupportsIndex | slice) -> Any:
        found = super().__getitem__(place)
        self.copied += len(found) if isinstance(found, bytearray) else 1
        return found

    def __bytes__(self) -> bytes:
        self.copied += len(self)
        return bytes(memoryview(self))


def work(wire: bytes, size: int) -> float:
    """Bytes copied for each byte of the wire, when it comes in pieces of one size."""
    decoder = Decoder()
    decoder._line = line = Counting()
    decoder._lines = lines = Counting()
    for piece in pieces(wire, size):
        decoder.feed(piece)
    assert decoder._line is line, "the decoder keeps its buffers, so what they count is all there is"
    assert decoder._lines is lines
    return (line.copied + lines.copied) / len(wire)


def flat(chunks: Iterable[bytes]) -> int:
    """The most memory that decoding these takes."""
    decoder = Decoder()
    tracemalloc.start()
    try:
        for chunk in chunks:
            decoder.feed(chunk)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [256, 4096])
def test_N_10_byte_by_byte_every_byte_is_copied_a_few_times(size: int) -> None:
    event = b"data: " + b"x" * size + b"\n\n"
    assert work(event * 20, 1) < 3


@pytest.mark.parametrize("wire", [b"data: " + b"x" * 200_000, b"data: x\n" * 20_000, b"data\n" * 20_000])
def test_O_14_twice_the_size_is_twice_the_work(wire: bytes) -> None:
    for size in (1, 3, 4_093):
        once, twice = work(wire + b"\n\n", size), work(wire + wire + b"\n\n", size)
        assert twice == pytest.approx(once, rel=0.1)


def test_O_14_large_events_of_any_script_arrive_intact() -> None:
    text = "déjà vu \u2028 😀 известни " * 40_000
    wire = f"data: {text}\n\n".encode() + b"data: x\n" * 10_000 + b"\n"
    decoder = Decoder()
    events = [event for piece in pieces(wire, 4_093) for event in decoder.feed(piece)]
    assert [event.data for event in events] == [text, "\n".join("x" * 10_000)]


def test_sse_P_08_ten_megabytes_in_events_of_many_sizes() -> None:
    texts = [("é😀\u2028x" * 250_000)[: 10_000 * number] for number in range(1, 45)]
    wire = "".join(f"data: {text}\n\n" for text in texts).encode()
    assert len(wire) > 10 * 1024 * 1024
    decoder = Decoder()
    found = "".join(event.data for piece in pieces(wire, 65_521) for event in decoder.feed(piece))
    assert hashlib.sha256(found.encode()).digest() == hashlib.sha256("".join(texts).encode()).digest()


def test_sse_P_06_O_16_what_nobody_reads_is_not_kept() -> None:
    def endless(start: bytes) -> Iterator[bytes]:
        yield start
        for _ in range(100):
            yield b"x" * 65_536

    for start in (b":", b"unknown: ", b"data_", b"errors:", b"\xef\xbb\xbf:"):
        assert flat(endless(start)) < 400_000
    assert flat([b": a comment\nunknown: field\n" * 100] * 100) < 400_000


def test_X_10_a_million_line_ends_and_a_million_empty_lines() -> None:
    decoder = Decoder()
    assert not [event for piece in pieces(b"\r" * 1_000_000, 65_536) for event in decoder.feed(piece)]
    assert work(b"data\n" * 1_000_000, 65_536) < 5
    assert flat(pieces(b"data\n" * 1_000_000, 65_536)) < 8_000_000


def test_no_more_is_read_than_was_given() -> None:
    decoder = Decoder()
    wire = b"data: x\n\n" * 100_000
    events = decoder.feed(wire[:900])
    assert events == [ServerSentEvent(data="x")] * 100
