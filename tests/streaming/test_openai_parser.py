"""OpenAI's dialect as many servers speak it: what each shape means, in every cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.dialects.openai import Parser
from streaming.events import (
    Finished,
    Reasoning,
    Refusal,
    Text,
    Usage,
)
from streaming.sse import ServerSentEvent

from .chunks import DONE, FINISHED, HI, STARTED, STOP, chunk, ended, line, said
from .wires import heard, in_order, parsed, told


def test_alice_reads_an_answer() -> None:
    assert heard(HI + chunk({"content": " Alice"}) + STOP + DONE, "openai") == [
        STARTED,
        Text("Hi"),
        Text(" Alice"),
        FINISHED,
    ]


INDICES = ["__proto__", -1, 0.5, "NaN", "Infinity", 2**53, 128, 1, True, [], {}]


@pytest.mark.parametrize("index", INDICES)
def test_N_14_U_44_a_choice_with_another_index_is_ignored(index: Any) -> None:
    other = {"id": "c", "choices": [{"index": index, "delta": {"content": "other"}, "finish_reason": "length"}]}
    assert heard(HI + line(other) + STOP + DONE, "openai") == [STARTED, Text("Hi"), FINISHED]


@pytest.mark.parametrize("index", [index for index in INDICES if index != 1 or index is True])
def test_N_14_a_tool_call_whose_index_makes_no_sense_is_ignored(index: Any) -> None:
    call = {"index": index, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    assert heard(HI + chunk({"tool_calls": [call]}) + STOP + DONE, "openai") == [STARTED, Text("Hi"), FINISHED]


def test_N_15_names_that_mean_something_to_other_languages_mean_nothing() -> None:
    poison = {"role": "assistant", "content": "evil", "tool_calls": [{"index": 0, "id": "x"}]}
    wire = chunk({"content": "Hi", "__proto__": poison, "constructor": poison}, __proto__={"error": {"message": "x"}})
    assert said(wire + STOP + DONE) == [Text("Hi")]


TYPES: dict[str, Any] = {
    "X_11 null": {"content": None, "refusal": None, "tool_calls": None, "reasoning": None, "function_call": None},
    "X_11 numbers": {"content": 3, "refusal": 3, "tool_calls": 3, "reasoning_content": 3, "function_call": 3},
    "X_11 objects": {"content": {"text": "x"}, "refusal": {}, "tool_calls": {"a": 1}, "reasoning": {"a": 1}},
    "X_11 lists": {"content": [None, 3, {}, {"type": "text"}], "refusal": [1], "tool_calls": [None, 3, {}, []]},
    "X_11 deep": {"tool_calls": [{"function": 3}, {"id": 4, "function": {"name": 5, "arguments": 6}}]},
    "X_11 details": {"reasoning_details": [None, {"type": 3}, {"type": "reasoning.text", "text": 3}, {"type": []}]},
    "N_16 audio": {"audio": {"id": "a", "data": "AAAA"}},
}


@pytest.mark.parametrize("name", TYPES)
def test_members_of_the_wrong_type_say_nothing(name: str) -> None:
    assert said(HI + chunk(TYPES[name]) + STOP + DONE) == [Text("Hi")]


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": None},
        {"choices": {}},
        {"choices": [None, 3, []]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": [], "finish_reason": 3}]},
        {"choices": [{}], "usage": 3, "x_groq": 3, "id": 3, "model": []},
        {"usage": {"prompt_tokens": "many", "completion_tokens": -1, "prompt_tokens_details": 3}},
        {},
    ],
)
def test_X_11_chunks_of_the_wrong_shape_say_nothing(odd: Any) -> None:
    assert said(HI + line(odd) + STOP + DONE) == [Text("Hi")]


def test_N_16_azures_chunks_about_filters_say_nothing() -> None:
    first = {"id": "", "model": "", "choices": [], "prompt_filter_results": []}
    note: dict[str, Any] = {
        "id": "",
        "choices": [{"index": 0, "finish_reason": None, "content_filter_offsets": {}}],
        "usage": None,
    }
    wire = line(first) + HI + line(note) + chunk({"content": ""}, obfuscation="abc") + chunk({"content": "\n"}) + STOP
    assert said(wire + DONE) == [Text("Hi"), Text("\n")]


USAGE = {"prompt_tokens": 5, "completion_tokens": 2.0, "total_tokens": 7}


@pytest.mark.parametrize(
    "wire",
    [
        HI + STOP + line({"choices": [], "usage": USAGE}) + DONE,
        HI + line({"choices": [], "usage": USAGE}) + STOP + DONE,
        HI + chunk({}, "stop", usage=USAGE) + line({"choices": [], "usage": USAGE}) + line({"usage": None}) + DONE,
        HI + chunk({}, "stop", x_groq={"usage": USAGE}) + DONE,
        HI + chunk({}, "stop", usage={"prompt_tokens": 1}) + chunk({}, None, usage=USAGE),
    ],
    ids=["after", "before", "twice", "groq", "cumulative"],
)
def test_X_12_counts_may_stand_anywhere_and_the_last_ones_hold(wire: str) -> None:
    transcript = told(heard(wire, "openai"))
    assert transcript.usage == Usage(5, 2)
    assert transcript.outcome == FINISHED


def test_the_finer_counts_are_read_too() -> None:
    usage = {
        **USAGE,
        "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    assert told(heard(HI + chunk({}, "stop", usage=usage), "openai")).usage == Usage(5, 2, 3, 1, 1)


def test_X_13_the_last_finish_reason_counts() -> None:
    assert ended(HI + STOP + chunk({}, "length") + chunk({}, None) + DONE) == Finished("length", "length")


def test_X_14_text_after_a_finish_reason_is_still_text() -> None:
    assert said(HI + STOP + chunk({"content": "!"}) + DONE + chunk({"content": "?"})) == [Text("Hi"), Text("!")]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("SAFETY", "content_filter"),
        ("end_turn", "unknown"),
        ("\0weird", "unknown"),
    ],
)
def test_a_finish_reason_has_a_neutral_word(word: str, reason: str) -> None:
    assert ended(HI + chunk({}, word) + DONE) == Finished(reason, word.replace("\0", "�"))  # type: ignore[arg-type]


def test_a_stop_after_words_of_refusal_is_a_refusal() -> None:
    wire = chunk({"refusal": "I can"}) + chunk({"refusal": "not."}) + STOP + DONE
    assert heard(wire, "openai")[1:] == [Refusal("I can"), Refusal("not."), Finished("refusal", "stop")]


THOUGHTS: dict[str, list[Any]] = {
    "reasoning_content": [{"reasoning_content": "Hm"}],
    "reasoning": [{"reasoning": "Hm"}],
    "first that has any": [{"reasoning_content": "", "reasoning": "Hm", "reasoning_details": [{"text": "x"}]}],
    "details": [
        {"reasoning_details": [{"type": "reasoning.text", "text": "H"}, {"type": "reasoning.summary", "summary": "m"}]}
    ],
    "encrypted": [{"reasoning": "Hm"}, {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}],
    "parts": [{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "x"}]}]}],
    "parts beside": [{"reasoning": "Hm", "content": [{"type": "thinking", "thinking": [{"text": "Hm"}]}]}],
}


@pytest.mark.parametrize("name", THOUGHTS)
def test_thinking_is_said_once_wherever_it_stands(name: str) -> None:
    wire = "".join(chunk(delta) for delta in THOUGHTS[name]) + chunk({"content": [{"type": "text", "text": "Hi"}]})
    assert said(wire + STOP + DONE) == [Reasoning("Hm"), Text("Hi")]


def test_thinking_that_must_be_sent_back_is_kept_with_the_call_it_led_to() -> None:
    def details(**item: Any) -> str:
        return chunk({"reasoning_details": [{"type": "reasoning.text", "index": 0, **item}]})

    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    wire = (
        details(text="H") + details(text="m", signature=None) + details(signature="s") + chunk({"tool_calls": [call]})
    )
    [made] = told(heard(wire + STOP + DONE, "openai")).tool_calls
    kept = [{"type": "reasoning.text", "index": 0, "text": "Hm", "signature": "s"}]
    assert json.loads(made["extra"]) == {"reasoning_details": kept}


def repaired(*deltas: str, channel: str = "content") -> list[str]:
    wire = "".join(chunk({channel: delta}) for delta in deltas) + STOP + DONE
    events = parsed([wire.encode()], "openai")
    return [event.text for event in events if isinstance(event, Text | Reasoning | Refusal)]


@pytest.mark.parametrize("channel", ["content", "reasoning", "refusal"])
def test_X_02_U_32_halves_of_characters_are_joined_or_replaced(channel: str) -> None:
    for deltas, expected in (
        (("a\ud83d", "\ude00b"), ["a", "😀b"]),
        (("\ud83d", "", "\ude00"), ["😀"]),
        (("\ude00", "\ud83d"), ["�", "�"]),
        (("a\ud83d",), ["a", "�"]),
        (("\ud83d", "b"), ["�b"]),
        (("\ud83d\ud83d", "\ude00"), ["�", "😀"]),
        (("\ud83d\ude00",), ["😀"]),
    ):
        assert repaired(*deltas, channel=channel) == expected


def test_X_02_each_channel_waits_for_itself() -> None:
    wire = chunk({"content": "\ud83d"}) + chunk({"reasoning": "\ud83d"}) + chunk({"content": "\ude00"}) + STOP
    assert said(wire) == [Text("😀"), Reasoning("�")]


def test_X_02_a_half_is_let_go_when_the_answer_breaks() -> None:
    assert told(heard(chunk({"content": "a\ud83d"}), "openai")).text == "a�"
    parser = Parser()
    parser.feed(ServerSentEvent(data=chunk({"content": "a\ud83d"}).strip().removeprefix("data: ")))
    assert parser.flush() == [Text("�")]
    assert parser.flush() == []


def test_X_03_U_31_a_nul_becomes_a_character_that_can_be_stored() -> None:
    assert repaired("a\0b", "\0") == ["a�b", "�"]


def test_text_is_not_changed_in_any_other_way() -> None:
    text = "  \r\n\t e\u0301 \u200f\ufeff \x1b[0m <b>&amp; "
    assert repaired(text) == [text]


def test_the_parser_never_raises_and_always_ends() -> None:
    for wire in (HI, STOP, DONE, "", line({"error": 1}), "data: {\n\n"):
        events = heard(wire + HI + STOP, "openai")
        in_order(events)
