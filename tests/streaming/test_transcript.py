"""The fold of events, by the same files as its twin on the page."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from streaming.events import (
    Event,
    Failed,
    Finished,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    decode,
    encode,
    from_dict,
    merge,
    to_dict,
)
from streaming.transcript import Transcript

from .strategies import anything
from .wires import told

FIXTURES = Path(__file__).parents[1] / "fixtures" / "transcripts"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))


def load(name: str) -> tuple[list[Event], dict[str, Any]]:
    """A fixture's events and what they come to."""
    plain = json.loads((FIXTURES / f"{name}.json").read_text())
    return [from_dict(event) for event in plain["events"]], plain["expect"]


def shape(transcript: Transcript) -> dict[str, Any]:
    """A transcript in the form of the fixtures' expectations."""
    return {
        "id": transcript.id,
        "model": transcript.model,
        "text": transcript.text,
        "reasoning": transcript.reasoning,
        "refusal": transcript.refusal,
        "tool_calls": transcript.tool_calls,
        "blocks": [to_dict(block) for block in transcript.blocks],
        "usage": transcript.usage and to_dict(transcript.usage),
        "state": transcript.state,
        "shown": transcript.shown,
        "finish_reason": transcript.finish_reason,
        "kind": transcript.kind,
        "reason": transcript.reason,
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_events_of_a_fixture_come_to_what_it_says(name: str) -> None:
    events, expect = load(name)
    assert shape(told(events)) == expect


def test_the_fixtures_have_every_event_and_every_outcome() -> None:
    stories = [load(name) for name in NAMES]
    assert {type(event) for events, _ in stories for event in events} == set(Event.__args__)
    assert {expect["state"] for _, expect in stories} == {"streaming", "complete", "stopped", "interrupted", "failed"}


def test_looking_in_between_changes_nothing() -> None:
    for name in NAMES:
        events, expect = load(name)
        transcript = Transcript()
        for event in events:
            transcript.apply(event)
            shape(transcript)
        assert shape(transcript) == expect


@settings(deadline=None)
@given(anything())
def test_merged_and_stored_events_tell_the_same_story(events: list[Event]) -> None:
    assert shape(told(merge(events))) == shape(told(events))
    assert decode(encode(events)) == events
    assert [from_dict(json.loads(json.dumps(to_dict(event)))) for event in events] == events


@settings(deadline=None)
@given(anything())
def test_the_text_is_what_was_said_in_its_order(events: list[Event]) -> None:
    transcript = told(events)
    assert transcript.text == "".join(event.text for event in events if isinstance(event, Text))
    assert transcript.reasoning == "".join(event.text for event in events if isinstance(event, Reasoning))
    seen = any(isinstance(event, Text | Reasoning | Refusal | ToolCall) for event in events)
    assert transcript.shown == seen
    if isinstance(transcript.outcome, Failed):
        assert transcript.state == ("interrupted" if seen else "failed")
    if not isinstance(transcript.outcome, Finished):
        assert not transcript.tool_calls and not transcript.blocks


def test_I_11_nothing_changes_after_the_end() -> None:
    rng = random.Random(0)
    for name in NAMES:
        events, expect = load(name)
        if expect["state"] != "streaming":
            others, _ = load(rng.choice(NAMES))
            assert shape(told([*events, *others])) == expect


def test_very_many_small_pieces_are_joined_in_one_go() -> None:
    transcript = told([Text("x")] * 100_000)
    assert len(transcript.text) == 100_000
    transcript.apply(Text("y"))
    assert transcript.text.endswith("xy")
