"""How answers in Anthropic's dialect end, break and cannot be read, in every cut."""

from __future__ import annotations

import json

import pytest

from streaming.dialects.anthropic import Parser
from streaming.events import (
    Failed,
    Finished,
    Reasoning,
    ReasoningBlock,
    Text,
    ToolCall,
    Usage,
)
from streaming.sse import ServerSentEvent

from .happenings import FINISHED, HELLO, HI, OVER, STARTED, broken, delta, ends, event, said, start, stop, text
from .wires import heard, told


def test_X_16_N_01_N_02_nothing_is_read_after_the_end() -> None:
    wire = HELLO + HI + ends() + OVER
    expected = [STARTED, Text("Hi"), FINISHED]
    for more in (OVER, wire, "data: {garbage\n\n", event("error", error={"type": "api_error", "message": "x"})):
        assert heard(wire + more, "anthropic") == expected
    parser = Parser()
    parser.feed(ServerSentEvent("message_stop", '{"type":"message_stop"}'))
    assert parser.done
    assert parser.close(ServerSentEvent(data="{")) == []


def test_U_22_U_23_X_05_one_mark_of_the_end_is_enough_and_none_is_a_cut() -> None:
    assert heard(HELLO + HI + ends(), "anthropic")[-1] == FINISHED
    assert heard(HELLO + HI + ends() + "event: message_stop\ndata: {", "anthropic")[-1] == FINISHED
    assert heard(HELLO + HI + OVER, "anthropic")[-1] == Finished("unknown")
    assert heard(HELLO + HI + ends().rstrip(), "anthropic")[-1] == FINISHED
    assert broken(HELLO + HI + stop()).reason == "no_terminal"
    assert broken(HELLO + HI + ends(None)).reason == "no_terminal"
    assert broken(HELLO + HI + "event: message_delta\ndata: {").reason == "truncated"


def test_A_07_a_cut_inside_the_arguments_of_a_call_drops_the_call() -> None:
    wire = HELLO + start(type="tool_use", id="a", name="f", input={}) + delta("input_json_delta", partial_json='{"x')
    transcript = told(heard(wire, "anthropic"))
    assert (transcript.state, transcript.tool_calls) == ("interrupted", [])


@pytest.mark.parametrize("body", ["", "\n\n", ": nothing\n\n", "event: ping\n\n", event("ping")])
def test_X_07_N_18_a_body_without_anything_says_so(body: str) -> None:
    [failed] = heard(body, "anthropic")
    assert isinstance(failed, Failed) and failed.reason == "no_terminal"


def test_the_end_mark_of_the_other_dialect_is_ignored() -> None:
    assert said(HI, "data: [DONE]\n\n", text("!")) == [Text("Hi"), Text("!")]


def test_A_01_U_24_an_error_keeps_its_words_and_ends_the_answer() -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    for wire in (
        event("error", error=error, request_id="r"),
        f"data: {json.dumps({'type': 'error', 'error': error})}\n\n",
        f"data: {json.dumps({'error': error})}\n\n",
        f"event: error\ndata: {json.dumps(error)}\n\n",
        f"event: error\ndata: {json.dumps({'error': error})}\n\n",
        f"error: {json.dumps(error)}\n\n",
    ):
        failed = broken(HELLO + HI + wire + text("!") + ends() + OVER)
        assert (failed.kind, failed.reason, failed.retryable) == ("overloaded", "upstream_error_event", True)
        assert (failed.message, failed.raw_code) == ("Overloaded", "overloaded_error")
    assert broken(HELLO + HI + ends() + event("error", error=error)).kind == "overloaded"
    assert broken(event("error", error=error), "").kind == "overloaded"


@pytest.mark.parametrize("payload", ["null", '"text"', "3", "[]", "{}", '{"message":"text"}', "text", "{broken"])
def test_N_12_an_event_named_error_is_one_whatever_it_holds(payload: str) -> None:
    failed = broken(HELLO + HI + f"event: error\ndata: {payload}\n\n" + ends() + OVER)
    assert failed.reason == "upstream_error_event"
    assert failed.message == ("text" if "text" in payload else failed.message)


def test_a_spent_limit_is_a_matter_of_money() -> None:
    error = {"type": "rate_limit_error", "message": "x", "details": {"error_code": "enforced_spend_limit_reached"}}
    assert broken(HELLO + HI + event("error", error=error)).kind == "billing"


@pytest.mark.parametrize("name", ["", "event: message\n", "event: content_block_delta\n", "event: message_start\n"])
@pytest.mark.parametrize("data", ['{"secret', "upstream connect error secret", "[DONE]secret"])
def test_U_26_N_13_what_nobody_can_read_ends_the_answer_without_being_quoted(name: str, data: str) -> None:
    failed = broken(HELLO + HI + f"{name}data: {data}\n\n" + text("!") + ends() + OVER)
    assert (failed.kind, failed.reason) == ("protocol", "malformed")
    assert "secret" not in repr(failed)
    assert heard(HELLO + HI + ends() + f"{name}data: {data}\n\n" + OVER, "anthropic")[-1] == FINISHED


@pytest.mark.parametrize(
    "data",
    [
        "[" * 100_000,
        '{"type":"x","index":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":'
        + '{"a":' * 100_000 + "}" * 100_000 + "}}",
        '{"type":"message_delta","usage":{"output_tokens":1e999}}',
        '{"type":"message_delta","usage":{"output_tokens":NaN}}',
        '{"type":"message_delta","usage":{"output_tokens":' + "9" * 5_000 + "}}",
        '{"type":"message_delta","usage":{"input_tokens":9007199254740992}}',
    ],
    ids=["deep", "deep member", "deep input", "float", "NaN", "digits", "count"],
)  # fmt: skip
def test_U_27_depth_and_numbers_beyond_all_sense_end_the_answer(data: str) -> None:
    events = Parser().feed(ServerSentEvent(data=data))
    assert isinstance(events[-1], Failed) and events[-1].reason == "malformed"


TURN = {
    "id": "msg",
    "type": "message",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "server_tool_use", "id": "x"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 5, "output_tokens": 2},
}


def test_U_10_a_whole_turn_is_an_answer() -> None:
    assert Parser().whole(json.dumps(TURN).encode()) == [
        STARTED,
        Reasoning("Hm"),
        ReasoningBlock("thinking", "Hm", "s"),
        Text("Hi"),
        ToolCall(0, "a", "f"),
        ToolCall(0, arguments='{"x":1}'),
        Usage(5, 2),
        Finished("tool_calls", "tool_use"),
    ]


def test_U_09_U_11_an_error_as_a_whole_body_is_one_and_any_other_body_is_no_answer() -> None:
    [failed] = Parser().whole(b'{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}')
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.reason, failed.message) == ("rate_limited", "rate_limited", "Slow down")
    for body in (b"<html>", b"{}", b"{", b'{"choices":[]}', b'{"content":"x"}', b"null"):
        [failed] = Parser().whole(body)
        assert isinstance(failed, Failed) and failed.reason == "bad_response"
