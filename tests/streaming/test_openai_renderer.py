"""Answers written in OpenAI's dialect: read again they are the same, and the official clients accept them."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.dialects import openai
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

from .strategies import ID, MODEL, anything, failure, names, plain, spoken, usages, words
from .wires import parsed, scraps

STARTED = Started(ID, MODEL)
CODES = {
    "auth": "invalid_api_key",
    "permission": "permission_error",
    "billing": "insufficient_quota",
    "not_found": "model_not_found",
    "invalid_request": "invalid_request_error",
    "context_length": "context_length_exceeded",
    "content_filter": "content_filter",
    "rate_limited": "rate_limit_exceeded",
    "overloaded": "server_is_overloaded",
    "server_error": "server_error",
    "timeout": "timeout_error",
}


def written(events: list[Event], *, include_usage: bool = True) -> bytes:
    """The events as bytes."""
    renderer = openai.Renderer(ID, MODEL, include_usage=include_usage)
    return b"".join(renderer.feed(event) for event in events)


def calls(drawn: list[tuple[str, str, list[str], dict[str, Any]]]) -> list[Event]:
    """Tool calls as a parser reports them: id, name and what is unknown to us with the first piece."""
    found: list[Event] = []
    for position, (id, name, pieces, extra) in enumerate(drawn):
        more = json.dumps(extra, ensure_ascii=False, separators=(",", ":")) if extra else ""
        found.append(ToolCall(position, id, name, pieces[0] if pieces else "", more))
        found += [ToolCall(position, arguments=piece) for piece in (pieces[1:] or ([] if pieces else ["{}"]))]
    return found


def pieced(first: str, more: list[str]) -> list[str]:
    return [first, *more]


pieces = st.just(list[str]()) | st.builds(pieced, spoken, st.lists(words, max_size=2))
extras = plain.map(lambda extra: {f"x_{name}": value for name, value in extra.items()})
drawn_calls = st.lists(st.tuples(names, names, pieces, extras), max_size=3)
deltas = st.lists(st.builds(Text, words) | st.builds(Reasoning, words) | st.builds(Refusal, words), max_size=6)


@st.composite
def carried(draw: st.DrawFn) -> list[Event]:
    """An answer that this dialect can carry.

    | what it cannot carry | becomes |
    |---|---|
    | `ReasoningBlock` | nothing |
    | `Alive` | a comment, which no parser reports |
    | `Usage` before the end | the last one, at the end, and only if it was asked for |
    | a finish reason in other words | the dialect's own word |
    | `content_filter` and `refusal` | `refusal` if words of refusal were sent, else `content_filter` |
    | `pause`, `unknown` | `stop` |
    | `stop` after tool calls, `stop` after words of refusal | `tool_calls`, `refusal` |
    | a `Failed` of kind connection, truncated, protocol or local, a `Stopped` | a `Failed` of kind server_error |
    | a `Failed`'s reason, status and waiting time | `upstream_error_event`, nothing |
    """
    events: list[Event] = [STARTED, *draw(deltas)]
    if draw(st.booleans()):
        kind = draw(st.sampled_from(sorted(CODES)))
        return [*events, failure(kind, CODES[kind])]
    made = calls(draw(drawn_calls))
    declined = any(isinstance(event, Refusal) for event in events)
    word = draw(st.sampled_from(["stop", "length", "tool_calls", "content_filter"]))
    reason = word
    if word == "stop":
        reason = "refusal" if declined else "tool_calls" if made else "stop"
        word = "tool_calls" if reason == "tool_calls" else "stop"
    return [*events, *made, draw(usages()), Finished(reason, word)]  # type: ignore[arg-type]


@settings(deadline=None)
@given(carried(), st.randoms(use_true_random=False))
def test_what_is_written_is_read_as_it_was(events: list[Event], rng: random.Random) -> None:
    wire = written(events)
    for cut in ([wire], scraps(wire, rng), [bytes([byte]) for byte in wire]):
        assert parsed(cut, "openai") == events


def chunks_of(wire: bytes) -> list[dict[str, Any]]:
    """The chunks, after the rules of framing: nothing but data lines and comments, `[DONE]` last."""
    assert wire.endswith(b"data: [DONE]\n\n")
    assert all(line.startswith((b"data: ", b":")) or not line for line in wire.split(b"\n"))
    assert b"\r" not in wire and "\u2028" not in wire.decode() and "\x85" not in wire.decode()
    return [json.loads(event.data) for event in Decoder().feed(wire)[:-1]]


@settings(deadline=None)
@given(anything(), st.booleans())
def test_the_official_clients_rules_are_kept_whatever_comes(events: list[Event], include_usage: bool) -> None:
    chunks = chunks_of(written(events, include_usage=include_usage))
    if isinstance(events[-1], Failed | Stopped):
        error = chunks.pop()["error"]
        assert error["type"] == "server_error" and error["message"] and error["code"]
    elif include_usage:
        last = chunks.pop()
        assert last["choices"] == []
        assert {"prompt_tokens", "completion_tokens", "total_tokens"} <= last["usage"].keys()
    assert all(chunk["object"] == "chat.completion.chunk" and "error" not in chunk for chunk in chunks)
    assert all("usage" not in chunk and len(chunk["choices"]) == 1 for chunk in chunks)
    choices = [chunk["choices"][0] for chunk in chunks]
    assert all(choice["index"] == 0 and isinstance(choice["delta"], dict) for choice in choices)
    roles = [choice["delta"].get("role") for choice in choices]
    assert roles == ["assistant"] * bool(choices[:1]) + [None] * len(choices[1:])
    reasons = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    assert len(reasons) == isinstance(events[-1], Finished)
    assert_calls([call for choice in choices for call in choice["delta"].get("tool_calls", [])])


def assert_calls(pieces: list[dict[str, Any]]) -> None:
    """Indices in order without a gap; id, type and name with the first piece of a call and only there."""
    known: list[int] = []
    for piece in pieces:
        first = piece["index"] not in known
        assert first == (piece.get("type") == "function") == ("id" in piece) == ("name" in piece["function"])
        assert isinstance(piece["function"]["arguments"], str)
        known += [piece["index"]] * first
    assert known == list(range(len(known)))


def test_a_usage_is_said_only_if_it_was_asked_for() -> None:
    events: list[Event] = [STARTED, Usage(5, 2, cache_read=3, reasoning=1), Finished("stop", "stop")]
    last = chunks_of(written(events))[-1]
    assert last["usage"] == {
        "prompt_tokens": 5,
        "completion_tokens": 2,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    assert "usage" not in chunks_of(written(events, include_usage=False))[-1]


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("content_filter", "content_filter"),
        ("refusal", "content_filter"),
        ("pause", "stop"),
        ("unknown", "stop"),
    ],
)
def test_a_neutral_reason_has_its_word(reason: Any, word: str) -> None:
    assert chunks_of(written([STARTED, Finished(reason, "x")], include_usage=False))[-1]["choices"][0] == {
        "index": 0,
        "delta": {},
        "finish_reason": word,
    }


def test_a_refusal_with_words_is_a_stop() -> None:
    events: list[Event] = [Refusal("No."), Finished("refusal", "refusal")]
    assert parsed([written(events)], "openai")[-1] == Finished("refusal", "stop")


def test_what_the_dialect_has_no_place_for_is_left_out_and_nothing_follows_the_end() -> None:
    renderer = openai.Renderer(ID, MODEL)
    assert renderer.feed(ReasoningBlock("thinking", "x", "s")) == b""
    assert renderer.feed(Finished("stop", "stop")).endswith(b"[DONE]\n\n")
    assert renderer.feed(Text("more")) == renderer.feed(Finished("stop", "stop")) == b""
    assert renderer.alive() == b": keep-alive\n\n"


def test_an_answer_that_was_stopped_is_no_whole_answer() -> None:
    [failed] = parsed([written([Stopped()])], "openai")
    assert isinstance(failed, Failed)
    assert failed.raw_code == "stopped"


@settings(deadline=None)
@given(extras)
def test_members_that_a_server_wants_back_are_said_once(members: dict[str, Any]) -> None:
    extra = json.dumps(members)
    events: list[Event] = [ToolCall(0, "a", "f", "{}", extra), ToolCall(0, extra=extra), ToolCall(0, arguments=" ")]
    pieces = [
        chunk["choices"][0]["delta"]["tool_calls"][0]
        for chunk in chunks_of(written([*events, Finished("stop")], include_usage=False))[1:-1]
    ]
    assert len(pieces) == 2
    assert {name: value for name, value in pieces[0].items() if name.startswith("x_")} == members


@pytest.mark.parametrize("kind", sorted(RETRYABLE))
def test_an_early_failure_has_a_status_and_a_code(kind: str) -> None:
    error = UpstreamError(
        "internal" if kind == "local" else "upstream_error", kind=kind, message="Words", retry_after=1.2
    )
    status, headers, body = openai.render_error(Failed.of(error))
    assert 400 <= status < 600
    assert headers["content-type"] == "application/json"
    assert headers["retry-after"] == "2"
    assert ("x-should-retry" in headers) == (not RETRYABLE[kind])
    told = json.loads(body)["error"]
    assert told.keys() == {"message", "type", "param", "code"}
    assert told["message"] == "Words" and told["type"] and told["code"]
    if kind in CODES:
        assert openai.failure(status, headers, body).kind == kind


@pytest.mark.parametrize(
    ("reason", "status"), [("quota", 429), ("account_disabled", 403), ("token_revoked", 401), ("server_stopped", 503)]
)
def test_what_we_ended_ourselves_has_a_status_too(reason: str, status: int) -> None:
    assert openai.render_error(Failed.of(UpstreamError(reason)))[0] == status
