"""The contract of a log, for every implementation: one writer, any number of readers, nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import TypeAlias

import pytest

from streaming.errors import Gone, Lost
from streaming.events import Event, Failed, Finished, Started, Stopped, Text, merge
from streaming.logs import Batch, Log
from streaming.logs.memory import Bounds, MemoryLog
from streaming.logs.redis import RedisLog

RUN = "6b1f8f0e-0000-4000-8000-000000000001"
END = Finished("stop", "stop")
Make: TypeAlias = Callable[..., Log]


@pytest.fixture(params=["memory", "redis", "two processes"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "memory":
        return MemoryLog
    url = request.getfixturevalue("empty_redis")
    if request.param == "redis":
        return partial(RedisLog, url)
    return lambda *bounds: Elsewhere(RedisLog(url, *bounds), RedisLog(url, *bounds))


@pytest.fixture
def log(make: Make) -> Log:
    return make()


class Elsewhere:
    """One process writes, another one reads."""

    def __init__(self, writer: Log, reader: Log) -> None:
        self.open, self.append, self.tell, self.stop_asked = writer.open, writer.append, writer.tell, writer.stop_asked
        self.read, self.ask_to_stop, self.close = reader.read, reader.ask_to_stop, reader.close
        self.away = False


async def written(log: Log, *events: Event, fence: int = 1) -> Log:
    await log.open(RUN, fence)
    for position, event in enumerate(events):
        await log.append(RUN, fence, position, [event])
    return log


async def read(log: Log, after: int = 0, run: str = RUN) -> list[Batch]:
    async with asyncio.timeout(60):
        return [batch async for batch in log.read(run, after)]


async def first(log: Log, after: int = 0) -> Batch:
    async with asyncio.timeout(60), aclosing(log.read(RUN, after)) as batches:
        return await anext(batches)


def told(batches: Sequence[Batch]) -> list[Event]:
    return merge([event for batch in batches for event in batch.events])


def hold_together(batches: Sequence[Batch], after: int = 0) -> None:
    """Each begins where the one before it ended."""
    for batch in batches:
        assert batch.after == after
        after = batch.position


async def test_positions_are_whole_numbers_from_one(log: Log) -> None:
    await log.open(RUN, 1)
    assert await log.append(RUN, 1, 0, [Started(), Text("a")]) == 2
    assert await log.append(RUN, 1, 2, [Text("b")]) == 3
    assert await log.append(RUN, 1, 3, []) == 3


async def test_R_01_alice_follows_a_log_that_is_still_empty(log: Log) -> None:
    await log.open(RUN, 1)
    reading = asyncio.create_task(read(log))
    await asyncio.sleep(0)
    await log.append(RUN, 1, 0, [Text("a")])
    await log.append(RUN, 1, 1, [END])
    batches = await reading
    hold_together(batches)
    assert told(batches) == [Text("a"), END]


async def test_R_02_alice_goes_on_from_where_she_is(log: Log) -> None:
    await written(log, Text("a"), Text("b"), Text("c"), END)
    assert await read(log, 2) == [Batch(2, 4, [Text("c"), END])]


async def test_R_03_alice_has_everything_and_gets_only_what_is_new(log: Log) -> None:
    await written(log, Text("a"), Text("b"))
    reading = asyncio.create_task(first(log, 2))
    await asyncio.sleep(0.01)
    assert not reading.done()
    await log.append(RUN, 1, 2, [Text("c")])
    assert await reading == Batch(2, 3, [Text("c")])


async def test_R_03_alice_has_the_end_too(log: Log) -> None:
    await written(log, Text("a"), END)
    assert await read(log, 2) == []


async def test_R_04_what_alice_needs_is_merged_away(make: Make) -> None:
    log = await written(make(Bounds(events=10)), *(Text(str(n)) for n in range(12)))
    with pytest.raises(Gone):
        await first(log, 3)
    assert (await first(log, 8)).after == 8


async def test_R_04_what_alice_needs_was_too_large_to_keep(make: Make) -> None:
    log = await written(make(Bounds(bytes=10_000)), *(Text("x" * 1_000) for _ in range(30)))
    with pytest.raises(Gone):
        await first(log, 0)
    assert (await first(log, 29)).position == 30


@pytest.mark.parametrize("after", [2, 1_000_000, -1])
async def test_R_05_alice_is_ahead_of_the_log(log: Log, after: int) -> None:
    await written(log, Text("a"))
    with pytest.raises(Gone):
        await first(log, after)


async def test_R_06_another_run_is_another_log(log: Log) -> None:
    await written(log, Text("a"), END)
    with pytest.raises(Gone):
        await read(log, 1, "6b1f8f0e-0000-4000-8000-000000000002")


async def test_R_07_from_nothing_alice_gets_everything(log: Log) -> None:
    await written(log, Started("1", "m"), Text("a"), Text("b"), END)
    assert told(await read(log)) == [Started("1", "m"), Text("ab"), END]


async def test_R_07_everything_is_there_even_after_much_was_merged(make: Make) -> None:
    log = await written(make(Bounds(events=100)), *(Text(f"{n} ") for n in range(2_000)), END)
    batches = await read(log)
    hold_together(batches)
    assert batches[-1].position == 2_001
    assert told(batches) == [Text("".join(f"{n} " for n in range(2_000))), END]


async def test_R_09_the_end_comes_between_the_snapshot_and_the_follow(log: Log) -> None:
    await written(log, Text("a"))
    snapshot = 1
    await log.append(RUN, 1, 1, [Text("b"), END])
    assert await read(log, snapshot) == [Batch(1, 3, [Text("b"), END])]


async def test_R_10_R_13_any_number_of_readers_attach_at_any_moment(log: Log) -> None:
    await log.open(RUN, 1)
    dice = random.Random(7)
    readers = []
    position = 0
    for n in range(300):
        if dice.random() < 0.1:
            readers.append((position, asyncio.create_task(read(log, position))))
        events = [Text(f"[{n}.{m}]") for m in range(dice.randint(1, 3))]
        position = await log.append(RUN, 1, position, events)
        if dice.random() < 0.5:
            await asyncio.sleep(0)
    await log.append(RUN, 1, position, [END])
    whole = [event for batch in await read(log) for event in batch.events]
    assert len(readers) > 10
    for after, reading in readers:
        batches = await reading
        hold_together(batches, after)
        assert [event for batch in batches for event in batch.events] == whole[after:]


async def test_I_3_only_the_newest_fence_writes(log: Log) -> None:
    assert await log.open(RUN, 1) == 0
    await log.append(RUN, 1, 0, [Text("a")])
    assert await log.open(RUN, 2) == 1
    with pytest.raises(Lost):
        await log.append(RUN, 1, 1, [Text("late")])
    assert await log.append(RUN, 2, 1, [Text("b")]) == 2
    with pytest.raises(Lost):
        await log.open(RUN, 2)
    assert (await first(log)).position == 2


async def test_I_4_R_15_a_writer_who_has_missed_something_is_refused(log: Log) -> None:
    await written(log, Text("a"))
    for after in (0, 2):
        with pytest.raises(Lost):
            await log.append(RUN, 1, after, [Text("x")])
    with pytest.raises(Lost):
        await log.append("unknown", 1, 0, [Text("x")])


@pytest.mark.parametrize("end", [END, Stopped(), Failed("local", "internal", "Sorry.")])
async def test_I_11_nothing_follows_the_end(log: Log, end: Event) -> None:
    await written(log, Text("a"), end)
    with pytest.raises(Lost):
        await log.append(RUN, 1, 2, [Text("more")])
    with pytest.raises(Lost):
        await log.open(RUN, 2)
    assert told(await read(log)) == [Text("a"), end]


async def test_a_cancelled_reader_takes_nothing_from_the_others(log: Log) -> None:
    await log.open(RUN, 1)
    readers = [asyncio.create_task(read(log)) for _ in range(3)]
    await asyncio.sleep(0)
    readers[0].cancel()
    await log.append(RUN, 1, 0, [Text("a")])
    readers[1].cancel()
    await log.append(RUN, 1, 1, [END])
    assert told(await readers[2]) == [Text("a"), END]
    assert all(
        isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*readers[:2], return_exceptions=True)
    )


async def test_a_slow_reader_gets_all_at_once_and_holds_nobody_up(log: Log) -> None:
    await log.open(RUN, 1)
    async with aclosing(log.read(RUN, 0)) as slow:
        await log.append(RUN, 1, 0, [Text("a")])
        assert await anext(slow) == Batch(0, 1, [Text("a")])
        for n in range(50):
            await log.append(RUN, 1, 1 + n, [Text(str(n))])
        await first(log, 50)  # so far has whatever this reader looks at come by now
        batch = await anext(slow)
    assert (batch.after, batch.position, len(batch.events)) == (1, 51, 50)


async def test_readers_are_woken_and_do_not_poll(log: Log) -> None:
    await log.open(RUN, 1)
    readers = [asyncio.create_task(read(log)) for _ in range(50)]
    await asyncio.sleep(0.01)
    loop = asyncio.get_running_loop()
    timers = [timer for timer in getattr(loop, "_scheduled", ()) if not timer.cancelled()]
    assert len(timers) <= 60  # the tests' own time limits, one each
    await log.append(RUN, 1, 0, [END])
    assert await asyncio.gather(*readers) == [[Batch(0, 1, [END])]] * 50


async def test_I_23_a_closed_log_returns_nothing_to_anybody(log: Log) -> None:
    await written(log, Text("secret"))
    waiting = asyncio.create_task(read(log, 1))
    stop = asyncio.create_task(log.stop_asked(RUN))
    await asyncio.sleep(0)
    await log.close(RUN)
    for task in (waiting, stop):
        with pytest.raises(Gone):
            await task
    with pytest.raises(Gone):
        await first(log)
    await log.close(RUN)


async def test_a_stop_is_heard_whenever_it_is_asked(log: Log) -> None:
    await log.open(RUN, 1)
    hearing = asyncio.create_task(log.stop_asked(RUN))
    await asyncio.sleep(0)
    await log.append(RUN, 1, 0, [Text("a")])
    assert not hearing.done()
    await log.ask_to_stop(RUN, "person")
    await log.ask_to_stop(RUN, "deleted")
    assert await hearing == await log.stop_asked(RUN) == "person"


async def test_B_08_a_wish_to_stop_what_is_just_being_started_is_not_lost(log: Log) -> None:
    await log.ask_to_stop(RUN, "person")
    await log.open(RUN, 1)
    async with asyncio.timeout(60):
        assert await log.stop_asked(RUN) == "person"
