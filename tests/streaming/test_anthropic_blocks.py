"""Thinking and tool calls in Anthropic's dialect: blocks of several kinds, in every cut."""

from __future__ import annotations

from typing import Any

import pytest

from streaming.events import (
    Reasoning,
    ReasoningBlock,
    Text,
    ToolCall,
)

from .happenings import HI, delta, said, start, stop, text
from .wires import told

THINKING = start(type="thinking", thinking="", signature="")


def thought(words: str, index: Any = 0) -> str:
    return delta("thinking_delta", index, thinking=words)


def signed(signature: str, index: Any = 0) -> str:
    return delta("signature_delta", index, signature=signature)


def test_thinking_is_shown_and_kept_to_be_sent_back() -> None:
    assert said(THINKING, thought("Let "), thought("me."), signed("first"), signed("s"), stop()) == [
        Reasoning("Let "),
        Reasoning("me."),
        ReasoningBlock("thinking", "Let me.", "s"),
    ]


def test_thinking_without_words_is_kept_and_without_a_signature_is_not() -> None:
    assert said(THINKING, signed("s"), stop()) == [ReasoningBlock("thinking", signature="s")]
    assert said(THINKING, thought("Hm"), signed(""), stop()) == [Reasoning("Hm")]
    assert said(start(type="thinking", thinking="Hm", signature="s")) == [
        Reasoning("Hm"),
        ReasoningBlock("thinking", "Hm", "s"),
    ]


def test_blocks_of_thinking_are_kept_in_their_order() -> None:
    redacted = start(type="redacted_thinking", data="d", index=1)
    assert said(THINKING, redacted, stop(1), thought("Hm"), signed("s"), stop()) == [
        Reasoning("Hm"),
        ReasoningBlock("thinking", "Hm", "s"),
        ReasoningBlock("redacted_thinking", data="d"),
    ]


def test_blocks_that_are_never_closed_end_with_the_message() -> None:
    call = start(type="tool_use", id="a", name="f", index=1)
    assert said(THINKING, thought("Hm"), signed("s"), call) == [
        Reasoning("Hm"),
        ToolCall(0, "a", "f"),
        ReasoningBlock("thinking", "Hm", "s"),
        ToolCall(0, arguments="{}"),
    ]


@pytest.mark.parametrize(
    ("given", "pieces", "arguments"),
    [
        ({}, [], "{}"),
        ({"x": "é"}, [], '{"x":"é"}'),
        ({"x": 1}, ["", '{"y"', ":2}"], '{"y":2}'),
        (None, [" ", "\n"], "{}"),
        (3, [" ", "{}"], " {}"),
        ({}, ["{oops"], "{oops"),
    ],
)
def test_the_arguments_of_a_call(given: Any, pieces: list[str], arguments: str) -> None:
    deltas = [delta("input_json_delta", partial_json=piece) for piece in pieces]
    made = told(said(start(type="tool_use", id="a", name="f", input=given), *deltas, stop())).tool_calls
    assert made == [{"id": "a", "name": "f", "arguments": arguments}]


def test_a_call_without_an_id_gets_one() -> None:
    assert said(start(type="tool_use", name="f"), stop()) == [ToolCall(0, "call_", "f"), ToolCall(0, arguments="{}")]
    orphan = said(delta("input_json_delta", 3, partial_json="{}"))
    assert orphan == [ToolCall(0, "call_"), ToolCall(0, arguments="{}")]


def test_an_index_that_is_used_again_begins_a_new_block() -> None:
    assert said(HI, stop(), THINKING, thought("Hm"), signed("s"), start(type="text", text="!")) == [
        Text("Hi"),
        Reasoning("Hm"),
        ReasoningBlock("thinking", "Hm", "s"),
        Text("!"),
    ]


def test_X_02_X_03_U_31_U_32_text_is_repaired_over_the_borders_of_deltas_and_blocks() -> None:
    assert said(text("a\ud83d"), text("\ude00\0"), text("\ud83d", 1), text("\ude00", 2)) == [
        Text("a"),
        Text("😀�"),
        Text("😀"),
    ]
    assert said(THINKING, thought("a\ud83d"), signed("s\0"), stop(), text("\ude00", 1)) == [
        Reasoning("a"),
        Reasoning("�"),
        ReasoningBlock("thinking", "a�", "s�"),
        Text("�"),
    ]
    call = start(type="tool_use", id="a", name="f")
    pieces = [delta("input_json_delta", partial_json=piece) for piece in ('{"x":"\ud83d', '\ude00"}')]
    assert told(said(call, *pieces)).tool_calls[0]["arguments"] == '{"x":"😀"}'
