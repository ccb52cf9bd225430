"""Anthropic's dialect as its own servers and others speak it: what each shape means, in every cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.events import (
    Finished,
    Reasoning,
    Started,
    Text,
    Usage,
)

from .happenings import FINISHED, HELLO, HI, OVER, STARTED, broken, delta, ends, event, said, start, stop, text
from .wires import heard, parsed, told


def test_A_02_alice_reads_an_answer() -> None:
    usage = {"input_tokens": 5, "output_tokens": 1}
    wire = (
        event("message_start", message={"id": "msg", "model": "m", "usage": usage})
        + start(type="text", text="")
        + event("ping")
        + text("Hi")
        + text(" Alice")
        + stop()
        + ends(output_tokens=9)
        + OVER
    )
    assert heard(wire, "anthropic") == [STARTED, Usage(5, 1), Text("Hi"), Text(" Alice"), Usage(5, 9), FINISHED]


def test_X_17_a_ping_may_come_anywhere_even_first() -> None:
    ping = event("ping")
    wire = ping.join(["", HELLO, start(type="text"), text("Hi"), ping, stop(), ends(), OVER])
    assert heard(wire, "anthropic") == [STARTED, Text("Hi"), FINISHED]


def test_A_06_without_a_type_the_name_counts_and_without_a_name_the_type() -> None:
    wire = HELLO + HI + ends() + OVER
    nameless = "".join(line + "\n" for line in wire.split("\n") if not line.startswith("event:"))
    typeless = wire.replace('"type": "message', '"x": "message').replace('"type": "content', '"x": "content')
    mixed_up = wire.replace("event: content_block_delta", "event: error").replace("event: message_stop", "event: ping")
    for other in (nameless, typeless, mixed_up):
        assert other != wire
        assert heard(other, "anthropic") == [STARTED, Text("Hi"), FINISHED]


@pytest.mark.parametrize("before", ["", event("ping"), event("future")])
@pytest.mark.parametrize(
    "content", [text("Hi", None), delta("text_delta", "0", text="Hi"), start(type="text", index=None), stop(None)]
)
def test_A_05_content_before_the_start_that_names_no_block_breaks_the_answer(before: str, content: str) -> None:
    failed = broken(before + content + HELLO + HI + ends() + OVER, "")
    assert (failed.kind, failed.reason) == ("protocol", "malformed")


def test_A_05_a_second_start_breaks_the_answer() -> None:
    assert broken(HELLO + HI + HELLO + text("!") + ends() + OVER).reason == "malformed"


def test_A_05_a_piece_that_names_its_block_starts_it_and_the_answer() -> None:
    wire = text("Hi") + delta("thinking_delta", 1, thinking="Hm") + HELLO + text("!") + ends() + OVER
    assert heard(wire, "anthropic") == [Started(), Text("Hi"), Reasoning("Hm"), Text("!"), FINISHED]
    assert heard(start(type="text", text="Hi") + ends() + OVER, "anthropic") == [Started(), Text("Hi"), FINISHED]
    assert heard(ends() + OVER, "anthropic") == [Started(), FINISHED]


def test_a_piece_that_names_no_block_goes_to_the_last_one() -> None:
    assert said(HI, stop(), text("!", None)) == [Text("Hi"), Text("!")]
    assert said(text("Hi", None)) == [Text("Hi")]
    assert said(start(type="text", index=None), text("Hi", None), stop(None)) == [Text("Hi")]


@pytest.mark.parametrize("index", ["__proto__", -1, 0.5, "NaN", 2**53, True, [], {}])
def test_N_14_N_15_a_block_whose_index_makes_no_sense_is_ignored(index: Any) -> None:
    assert said(HI, start(type="text", text="x", index=index), text("x", index), stop(index)) == [Text("Hi")]


def test_X_15_blocks_may_be_interleaved() -> None:
    wire = [
        start(type="text", index=0),
        start(type="tool_use", id="a", name="f", input={}, index=1),
        text("Hi", 0),
        delta("input_json_delta", 1, partial_json='{"x"'),
        text("!", 0),
        delta("input_json_delta", 1, partial_json=":1}"),
        stop(1),
        stop(0),
    ]
    events = said(*wire)
    assert [event for event in events if isinstance(event, Text)] == [Text("Hi"), Text("!")]
    assert told(events).tool_calls == [{"id": "a", "name": "f", "arguments": '{"x":1}'}]


def test_broken_json_under_an_unknown_name_is_ignored() -> None:
    assert said(HI, "event: trace\ndata: {half\n\n", "event: ping\ndata: {half\n\n", text("!")) == [
        Text("Hi"),
        Text("!"),
    ]


@pytest.mark.parametrize("plain", [[], 3, "text", None, True])
def test_json_that_is_no_object_is_ignored(plain: Any) -> None:
    assert said(HI, f"data: {json.dumps(plain)}\n\n") == [Text("Hi")]


def test_A_08_U_28_what_is_new_to_us_is_ignored() -> None:
    assert said(
        event("session_hint", hint={}),
        start(type="hologram", text="x"),
        delta("text_delta", text="x"),
        delta("sparkle_delta", sparkle="x"),
        stop(),
        start(type="text", text="Hi", index=1),
        delta("citations_delta", 1, citation={"cited_text": "x"}),
        delta("sparkle_delta", 1),
        delta("sparkle_delta", 7),
        stop(7),
    ) == [Text("Hi")]


def test_A_03_A_08_the_providers_own_tools_are_no_calls_for_us() -> None:
    result = {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"title": "x"}]}
    assert said(
        start(type="server_tool_use", id="s", name="web_search", input={}),
        delta("input_json_delta", partial_json='{"query":"x"}'),
        stop(),
        start(**result, index=1),
        stop(1),
    ) == []  # fmt: skip


TYPES: dict[str, str] = {
    "X_11 no delta": event("content_block_delta", index=0),
    "X_11 null delta": event("content_block_delta", index=0, delta=None),
    "X_11 list": event("content_block_delta", index=0, delta=[]),
    "X_11 number": text(3),  # type: ignore[arg-type]
    "X_11 null": delta("text_delta", text=None),
    "X_11 object": delta("text_delta", text={"x": 1}),
    "X_11 type": event("content_block_delta", index=0, delta={"type": 3, "text": "x"}),
    "X_11 block": event("content_block_start", index=1, content_block=3),
    "X_11 no block": event("content_block_start", index=1),
    "X_11 usage": event("message_delta", delta=3, usage=3),
    "X_11 reason": event("message_delta", delta={"stop_reason": 3}, usage={"output_tokens": "x", "input_tokens": -1}),
}


@pytest.mark.parametrize("name", TYPES)
def test_members_of_the_wrong_type_say_nothing(name: str) -> None:
    assert said(HI, TYPES[name]) == [Text("Hi")]


def test_a_block_that_says_nothing_of_itself_is_what_its_pieces_are() -> None:
    assert said(event("content_block_start", index=0), text("Hi")) == [Text("Hi")]


def counted(*usages: Any) -> Usage | None:
    wire = event("message_start", message={"usage": usages[0]})
    wire += "".join(event("message_delta", delta={}, usage=usage) for usage in usages[1:])
    return told(heard(wire + ends() + OVER, "anthropic")).usage


def test_X_12_counts_are_overwritten_one_by_one() -> None:
    first = {"input_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2000, "output_tokens": 1}
    assert counted(first, {"output_tokens": 5}, {"cache_creation_input_tokens": 7}) == Usage(2010, 5, 2000, 7)
    assert counted({"input_tokens": 1}, {"input_tokens": 9, "output_tokens": 2.0}) == Usage(9, 2)
    assert counted(None, {"output_tokens": 2, "output_tokens_details": {"thinking_tokens": 1}}) == Usage(
        None, 2, reasoning=1
    )
    assert counted({"input_tokens": "many", "future": {}}, None) is None


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("compaction", "unknown"),
        ("stop", "stop"),
    ],
)
def test_a_stop_reason_has_a_neutral_word(word: str, reason: str) -> None:
    assert heard(HELLO + HI + ends(word) + OVER, "anthropic")[-1] == Finished(reason, word)  # type: ignore[arg-type]


def test_A_04_a_refusal_may_come_without_any_words() -> None:
    refusal = event("message_delta", delta={"stop_reason": "refusal", "stop_details": {"type": "refusal"}})
    wire = HELLO + start(type="text", text="") + stop() + refusal + OVER
    assert heard(wire, "anthropic") == [STARTED, Finished("refusal", "refusal")]


def test_X_13_the_last_stop_reason_counts() -> None:
    assert heard(HELLO + HI + ends() + ends("max_tokens") + ends(None), "anthropic")[-1].raw == "max_tokens"  # type: ignore[union-attr]


def test_X_14_text_after_a_stop_reason_is_still_text() -> None:
    assert told(heard(HELLO + HI + ends() + text("!") + OVER + text("?"), "anthropic")).text == "Hi!"


def test_very_many_blocks_are_linear_work() -> None:
    wire = HELLO + "".join(start(type="text", text="x", index=index) for index in range(3_000)) + ends() + OVER
    assert told(parsed([wire.encode()], "anthropic")).text == "x" * 3_000
