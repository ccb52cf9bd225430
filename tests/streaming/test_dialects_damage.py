"""Recorded answers, damaged at random: the parser never raises, and its story keeps its order in any cut."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from streaming.dialects import DIALECTS
from streaming.events import encode

from .test_streams import RECORDED, load
from .wires import anonymous, in_order, parsed, scraps, told

SEEDS = 20
LONG = 2_000
JUNK: list[Any] = [
    *(None, True, False, 0, -1, 0.5, 2**53, 2**70, "", " ", "x", "\0", "\ud83d", "\ude00", "error", "[DONE]"),
    *([], {}, [[]], [{}], {"x": 1}, {"type": "text", "text": "x"}, {"index": 1}, {"message": 3}, "__proto__"),
]
STREAMED = [name for name in RECORDED if load(name)[0]["http"]["status"] == 200 and name != "openai-big-event"]


def nodes(plain: Any) -> list[tuple[Any, Any]]:
    """Every place in some JSON where something else could stand."""
    keys = list(plain) if isinstance(plain, dict) else range(len(plain)) if isinstance(plain, list) else ()
    return [place for key in keys for place in ((plain, key), *nodes(plain[key]))]


def damaged(body: bytes, rng: random.Random) -> bytes:
    """The body with a few events lost, doubled, swapped, garbled, or with something else inside."""
    events = [event for event in body.replace(b"\r\n", b"\n").split(b"\n\n") if event]
    for _ in range(rng.randint(1, 4)):
        number = rng.randrange(len(events))
        match rng.randrange(6):
            case 0:
                del events[number]
            case 1:
                events.insert(rng.randrange(len(events)), events[number])
            case 2:
                events[number] = bytes(rng.randrange(256) if rng.random() < 0.05 else byte for byte in events[number])
            case 3:
                events[number] = events[number][: rng.randrange(len(events[number]))]
            case _:
                events[number] = altered(events[number], rng)
        events = [event for event in events if event] or [b"data: {}"]
    return b"\n\n".join(events) + rng.choice([b"\n\n", b"\n", b""])


def altered(event: bytes, rng: random.Random) -> bytes:
    """The event with one value of its JSON replaced."""
    head, found, data = event.partition(b"data: ")
    try:
        plain = json.loads(data)
    except ValueError:
        return event
    places = nodes(plain)
    if not found or not places:
        return event
    holder, key = rng.choice(places)
    holder[key] = rng.choice(JUNK)
    return head + found + json.dumps(plain).encode()


def check(name: str, seed: int) -> None:
    """One damaged recording; replay a failure with the name and the seed."""
    case, body = load(name)
    rng = random.Random(f"{name}/{seed}")
    wire = damaged(body, rng)
    events = parsed([wire], case["dialect"])
    in_order(events)
    encode(events)
    transcript = told(events)
    transcript.text.encode()
    assert "\0" not in transcript.text + transcript.reasoning + transcript.refusal
    assert anonymous(parsed(scraps(wire, rng), case["dialect"])) == anonymous(events)
    for renderer in (dialect.Renderer("id", "m", include_usage=True) for dialect in DIALECTS.values()):
        assert all(isinstance(renderer.feed(event), bytes) for event in events)


@pytest.mark.parametrize("name", STREAMED)
def test_S_21_U_27_a_damaged_answer_is_still_a_story_with_one_end(name: str) -> None:
    for seed in range(SEEDS):
        check(name, seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", STREAMED)
def test_U_27_an_answer_damaged_in_thousands_of_ways_is_still_a_story_with_one_end(name: str) -> None:
    for seed in range(SEEDS, SEEDS + LONG):
        check(name, seed)
