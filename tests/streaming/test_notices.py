"""What is the matter just now: told to whoever looks on, kept nowhere, and over when it is not true any more (U-07)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest

from streaming.errors import Lost
from streaming.events import Finished, Started, Stopped, Text, Waiting
from streaming.logs import Batch, Log
from streaming.logs.memory import MemoryLog
from streaming.prompts import ask

from .running import END, HELLO, MODEL, failure, runs
from .tab import Tab
from .world import RUN, Door, Ledger, told

BUSY = failure("rate_limited", retry_after=9)


class Clock:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=[pytest.param(MemoryLog, id="memory")])
def make(request: pytest.FixtureRequest) -> Callable[..., Log]:
    made: Callable[..., Log] = request.param
    return made


async def test_U_07_a_notice_is_told_between_events_and_moves_nobody(make: Callable[..., Log]) -> None:
    log = make()
    await log.open(RUN, 1)
    await log.append(RUN, 1, 0, [Started("1", "m")])
    async with asyncio.timeout(5), aclosing(log.read(RUN, 0)) as batches:
        assert await anext(batches) == Batch(0, 1, [Started("1", "m")])
        await log.tell(RUN, 1, Waiting(14, "overloaded"))
        said = await anext(batches)
        assert (said.after, said.position, said.events) == (1, 1, [])
        assert said.notice is not None
        assert (said.notice.reason, 0 < said.notice.seconds <= 14) == ("overloaded", True)
        await log.append(RUN, 1, 1, [Text("Hi"), Finished("stop")])
        assert await anext(batches) == Batch(1, 3, [Text("Hi"), Finished("stop")])
    assert [batch.events async for batch in log.read(RUN, 0)] == [[Started("1", "m"), Text("Hi"), Finished("stop")]]


async def test_U_07_who_comes_later_is_told_what_is_left_of_it(make: Callable[..., Log]) -> None:
    clock = Clock()
    log = make(clock=clock)
    await log.open(RUN, 1)
    await log.tell(RUN, 1, Waiting(14, "rate_limited"))
    clock.now += 10
    async with asyncio.timeout(5), aclosing(log.read(RUN, 0)) as batches:
        assert (await anext(batches)).notice == Waiting(4, "rate_limited")
    clock.now += 10
    async with aclosing(log.read(RUN, 0)) as batches:
        waits = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0.05)
        assert not waits.done()
        await log.append(RUN, 1, 0, [Finished("stop")])
        assert (await waits).events == [Finished("stop")]


async def test_U_07_only_the_writer_gives_notice(make: Callable[..., Log]) -> None:
    log = make()
    with pytest.raises(Lost):
        await log.tell(RUN, 1, Waiting(1, "overloaded"))
    await log.open(RUN, 2)
    with pytest.raises(Lost):
        await log.tell(RUN, 1, Waiting(1, "overloaded"))
    await log.append(RUN, 2, 0, [Finished("stop")])
    with pytest.raises(Lost):
        await log.tell(RUN, 2, Waiting(1, "overloaded"))


async def test_U_07_alices_tab_hears_of_the_wait_and_then_of_the_answer(
    log: MemoryLog, ledger: Ledger, door: Door
) -> None:
    live, asker = runs(log, ledger, [failure("rate_limited", retry_after=1)], [HELLO, END])
    async with Tab(log, door) as tab:
        await live.start(RUN, MODEL, ask("Hi"))
        await tab.follow()
        frame = await tab.until("waiting")
        assert (frame["run"], frame["reason"]) == (RUN, "rate_limited")
        assert 0 < frame["seconds"] <= 1
        assert (await tab.to_the_end()).text == "Hello"
    assert asker.asked == 2
    assert [type(event) for event in await told(log)] == [Started, Text, Finished]


async def test_U_07_stop_ends_the_wait_at_once(log: MemoryLog, ledger: Ledger) -> None:
    live, asker = runs(log, ledger, [BUSY], [HELLO, END])
    await live.start(RUN, MODEL, ask("Hi"))
    async with aclosing(log.read(RUN, 0)) as batches:
        assert (await anext(batches)).notice is not None
        async with asyncio.timeout(3):
            await live.stop(RUN)
            assert (await anext(batches)).events == [Stopped("person")]
    assert asker.asked == 1
