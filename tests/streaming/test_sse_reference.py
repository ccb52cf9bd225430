"""The decoder against another one, written line by line from the standard and in no hurry."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from .wires import decoded, scraps

GATE = 2_000
LONG = 1_000_000
TOKENS = (
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n"),
    *(b"data", b"data:", b"data: ", b"event:", b"id:", b"id", b"retry:", b"retry: 12", b"Data:", b"datas:", b"errors:"),
    *(b":", b" ", b"  ", b"\t", b"\0", b"x", b"12", b"{}", b"[DONE]"),
    *(b"\xef\xbb\xbf", b"\xef\xbb", b"\xbf", b"\xff", b"\xc0\xaf", b"\xed\xa0\xbd", b"\xf0\x9f", b"\x98\x80"),
    *("é".encode(), "\u2028".encode(), "\x85".encode(), "😀".encode(), b"\x0b", b"\x0c", b"\x1c"),
)

Found = tuple[str, str, str, int | None]


def reference(wire: bytes) -> list[Found]:
    """WHATWG HTML, 9.2.6, in the order of its sentences."""
    text = wire.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    data, name, id_buffer = "", "", ""
    retry: int | None = None
    found: list[Found] = []
    for line in complete_lines(text):
        if line == "":
            if data != "":
                data = data.removesuffix("\n")
                found.append((name or "message", data, id_buffer, retry))
            data, name = "", ""
            continue
        field, value = split(line)
        if field == "event":
            name = value
        elif field == "data":
            data += value + "\n"
        elif field == "id" and "\0" not in value:
            id_buffer = value
        elif field == "retry" and value != "" and all(digit in "0123456789" for digit in value):
            retry = int(value) if len(value) <= 15 else retry  # our limit; nobody waits longer
    return found


def split(line: str) -> tuple[str, str]:
    """A line's field name and value; a comment has a name that no field has."""
    if ":" not in line:
        return line, ""
    value = line[line.index(":") + 1 :]
    return line[: line.index(":")], value[1:] if value.startswith(" ") else value


def complete_lines(text: str) -> Iterator[str]:
    """The lines that have ended; what follows the last end of line is no line yet."""
    line = ""
    place = 0
    while place < len(text):
        if text[place] in "\r\n":
            yield line
            line = ""
            place += 2 if text[place : place + 2] == "\r\n" else 1
        else:
            line += text[place]
            place += 1


def differs(seed: int) -> bool:
    """Whether the two read one random wire, cut at random, differently."""
    rng = random.Random(seed)
    wire = b"".join(rng.choices(TOKENS, k=rng.randint(0, 40)))
    ours = [(event.event, event.data, event.id, event.retry) for event in decoded(scraps(wire, rng))]
    return ours != reference(wire)


def test_X_19_random_wires_are_read_as_the_standard_says() -> None:
    assert not [seed for seed in range(GATE) if differs(seed)], "seeds; replay one with differs(seed)"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_X_19_a_million_random_wires_are_read_as_the_standard_says() -> None:
    assert not [seed for seed in range(GATE, GATE + LONG) if differs(seed)], "seeds; replay one with differs(seed)"
