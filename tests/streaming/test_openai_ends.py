"""How answers in OpenAI's dialect end, break and cannot be read, in every cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.dialects.openai import Parser
from streaming.events import (
    Event,
    Failed,
    Finished,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from streaming.sse import ServerSentEvent

from .chunks import DONE, FINISHED, HI, STARTED, STOP, broken, chunk, ended, line, said
from .wires import heard


def test_N_01_N_02_nothing_is_read_after_the_end() -> None:
    parser = Parser()
    assert parser.feed(ServerSentEvent(data="[DONE]")) == [Finished("unknown")]
    assert parser.done, "so that the connection can be closed at once"
    assert parser.feed(ServerSentEvent(data="{not JSON")) == []
    assert parser.close(ServerSentEvent(data="{not JSON")) == []
    assert parser.flush() == []
    assert heard(HI + STOP + DONE + "data: garbage\n\n", "openai") == [STARTED, Text("Hi"), FINISHED]


@pytest.mark.parametrize(
    "end", ["data:[DONE]\n\n", "data: [DONE]\n\n", "event: done\ndata: [DONE]\n\n", "data: [DONE]"]
)
def test_N_05_the_end_in_all_its_spellings(end: str) -> None:
    assert ended(HI + STOP + end) == FINISHED


@pytest.mark.parametrize("end", ["data: [DONE] \n\n", "data: [DONE]\t\n\n", "data:  [DONE]\n\n", "data: \t[DONE]\n\n"])
def test_N_04_blanks_around_the_end_are_none(end: str) -> None:
    assert ended(HI + end) == Finished("unknown")


LOOKALIKES = [
    "data: [DONE]sk-secret-1\n\n",
    "data: [DONE] x\n\n",
    "data: [DONE]\ndata: x\n\n",
    "data: [DONE]\ndata\n\n",
]


@pytest.mark.parametrize("end", LOOKALIKES)
def test_N_04_U_41_what_only_looks_like_the_end_breaks_the_answer(end: str) -> None:
    failed = broken(HI + end + line({"error": {"message": "later"}}))
    assert (failed.kind, failed.reason) == ("protocol", "malformed")
    assert "secret" not in repr(failed)


@pytest.mark.parametrize("end", LOOKALIKES)
def test_U_41_after_a_finish_reason_it_is_skipped(end: str) -> None:
    assert ended(HI + STOP + end) == FINISHED


@pytest.mark.parametrize(
    ("wire", "end"),
    [
        (HI + STOP, FINISHED),
        (HI + DONE, Finished("unknown")),
        (HI + STOP + DONE, FINISHED),
    ],
    ids=["U_19", "U_20", "both"],
)
def test_U_19_U_20_X_05_N_17_one_mark_of_the_end_is_enough(wire: str, end: Event) -> None:
    assert ended(wire) == end


@pytest.mark.parametrize(
    ("rest", "reason"),
    [("", "no_terminal"), ('data: {"choices', "truncated"), ("data: [DO", "truncated"), ("data: ", "no_terminal")],
)
def test_U_17_U_21_X_05_a_body_that_just_ends_was_cut(rest: str, reason: str) -> None:
    failed = broken(HI + rest)
    assert (failed.kind, failed.reason, failed.retryable) == ("truncated", reason, True)
    assert ended(HI + STOP + rest) == FINISHED


@pytest.mark.parametrize("body", ["", "\n\n", ": nothing\n\n", "data:\n\n"])
def test_X_07_N_18_a_body_without_anything_says_so(body: str) -> None:
    events = heard(body, "openai")
    assert [type(event) for event in events] == [Failed]
    assert isinstance(events[0], Failed) and events[0].reason == "no_terminal" and events[0].message


def test_X_05_a_whole_event_that_was_left_open_is_used() -> None:
    assert said(HI + chunk({"content": "!"}, "stop").rstrip()) == [Text("Hi"), Text("!")]


REPORTS = {
    "N_12 nested": ({"error": {"message": "Overloaded", "type": "overloaded_error"}}, "overloaded", "Overloaded"),
    "N_12 flat": (
        {"object": "error", "message": "Bad", "type": "BadRequestError", "code": 400},
        "invalid_request",
        "Bad",
    ),
    "N_12 text": ({"error": "Out of memory"}, "server_error", "Out of memory"),
    "N_12 number": ({"error": 7}, "server_error", ""),
    "N_12 choice": (
        {"choices": [{"error": {"code": 502, "message": "Gone"}, "finish_reason": "error"}]},
        "server_error",
        "Gone",
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_U_24_an_error_in_the_stream_ends_it(name: str) -> None:
    report, kind, message = REPORTS[name]
    for end in ("", DONE, STOP + DONE):
        failed = broken(HI + line(report) + end)
        assert (failed.kind, failed.reason) == (kind, "upstream_error_event")
        assert failed.message == (message or "The model reported an error.")
    alone = heard(line(report) + DONE, "openai")[-1]
    assert isinstance(alone, Failed) and alone.kind == kind
    named = heard(HI + "event: error\n" + line(report) + DONE, "openai")[-1]
    assert isinstance(named, Failed) and named.reason == "upstream_error_event"


@pytest.mark.parametrize("payload", ["null", '"text"', "3", "[]", "{}", '{"message":"text"}', "text", "{broken"])
def test_N_12_an_event_named_error_is_one_whatever_it_holds(payload: str) -> None:
    failed = broken(HI + f"event: error\ndata: {payload}\n\n" + STOP + DONE)
    assert failed.reason == "upstream_error_event"
    assert failed.message == ("text" if "text" in payload else failed.message)


@pytest.mark.parametrize("nothing", [None, False, "", 0, {}, []])
def test_X_08_an_error_that_is_none_is_none(nothing: Any) -> None:
    assert said(chunk({"content": "Hi"}, error=nothing) + STOP + DONE) == [Text("Hi")]


def test_X_08_an_error_after_the_finish_reason_is_still_one() -> None:
    assert broken(HI + STOP + line({"error": {"message": "Too late"}}) + DONE).message == "Too late"


def test_a_field_named_error_is_an_error_if_it_is_json() -> None:
    failed = broken(HI + 'error: {"code":400,"message":"Slot unavailable"}\n\n' + DONE)
    assert (failed.kind, failed.message) == ("invalid_request", "Slot unavailable")
    assert ended(HI + "error: text\n\n" + STOP + "error: null\n\n" + DONE) == FINISHED


@pytest.mark.parametrize("word", ["error", "insufficient_system_resource", "abort"])
def test_a_finish_reason_that_means_a_fault_is_one(word: str) -> None:
    failed = broken(HI + chunk({}, word) + DONE)
    assert failed.kind == ("overloaded" if word.startswith("insufficient") else "server_error")
    assert failed.raw_code == word


UNREADABLE = {
    "N_13": '{"key":"sk-secret-1","choices":[{"delta":{"content":"bad}}]',
    "U_27 deep": "[" * 100_000,
    "U_27 deep member": '{"choices":' + "[" * 100_000 + "]" * 100_000 + "}",
    "U_27 NaN": '{"choices":[{"index":NaN,"delta":{"content":"x"}}]}',
    "U_27 infinity": '{"choices":[],"usage":{"prompt_tokens":-Infinity}}',
    "U_27 number": '{"choices":[],"usage":{"prompt_tokens":1' + "0" * 5_000 + "}}",
    "U_27 float": '{"choices":[],"usage":{"prompt_tokens":1e999}}',
    "U_27 count": '{"choices":[],"usage":{"prompt_tokens":9007199254740992}}',
    "U_26 half": "{",
    "U_26 two": "{} {}",
    "U_26 words": "upstream connect error",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_U_26_what_nobody_can_read_ends_the_answer_without_being_quoted(name: str) -> None:
    wire = f"data: {UNREADABLE[name]}\n\n"
    events = (
        heard(HI + wire + HI + DONE, "openai")
        if len(wire) < 10_000
        else Parser().feed(ServerSentEvent(data=UNREADABLE[name]))
    )
    failed = events[-1]
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.reason) == ("protocol", "malformed")
    assert "secret" not in repr(failed)


@pytest.mark.parametrize("name", UNREADABLE)
def test_U_26_after_the_finish_reason_it_is_skipped(name: str) -> None:
    parser = Parser()
    parser.feed(ServerSentEvent(data=(HI + STOP).split("\n\n")[0].removeprefix("data: ")))
    parser.feed(ServerSentEvent(data=STOP.strip().removeprefix("data: ")))
    assert parser.feed(ServerSentEvent(data=UNREADABLE[name])) == []
    assert parser.skipped == 1
    assert parser.feed(ServerSentEvent(data="[DONE]")) == [FINISHED]


def test_S_37_of_what_nobody_can_read_name_length_and_hash_are_known() -> None:
    parser = Parser()
    assert parser.unread == ""
    parser.feed(ServerSentEvent(data="{secret"))
    assert parser.unread.startswith("message, 7 characters, sha256 ")
    assert "secret" not in parser.unread
    parser = Parser()
    parser.feed(ServerSentEvent("my secret name", "{secret"))
    assert parser.unread.startswith("?, 7 characters")


def test_broken_json_under_an_unknown_name_is_ignored() -> None:
    assert said(HI + "event: trace\ndata: {half\n\n" + "event: ping\ndata: {half\n\n" + STOP) == [Text("Hi")]


@pytest.mark.parametrize("plain", [[], [HI], 3, "text", None, True])
def test_json_that_is_no_object_is_ignored(plain: Any) -> None:
    assert said(HI + line(plain) + STOP + DONE) == [Text("Hi")]


WHOLE = {
    "id": "c",
    "object": "chat.completion",
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hi",
                "reasoning_content": "Hm",
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2},
}


def test_U_10_a_whole_turn_is_an_answer() -> None:
    for body in (json.dumps(WHOLE), "\n\n \n" + json.dumps(WHOLE, indent=1)):
        events = Parser().whole(body.encode())
        assert events == [
            STARTED,
            Reasoning("Hm"),
            Text("Hi"),
            ToolCall(0, "a", "f", "{}"),
            Usage(5, 2),
            Finished("tool_calls", "tool_calls"),
        ]


def test_U_11_an_error_as_a_whole_body_is_one() -> None:
    [failed] = Parser().whole(b'{"error":{"message":"Slow down","code":"rate_limit_exceeded"}}')
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.reason, failed.message) == ("rate_limited", "rate_limited", "Slow down")


@pytest.mark.parametrize(
    "body",
    [b"<html>secret</html>", b"{}", b"{", b"[]", b"", b'{"choices":[]}', b'{"choices":[{"delta":{"content":"x"}}]}'],
)
def test_U_09_any_other_body_is_no_answer(body: bytes) -> None:
    [failed] = Parser().whole(body)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.reason) == ("protocol", "bad_response")
    assert "secret" not in repr(failed)
