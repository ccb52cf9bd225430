"""How long an answer may take, how large it may grow, and how often it is asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from streaming.events import (
    Alive,
    Event,
    Failed,
    Reasoning,
    Started,
    Text,
    ToolCall,
)
from streaming.logs.memory import MemoryLog
from streaming.prompts import ask
from streaming.runs import Limits

from .running import END, HELLO, MODEL, after, failure, forever, outcome, runs
from .world import RUN, Ledger, told


@pytest.mark.parametrize(
    ("limits", "script", "reason"),
    [
        (Limits(first=0.05), [forever], "first_token_timeout"),
        (Limits(first=9, silence=0.05), [HELLO, forever], "stalled"),
        (Limits(silence=0.05), [[Alive()], forever], "stalled"),
        (Limits(progress=0.1), [HELLO, *[after(0.01), [Alive()]] * 100], "no_progress"),
        (Limits(total=0.1), [*[after(0.01), [Reasoning("hm ")]] * 100], "too_slow"),
    ],
    ids=["U_14_first", "U_15_silence", "U_15_silence_before_words", "U_16_progress", "total"],
)
async def test_U_14_U_15_U_16_every_clock_ends_a_run(
    log: MemoryLog, ledger: Ledger, limits: Limits, script: list[Any], reason: str
) -> None:
    live, asker = runs(log, ledger, script, limits=limits)
    await live.start(RUN, MODEL, ask("Hi"))
    last = (await told(log))[-1]
    assert isinstance(last, Failed)
    assert (last.kind, last.reason) == ("timeout", reason)
    assert (asker.asked, asker.closed) == (1, 1)


async def test_U_37_signs_of_life_keep_a_silent_model_alive(log: MemoryLog, ledger: Ledger) -> None:
    script = [[Alive()], *[after(0.1), [Alive()]] * 30, HELLO, END]
    assert await outcome(log, ledger, script, limits=Limits(silence=2, first=2)) == [*HELLO, *END]


@pytest.mark.parametrize("reason", ["upstream_unreachable", "upstream_error", "rate_limited", "connection_lost"])
async def test_U_08_U_25_before_the_first_word_it_asks_again(log: MemoryLog, ledger: Ledger, reason: str) -> None:
    trouble = [[Started("0", "m")], failure(reason)]
    assert await outcome(log, ledger, trouble, trouble, [HELLO, END]) == [*HELLO, *END]


async def test_U_01_it_asks_at_most_twice_more(log: MemoryLog, ledger: Ledger) -> None:
    trouble = [failure("upstream_unreachable")]
    live, asker = runs(log, ledger, trouble, trouble, trouble, [HELLO, END])
    await live.start(RUN, MODEL, ask("Hi"))
    assert await told(log) == failure("upstream_unreachable")
    assert asker.asked == 3


@pytest.mark.parametrize(
    "shown", [Text("a"), Reasoning("a"), ToolCall(0, "1", "f")], ids=["text", "reasoning", "tool_call"]
)
async def test_after_the_first_word_it_never_asks_again(log: MemoryLog, ledger: Ledger, shown: Event) -> None:
    events = await outcome(log, ledger, [[shown], failure("connection_lost")], [HELLO, END])
    assert events == [shown, *failure("connection_lost")]


async def test_what_will_not_get_better_is_not_asked_again(log: MemoryLog, ledger: Ledger) -> None:
    live, asker = runs(log, ledger, [failure("upstream_auth", status=401)], [HELLO, END])
    await live.start(RUN, MODEL, ask("Hi"))
    assert await told(log) == failure("upstream_auth", status=401)
    assert asker.asked == 1


@pytest.mark.parametrize("wait", [-5.0, 0.0, 0.2])
async def test_U_07_a_wait_below_a_second_counts_as_one(log: MemoryLog, ledger: Ledger, wait: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await outcome(log, ledger, [failure("rate_limited", retry_after=wait)], [HELLO, END])
    assert loop.time() - began >= 0.99


@pytest.mark.parametrize("wait", [20.1, 3600.0, 315_360_000.0, float("inf")])
async def test_U_07_beyond_twenty_seconds_the_person_decides(log: MemoryLog, ledger: Ledger, wait: float) -> None:
    live, asker = runs(log, ledger, [failure("rate_limited", retry_after=wait)], [HELLO, END])
    await live.start(RUN, MODEL, ask("Hi"))
    assert await told(log) == failure("rate_limited", retry_after=wait)
    assert asker.asked == 1


async def test_U_30_an_answer_that_grows_too_long_is_cut_and_kept(log: MemoryLog, ledger: Ledger) -> None:
    live, asker = runs(log, ledger, [*[[Text("äöü")]] * 4, forever], limits=Limits(text=20))
    await live.start(RUN, MODEL, ask("Hi"))
    text, end = await told(log)
    assert text == Text("äöü" * 3 + "ä")
    assert isinstance(end, Failed)
    assert (end.kind, end.reason, end.retryable) == ("local", "too_long", False)
    assert asker.closed == 1


async def test_I_19_no_entry_of_a_log_is_larger_than_a_reader_can_hold(log: MemoryLog, ledger: Ledger) -> None:
    words = "".join(f"{n} " for n in range(100_000))
    await outcome(log, ledger, [[Text(words), ToolCall(0, "1", "f", words)], END])
    events = [event async for batch in log.read(RUN, 0) for event in batch.events]
    assert len(events) > 15
    assert max(len(getattr(event, "text", getattr(event, "arguments", ""))) for event in events) <= 65_536
    assert await told(log) == [Text(words), ToolCall(0, "1", "f", words), *END]
