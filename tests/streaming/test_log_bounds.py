"""What a log in memory keeps, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from streaming.errors import Gone
from streaming.events import Finished, Text
from streaming.logs import Log
from streaming.logs.memory import Bounds, MemoryLog

END = Finished("stop", "stop")


async def test_wishes_to_stop_what_nobody_starts_are_forgotten() -> None:
    log = MemoryLog(Bounds(stops=2))
    for run in ("a", "b", "c"):
        await log.ask_to_stop(run, "person")
    for run in ("a", "b", "c"):
        await log.open(run, 1)
    heard = [asyncio.create_task(log.stop_asked(run)) for run in ("a", "b", "c")]
    await asyncio.wait(heard, timeout=0.05)
    assert [task.done() for task in heard] == [False, True, True]
    heard[0].cancel()


async def test_an_ended_run_is_kept_for_a_while_only() -> None:
    now = 0.0
    log = MemoryLog(clock=lambda: now)
    await log.open("a", 1)
    await log.append("a", 1, 0, [Text("a"), END])
    now = 599
    assert await anext(log.read("a", 0))
    now = 601
    with pytest.raises(Gone):
        await anext(log.read("a", 0))


async def test_I_19_memory_stays_flat_whatever_is_written() -> None:
    bounds = Bounds(events=200, bytes=100_000, ended_bytes=500_000)
    log = MemoryLog(bounds)
    largest = 0
    for run in range(50):
        await log.open(str(run), 1)
        for n in range(300):
            await log.append(str(run), 1, n, [Text("x" * 1_000)])
        await log.append(str(run), 1, 300, [END])
        largest = max(largest, sum(one.bytes for one in log._runs.values()))
    assert largest <= bounds.ended_bytes + 2 * bounds.bytes
    kept = [run async for run in _alive(log, 50)]
    assert kept and kept[-1] == "49"


async def _alive(log: Log, count: int) -> AsyncIterator[str]:
    for run in range(count):
        try:
            async with aclosing(log.read(str(run), 301)) as batches:
                assert [batch async for batch in batches] == []
                yield str(run)
        except Gone:
            continue
