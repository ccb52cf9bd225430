"""What may stand in the body of an answer with status 200, over a real connection."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from streaming.events import Alive, Event, Failed, Finished, Text, Usage
from streaming.prompts import ask
from streaming.transcript import Transcript
from streaming.upstream import Client
from tests.answers import STREAMS, Framing
from tests.upstream import (
    Answer,
    Pause,
    Send,
    Upstream,
    anthropic_answer,
    data,
    event,
    openai_answer,
    recorded,
)

from . import asking
from .world import model

RECORDED = sorted(path.stem for path in STREAMS.glob("*.sse"))


async def answered(client: Client, up: Upstream, answer: Answer, dialect: str = "openai") -> list[Event]:
    up.script(answer)
    return await asking.answered(client, model(up.url, dialect))


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def why(events: list[Event]) -> tuple[str, str]:
    last = events[-1]
    assert isinstance(last, Failed), last
    return last.kind, last.reason


@pytest.mark.parametrize("name", RECORDED)
async def test_every_recorded_answer_has_its_outcome_over_http(up: Upstream, client: Client, name: str) -> None:
    described = json.loads((STREAMS / f"{name}.json").read_text())
    expected = described["expect"]
    transcript = Transcript()
    transcript.apply_all(await answered(client, up, recorded(name).pieces(7), described["dialect"]))
    assert (transcript.text, transcript.reasoning) == (expected["text"], expected["reasoning"])
    outcome = transcript.outcome
    if expected["error"]:
        assert isinstance(outcome, Failed)
        assert outcome.kind == expected["error"]["kind"]
    else:
        assert isinstance(outcome, Finished)
        assert outcome.reason == expected["finish_reason"]


PAGE = b"<!doctype html><title>502</title><h1>Bad gateway</h1>" + b"<p>x</p>" * 20_000


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        b" \r\n\n<html>",
        b"\xef\xbb\xbf<html>",
        b"Service unavailable",
        b"\x89PNG\r\n\x1a\n" * 100,
        b"[1, 2]",
        b"{",
    ],
    ids=["html", "blanks_then_html", "mark_then_html", "words", "picture", "list", "half_an_object"],
)
async def test_U_09_what_is_neither_stream_nor_json_is_refused(
    up: Upstream, client: Client, body: bytes, dialect: str
) -> None:
    for headers in ({"Content-Type": "text/event-stream"}, {"Content-Type": "text/html"}):
        events = await answered(client, up, Answer([Send(body)], headers=headers), dialect)
        assert why(events) == ("protocol", "bad_response")
        assert len(events) == 1
        assert "<" not in repr(events)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/octet-stream", "application/json"])
async def test_the_content_type_decides_nothing(up: Upstream, client: Client, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    events = await answered(client, up, replace(openai_answer("Hello"), headers=headers))
    assert text(events) == "Hello"
    assert isinstance(events[-1], Finished)


WHOLE = {
    "openai": {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1},
    },
    "anthropic": {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 5, "output_tokens": 1},
    },
}


@pytest.mark.parametrize("dialect", WHOLE)
@pytest.mark.parametrize("size", [1, 1_000])
async def test_U_10_a_whole_answer_is_an_answer(up: Upstream, client: Client, dialect: str, size: int) -> None:
    body = b"\n\n\n" + json.dumps(WHOLE[dialect], indent=1).encode()
    events = await answered(client, up, Answer([Send(body)]).pieces(size), dialect)
    assert text(events) == "Hello"
    assert isinstance(events[-1], Finished)
    assert [event.output for event in events if isinstance(event, Usage)] == [1]


@pytest.mark.parametrize("dialect", WHOLE)
async def test_U_11_an_error_under_status_200_is_an_error(up: Upstream, client: Client, dialect: str) -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Too much to do"}}
    events = await answered(client, up, Answer([Send(json.dumps(body).encode())]), dialect)
    assert why(events)[0] == "overloaded"
    assert len(events) == 1


@pytest.mark.parametrize(
    ("answer", "dialect", "outcome"),
    [
        pytest.param(openai_answer("Hi").upto(2, Send(b'data: {"cho')), "openai", ("truncated",) * 2, id="U_17"),
        pytest.param(openai_answer("Hi", done=False), "openai", "stop", id="U_19"),
        pytest.param(openai_answer("Hi", finish=None), "openai", "unknown", id="U_20"),
        pytest.param(openai_answer("Hi", finish=None, done=False), "openai", ("truncated", "no_terminal"), id="U_21"),
        pytest.param(anthropic_answer("Hi", done=False), "anthropic", "stop", id="U_22"),
        pytest.param(
            anthropic_answer("Hi", finish=None, done=False), "anthropic", ("truncated", "no_terminal"), id="U_23"
        ),
    ],
)
@pytest.mark.parametrize("framing", get_args(Framing)[:2])
async def test_U_17_U_19_U_20_U_21_U_22_U_23_the_end_of_the_body_is_told_apart(
    up: Upstream, client: Client, answer: Answer, dialect: str, outcome: object, framing: Framing
) -> None:
    events = await answered(client, up, replace(answer, framing=framing), dialect)
    assert text(events) == "Hi"
    last = events[-1]
    assert (last.reason if isinstance(last, Finished) else why(events)) == outcome


@pytest.mark.parametrize(
    ("dialect", "error"),
    [
        ("openai", data({"error": {"message": "Too much to do", "type": "server_error"}})),
        ("openai", Send(b"event: error\ndata: out of memory\n\n")),
        ("anthropic", event("error", error={"type": "overloaded_error", "message": "Too much to do"})),
    ],
)
async def test_U_24_an_error_in_the_middle_keeps_what_came(
    up: Upstream, client: Client, dialect: str, error: Send
) -> None:
    answer = openai_answer("Hi", " there") if dialect == "openai" else anthropic_answer("Hi", " there")
    events = await answered(client, up, answer.at(-3, error), dialect)
    assert text(events) == "Hi there"
    assert why(events)[1] == "upstream_error_event"


async def test_U_26_broken_json_in_the_middle_keeps_what_came(up: Upstream, client: Client) -> None:
    events = await answered(client, up, openai_answer("Hi", " there").at(2, Send(b"data: {broken\n\n")))
    assert text(events) == "Hi"
    assert why(events) == ("protocol", "malformed")


def endless(first: bytes, piece: bytes, count: int) -> Answer:
    """A body of many MiB that is written bit by bit."""
    return Answer([Send(first), *[Send(piece)] * count])


@pytest.mark.parametrize(
    "first",
    [b"data: ", b": ", b'data: {"choices":[{"delta":{"content":"', b"{"],
    ids=["data", "comment", "event", "json"],
)
async def test_U_29_I_19_a_line_without_end_is_refused_with_flat_memory(
    up: Upstream, client: Client, first: bytes
) -> None:
    up.otherwise = lambda request: endless(first, b"x" * 65_536, 400)
    tracemalloc.start()
    try:
        events = await answered(client, up, up.otherwise(None))  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert why(events) == ("protocol", "event_too_large")
    assert peak < 40 * 1024 * 1024


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
@pytest.mark.parametrize("size", [1, 50, 100_000])
async def test_U_38_compression_that_nobody_asked_for_is_opened(
    up: Upstream, client: Client, encoding: str, pack: Callable[[bytes], bytes], size: int
) -> None:
    plain = openai_answer("Hello", " wörld")
    packed = Answer([Send(pack(plain.body))], headers={**plain.headers, "Content-Encoding": encoding})
    events = await answered(client, up, packed.pieces(size))
    assert text(events) == "Hello wörld"
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip"])
async def test_U_38_other_compression_is_refused(up: Upstream, client: Client, encoding: str) -> None:
    plain = openai_answer("Hello")
    events = await answered(client, up, replace(plain, headers={**plain.headers, "Content-Encoding": encoding}))
    assert why(events) == ("protocol", "bad_response")


@pytest.mark.parametrize("content", [b"\n", b": x\n", b"x"], ids=["blank_lines", "comments", "one_line"])
async def test_U_39_F12_a_bomb_ends_at_a_limit_with_flat_memory(up: Upstream, client: Client, content: bytes) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    piece = content * (1_048_576 // len(content))
    bomb = b"".join([packer.compress(piece) for _ in range(128)]) + packer.flush()
    answer = Answer([Send(bomb)], headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        events = await answered(client, up, answer)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert why(events) == ("protocol", "event_too_large")
    assert peak < 24 * 1024 * 1024


async def test_U_40_what_follows_the_end_is_ignored_and_the_connection_closed(up: Upstream, client: Client) -> None:
    answer = openai_answer("Hi")
    more = [step for _ in range(200) for step in (data({"choices": [{"delta": {"content": "more"}}]}), Pause(0.05))]
    events = await answered(client, up, replace(answer, steps=[*answer.steps, *more]))
    assert text(events) == "Hi"
    assert isinstance(events[-1], Finished)
    await up.saw_close()


async def test_U_37_comments_and_blank_lines_are_signs_of_life(up: Upstream, client: Client) -> None:
    answer = openai_answer("Hi")
    up.script(replace(answer, steps=[Send(b"\n\n"), Pause(0.05), Send(b": working\n\n"), Pause(0.05), *answer.steps]))
    reads = [events async for events in client.ask(model(up.url), ask("Hi"))]
    assert reads[:2] == [[Alive()], [Alive()]]
    assert isinstance(reads[-1][-1], Finished)
