"""Answers written in Anthropic's dialect: read again they are the same, and the official clients accept them."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.dialects import anthropic
from streaming.errors import RETRYABLE, UpstreamError
from streaming.events import (
    Event,
    Failed,
    Finished,
    Reasoning,
    ReasoningBlock,
    Refusal,
    Started,
    Stopped,
    Text,
    ToolCall,
    Usage,
)
from streaming.sse import Decoder

from .strategies import ID, MODEL, anything, arguments, counts, failure, names, usages, words
from .wires import parsed, scraps, told

STARTED = Started(ID, MODEL)
TYPES = {
    "auth": "authentication_error",
    "permission": "permission_error",
    "billing": "billing_error",
    "not_found": "not_found_error",
    "invalid_request": "invalid_request_error",
    "rate_limited": "rate_limit_error",
    "overloaded": "overloaded_error",
    "server_error": "api_error",
    "timeout": "timeout_error",
}
REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "pause": "pause_turn",
}


def written(events: list[Event]) -> bytes:
    """The events as bytes."""
    renderer = anthropic.Renderer(ID, MODEL)
    return b"".join(renderer.feed(event) for event in events)


@st.composite
def blocks(draw: st.DrawFn) -> list[Event]:
    """Blocks of text and of thinking. Unsigned thinking right before more thinking would be one block with it."""
    events: list[Event] = []
    unsigned = False
    for kind in draw(st.lists(st.sampled_from(["text", "signed", "unsigned", "redacted"]), max_size=5)):
        pieces = draw(st.lists(words, min_size=kind != "signed", max_size=3))
        if kind == "text":
            events += [Text(piece) for piece in pieces]
        elif kind == "redacted":
            events.append(ReasoningBlock("redacted_thinking", data=draw(words)))
        elif not unsigned:
            events += [Reasoning(piece) for piece in pieces]
            if kind == "signed":
                events.append(ReasoningBlock("thinking", "".join(pieces), draw(words)))
        unsigned = kind == "unsigned" or (kind == "signed" and unsigned)
    return events


def calls(drawn: list[tuple[str, str, str]]) -> list[Event]:
    """Tool calls as a parser reports them: id and name, then the arguments in one piece."""
    return [
        event
        for position, (id, name, text) in enumerate(drawn)
        for event in (ToolCall(position, id, name), ToolCall(position, arguments=text))
    ]


@st.composite
def carried(draw: st.DrawFn) -> list[Event]:
    """An answer that this dialect can carry.

    | what it cannot carry | becomes |
    |---|---|
    | `Refusal` | `Text`, and the reason `refusal` |
    | an answer without counts | zeros |
    | `Usage` in the middle | the first one at the start, the last one at the end |
    | a piece of a tool call | the whole call as soon as something else follows, at the end at the latest |
    | a call whose arguments are no JSON object | `Failed`, because clients fail on it |
    | members of a call that we do not know | nothing |
    | neighbouring thinking of which the first is unsigned | one block with the second's signature |
    | `Alive` | a ping, which no parser reports |
    | a finish reason in other words | the dialect's own word |
    | `content_filter`, `unknown` | `refusal`, `stop` |
    | a `Failed` of another kind, a `Stopped` | a `Failed` of kind server_error |
    | context_length, content_filter | invalid_request |
    | a `Failed`'s reason, status and waiting time | `upstream_error_event`, nothing |
    """
    first = draw(usages())
    events: list[Event] = [STARTED, first, *draw(blocks())]
    if draw(st.booleans()):
        kind = draw(st.sampled_from(sorted(TYPES)))
        return [*events, failure(kind, TYPES[kind])]
    events += calls(draw(st.lists(st.tuples(names, names, arguments), max_size=3)))
    more = draw(st.none() | counts)
    if more is not None and more != first.output:
        events.append(msgspec.structs.replace(first, output=more))
    reason = draw(st.sampled_from(sorted(REASONS)))
    return [*events, Finished(reason, REASONS[reason])]  # type: ignore[arg-type]


@settings(deadline=None)
@given(carried(), st.randoms(use_true_random=False))
def test_what_is_written_is_read_as_it_was(events: list[Event], rng: random.Random) -> None:
    wire = written(events)
    for cut in ([wire], scraps(wire, rng), [bytes([byte]) for byte in wire]):
        assert parsed(cut, "anthropic") == events


def happenings(wire: bytes) -> list[dict[str, Any]]:
    """The events, after the rules of framing: each in one piece, with its name, and equal to its type."""
    assert b"\r" not in wire and "\u2028" not in wire.decode() and "\x85" not in wire.decode()
    assert all(line.startswith((b"event: ", b"data: ")) or not line for line in wire.split(b"\n"))
    events = Decoder().feed(wire)
    found = [json.loads(event.data) for event in events]
    assert [event.event for event in events] == [happening["type"] for happening in found]
    return found


@settings(deadline=None)
@given(anything())
def test_the_official_clients_rules_are_kept_whatever_comes(events: list[Event]) -> None:
    found = happenings(written(events))
    *_, last = found
    if last["type"] == "error":
        found.pop()
        assert last["error"]["type"] and last["error"]["message"] and last["request_id"]
    else:
        assert [happening["type"] for happening in found[-2:]] == ["message_delta", "message_stop"]
        ends = found[-2]
        found = found[:-2]
        assert isinstance(ends["usage"]["output_tokens"], int) and ends["delta"]["stop_reason"]
    if found:
        message = found.pop(0)["message"]
        assert (message["content"], message["role"], message["stop_reason"]) == ([], "assistant", None)
        assert all(isinstance(message["usage"][name], int) for name in ("input_tokens", "output_tokens"))
    assert_blocks(found, whole=last["type"] != "error")


MEMBERS: dict[str, dict[str, Any]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
    "redacted_thinking": {},
}


def assert_blocks(found: list[dict[str, Any]], *, whole: bool) -> None:
    """One block open at a time, indices in order, every member there that clients add to, arguments that are JSON."""
    number, kind = -1, ""
    arguments: list[str] = []
    for happening in found:
        step = happening["type"].removeprefix("content_block_")
        if step == "start":
            number += 1
            block = happening["content_block"]
            assert not kind
            kind = block["type"]
            assert MEMBERS[kind].items() <= block.items()
            arguments = []
        elif step == "delta":
            delta = happening["delta"]
            assert delta["type"].startswith((kind, "input_json" if kind == "tool_use" else "signature"))
            assert isinstance(delta[next(name for name in delta if name != "type")], str)
            arguments += [delta["partial_json"]] if kind == "tool_use" else []
        else:
            assert step == "stop" and kind
            assert not arguments or isinstance(json.loads("".join(arguments)), dict)
            kind = ""
        assert happening["index"] == number
    assert not (whole and kind)


def test_counts_are_told_apart_by_where_they_were_read() -> None:
    usage = Usage(input=2010, output=5, cache_read=2000, cache_write=7, reasoning=3)
    found = happenings(written([STARTED, usage, Text("Hi"), Finished("stop")]))
    expected = {
        "input_tokens": 3,
        "cache_creation_input_tokens": 7,
        "cache_read_input_tokens": 2000,
        "output_tokens": 5,
        "output_tokens_details": {"thinking_tokens": 3},
    }
    assert found[0]["message"]["usage"] == found[-2]["usage"] == expected


def test_counts_that_come_late_are_said_at_the_end() -> None:
    found = happenings(written([STARTED, Text("Hi"), Usage(5, 2), Finished("stop")]))
    assert found[0]["message"]["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert found[-2]["usage"] == {"input_tokens": 5, "output_tokens": 2}


@pytest.mark.parametrize(("reason", "word"), [*REASONS.items(), ("content_filter", "refusal"), ("unknown", "end_turn")])
def test_a_neutral_reason_has_its_word(reason: Any, word: str) -> None:
    assert happenings(written([Finished(reason, "x")]))[-2]["delta"] == {"stop_reason": word, "stop_sequence": None}


def test_words_of_refusal_are_text() -> None:
    events = parsed([written([STARTED, Refusal("No."), Finished("refusal")])], "anthropic")
    assert told(events).text == "No."
    assert events[-1] == Finished("refusal", "refusal")


def test_thinking_that_nobody_signed_gets_an_empty_signature() -> None:
    found = happenings(written([Reasoning("Hm"), Text("Hi"), Finished("stop")]))
    assert {"type": "signature_delta", "signature": ""} in [happening.get("delta") for happening in found]


def test_a_call_is_said_when_it_is_whole_even_if_calls_come_piece_by_piece_in_turns() -> None:
    events: list[Event] = [
        ToolCall(0, "a", "f"),
        ToolCall(1, "b", "g"),
        ToolCall(0, arguments='{"x"'),
        ToolCall(1, arguments="{"),
        ToolCall(0, arguments=":1}"),
        ToolCall(1, arguments="}"),
        ToolCall(2, "c", "h", "{}"),
        Text("Hi"),
        ToolCall(3, "", ""),
        Finished("tool_calls"),
    ]
    made = told(parsed([written(events)], "anthropic")).tool_calls
    expected = {"a": '{"x":1}', "b": "{}", "c": "{}", made[-1]["id"]: "{}"}
    assert {call["id"]: call["arguments"] for call in made} == expected


@pytest.mark.parametrize("given", ["{", "[]", '"x"', "oops", "{} {}", "\ud83d"])
def test_a_call_whose_arguments_are_no_object_ends_the_answer_with_an_error(given: str) -> None:
    *_, last = happenings(written([Text("Hi"), ToolCall(0, "a", "f", given), Finished("tool_calls")]))
    assert (last["type"], last["error"]["type"]) == ("error", "api_error")


def test_arguments_that_go_on_after_they_were_whole_end_the_answer_with_an_error() -> None:
    wire = written([ToolCall(0, "a", "f", "{}"), Text("Hi"), ToolCall(0, arguments="{}"), Finished("tool_calls")])
    assert happenings(wire)[-1]["type"] == "error"


def test_nothing_follows_the_end_and_a_ping_may_come_first() -> None:
    renderer = anthropic.Renderer(ID, MODEL)
    assert renderer.alive() == b'event: ping\ndata: {"type":"ping"}\n\n'
    assert renderer.feed(STARTED) == b""
    assert renderer.feed(Finished("stop")).endswith(b'data: {"type":"message_stop"}\n\n')
    assert renderer.feed(Text("more")) == renderer.feed(Stopped()) == b""


def test_an_answer_that_was_stopped_is_no_whole_answer() -> None:
    assert happenings(written([Text("Hi"), Stopped()]))[-1]["error"]["type"] == "api_error"


@pytest.mark.parametrize("kind", sorted(RETRYABLE))
def test_an_early_failure_has_a_status_and_a_type(kind: str) -> None:
    error = UpstreamError("internal" if kind == "local" else "upstream_error", kind=kind, message="Words")
    status, headers, body = anthropic.render_error(Failed.of(error))
    assert 400 <= status < 600
    assert ("x-should-retry" in headers) == (not RETRYABLE[kind])
    assert "retry-after" not in headers
    told = json.loads(body)
    assert told["type"] == "error" and told["error"]["message"] == "Words" and told["error"]["type"]
    if kind in TYPES:
        assert anthropic.failure(status, headers, body).kind == kind
