"""The recorded answers of tests/streams, each with the outcome that its file says, in every cut."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from streaming.dialects import DIALECTS
from streaming.events import Event, Failed, Finished, ReasoningBlock

from .wires import anonymous, halves, in_order, parsed, pieces, told

STREAMS = Path(__file__).parents[1] / "streams"
RECORDED = sorted(path.stem for path in STREAMS.glob("*.json"))
SIZES = (1, 2, 3, 7, 64)


def load(name: str) -> tuple[dict[str, Any], bytes]:
    """What is said of a recording, and its bytes."""
    return json.loads((STREAMS / f"{name}.json").read_text()), (STREAMS / f"{name}.sse").read_bytes()


def answered(case: dict[str, Any], cut: list[bytes]) -> list[Event]:
    """The recording's events; with another status than 200 it is a failure at once."""
    http = case["http"]
    if http["status"] != 200:
        return [DIALECTS[case["dialect"]].failure(http["status"], http.get("headers", {}), b"".join(cut))]
    return parsed(cut, case["dialect"])


def outcome(events: list[Event], expect: dict[str, Any]) -> dict[str, Any]:
    """The events in the form of the recordings' expectations."""
    transcript = told(events)
    end, usage = transcript.outcome, transcript.usage
    calls = [{name: call[name] for name in ("id", "name", "arguments")} for call in transcript.tool_calls]
    for call, wanted in zip(calls, expect["tool_calls"], strict=False):
        call["id"] = call["id"] if wanted["id"] else wanted["id"]
    error = None
    if isinstance(end, Failed):
        message = end.message if expect["error"] and expect["error"]["message"] else None
        error = {"kind": end.kind, "retryable": end.retryable, "message": message}
    return {
        "text": transcript.text,
        "reasoning": transcript.reasoning,
        "refusal": transcript.refusal,
        "tool_calls": calls,
        "usage": usage and {"input_tokens": usage.input, "output_tokens": usage.output},
        "finish_reason": end.reason if isinstance(end, Finished) else None,
        "error": error,
        "reasoning_blocks": [block_of(block) for block in transcript.blocks],
    }


def block_of(block: ReasoningBlock) -> dict[str, str]:
    if block.block == "redacted_thinking":
        return {"type": block.block, "data": block.data}
    return {"type": block.block, "text": block.text, "signature": block.signature}


def test_all_recordings_are_here() -> None:
    assert len(RECORDED) == 39


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_answer_has_its_outcome_in_every_cut(name: str) -> None:
    case, body = load(name)
    events = answered(case, [body])
    in_order(events)
    assert outcome(events, case["expect"]) == case["expect"]
    cut_in_pieces = [pieces(body, size) for size in SIZES if size > 1 or name != "openai-big-event"]
    for cut in [*cut_in_pieces, *halves(body, random.Random(0))]:
        assert anonymous(answered(case, cut)) == anonymous(events)


ENDED = [name for name in RECORDED if load(name)[1].rstrip().endswith((b"[DONE]", b'"message_stop"}'))]


@pytest.mark.parametrize("name", ENDED)
def test_what_follows_the_end_changes_nothing(name: str) -> None:
    case, body = load(name)
    assert anonymous(answered(case, [body + b"\n\n" + body])) == anonymous(answered(case, [body]))
