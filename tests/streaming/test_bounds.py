"""What a model's server can make us hold, write down or chew on: little, whatever it sends (I-19, I-20, S-53)."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, TypeAlias

import pytest

from streaming.attempts import Answer, Limits
from streaming.dialects import DIALECTS
from streaming.events import Event, Failed, Finished, Text, Waiting, encode, merge
from streaming.logs.memory import MemoryLog
from streaming.prompts import Prompt, ask
from streaming.reading import Reading
from streaming.transcript import Transcript
from streaming.upstreams import Model

from .running import MODEL
from .world import RUN

MIB = 1024 * 1024
Wire: TypeAlias = Iterator[dict[str, Any]]


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


def blocks_that_nobody_sees() -> Wire:
    for index in range(20):
        yield {
            "type": "content_block_start",
            "index": index,
            "content_block": {"type": "redacted_thinking", "data": "A" * MIB},
        }
        yield {"type": "content_block_stop", "index": index}


def blocks_that_one_holds_back() -> Wire:
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}
    for index in range(1, 20):
        block = {"type": "redacted_thinking", "data": "A" * MIB}
        yield {"type": "content_block_start", "index": index, "content_block": block}
        yield {"type": "content_block_stop", "index": index}


def blocks_of_no_kind() -> Wire:
    for index in range(20_000):
        yield {"type": "content_block_start", "index": index, "content_block": {"type": "x"}}


def input_that_is_not_ended() -> Wire:
    for index in range(20):
        block = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": "A" * MIB}}
        yield {"type": "content_block_start", "index": index, "content_block": block}


def calls_of_long_names() -> Wire:
    for number in range(100):
        yield chunk(tool_calls=[{"id": f"c{number}", "function": {"name": "N" * 100_000, "arguments": "{}"}}])


def calls_without_ids() -> Wire:
    for _ in range(20_000):
        yield chunk(tool_calls=[{"function": {"name": "f"}}])


def members_without_end() -> Wire:
    yield chunk(tool_calls=[{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}])
    for number in range(1_000):
        yield chunk(tool_calls=[{"index": 0, f"k{number}": "E" * 10_000}])


def arguments_without_a_name() -> Wire:
    for _ in range(20):
        yield chunk(tool_calls=[{"index": 0, "function": {"arguments": "H" * MIB}}])


def details_without_words() -> Wire:
    for number in range(20):
        yield chunk(reasoning_details=[{"type": "reasoning.encrypted", "index": number, "data": "D" * MIB}])


GREEDY: list[tuple[str, Callable[[], Wire]]] = [
    ("anthropic", blocks_that_nobody_sees),
    ("anthropic", blocks_that_one_holds_back),
    ("anthropic", blocks_of_no_kind),
    ("anthropic", input_that_is_not_ended),
    ("openai", calls_of_long_names),
    ("openai", calls_without_ids),
    ("openai", members_without_end),
    ("openai", arguments_without_a_name),
    ("openai", details_without_words),
]


class Greedy:
    """A model's server that sends this."""

    def __init__(self, dialect: str, wire: Wire) -> None:
        self.dialect, self.wire = dialect, wire
        self.sent = 0

    async def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]:
        reading = Reading(DIALECTS[self.dialect].Parser())
        if self.dialect == "anthropic":
            reading.feed(b'data: {"type":"message_start","message":{"id":"m"}}\n\n')
        for each in self.wire:
            data = json.dumps(each)
            self.sent += len(data)
            if events := reading.feed(f"data: {data}\n\n".encode()):
                yield events
            if reading.done:
                return
        yield reading.feed(b"data: [DONE]\n\n") or reading.close()


@pytest.mark.parametrize(("dialect", "wire"), GREEDY, ids=[wire.__name__ for _, wire in GREEDY])
async def test_I_19_whatever_a_run_is_sent_it_holds_and_writes_its_share_and_no_more(
    log: MemoryLog, dialect: str, wire: Callable[[], Wire]
) -> None:
    server = Greedy(dialect, wire())
    transcript = Transcript()
    written = position = 0
    await log.open(RUN, 1)
    async for events in Answer(server, MODEL, ask("Hi"), Limits()).events():
        assert not isinstance(events, Waiting)
        written += len(encode(events))
        position = await log.append(RUN, 1, position, events)
        transcript.apply_all(events)
    assert isinstance(transcript.outcome, Failed)
    assert (transcript.outcome.kind, transcript.outcome.reason) == ("local", "too_long")
    assert written < 5 * MIB
    assert server.sent < 10 * MIB
    assert log._runs[RUN].bytes < 5 * MIB


async def test_I_19_an_attempt_that_failed_takes_nothing_from_the_next(log: MemoryLog) -> None:
    hidden = [chunk(reasoning_details=[{"type": "reasoning.encrypted", "data": "D" * MIB}])] * 3
    answers = [[*hidden, {"error": {"code": 503}}], [*hidden, chunk(content="x" * 3 * MIB)]]

    class Twice(Greedy):
        async def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]:
            self.wire = iter(answers.pop(0))
            async for events in super().ask(model, prompt):
                yield events

    told: list[Event] = []
    async for events in Answer(Twice("openai", iter(())), MODEL, ask("Hi"), Limits(retry_pause=0.01)).events():
        told += [] if isinstance(events, Waiting) else events
    assert len(answers) == 0
    assert "".join(event.text for event in told if isinstance(event, Text)) == "x" * 3 * MIB


MANY = "[" + '{"a":[1]},' * 400_000 + "0]"
HEAVY = {
    "broken": '{"choices":[{"delta":{"content":"\\ud83d"}}],"z":MANY}',
    "arguments": '{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":MANY}}]}}]}',
    "members": '{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f"},"x":MANY}]}}]}',
    "details": '{"choices":[{"delta":{"reasoning_details":MANY}}]}',
    "parts": '{"choices":[{"delta":{"content":MANY}}]}',
}


@pytest.mark.parametrize("data", HEAVY.values(), ids=HEAVY)
@pytest.mark.parametrize("name", ["", "event: error\n"], ids=["data", "error"])
def test_I_20_S_53_an_event_of_very_many_members_is_refused_before_it_is_built(data: str, name: str) -> None:
    reading = Reading(DIALECTS["openai"].Parser())
    began = time.process_time()
    [end] = reading.feed(f"{name}data: {data.replace('MANY', MANY)}\n\n".encode())
    assert time.process_time() - began < 2
    assert isinstance(end, Failed)
    assert end.reason == ("upstream_error_event" if name else "malformed")


def test_S_53_a_large_event_of_few_members_is_read() -> None:
    words = '[one, two] {three}, "four\\"\n' * 100_000
    events = Reading(DIALECTS["openai"].Parser()).feed(
        f"data: {json.dumps(chunk(content=words[: 2 * MIB]))}\n\n".encode()
    )
    assert events[-1] == Text(words[: 2 * MIB])


def test_S_53_what_was_compressed_is_read_in_turns() -> None:
    body = b'data: {"choices":[{"delta":{"content":"abc "}}]}\n\n' * 20_000 + b"data: [DONE]\n\n"
    reading = Reading(DIALECTS["openai"].Parser(), "gzip")
    packed = gzip.compress(body, 1)
    assert len(packed) < 16_384
    turns = list(reading.pieces(packed))
    assert len(turns) > 10
    assert max(map(len, turns)) < 2_000
    told = merge(event for turn in turns for event in turn)
    assert told[1:] == [Text("abc " * 20_000), Finished("unknown")]
