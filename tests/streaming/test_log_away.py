"""Two processes on one Redis that is killed, frozen, cut off, full, read-only or behind a bad network."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator

import pytest

from scripts import stores
from streaming.errors import Gone, Lost
from streaming.events import Event, Finished, Text, Waiting
from streaming.logs.link import PATIENCE
from streaming.logs.memory import Bounds
from streaming.logs.redis import RedisLog
from tests.streaming.away import RUN, SOON, Network, away, say, until, whole, whole_of, words

END = Finished("stop", "stop")


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    with stores.redis_server() as server:
        network = Network(server)
        network.url = f"redis://127.0.0.1:{await network.proxy.start()}/0"
        yield network
        server.signal(signal.SIGCONT)
        await network.proxy.stop()


@pytest.fixture
def here(network: Network) -> RedisLog:
    """The process that writes."""
    return RedisLog(network.url)


@pytest.fixture
def there(network: Network) -> RedisLog:
    """Another one."""
    return RedisLog(network.url)


HOW = ("killed", "frozen", "black hole", "slow", "full", "wrong password", "read-only")


@pytest.mark.parametrize("how", HOW)
async def test_D_06_D_07_here_all_goes_on_and_there_it_catches_up(
    network: Network, here: RedisLog, there: RedisLog, how: str
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, 5)
    mine, theirs = asyncio.create_task(whole(here)), asyncio.create_task(whole(there))
    await asyncio.sleep(0.1)
    async with away(network, how):
        began = time.monotonic()
        await say(here, 5, 40)
        await until(lambda: here.away)
        assert time.monotonic() - began < 10 * PATIENCE  # it is waited for once, however much there is to say
        await here.append(RUN, 1, 40, [END])
        assert await asyncio.wait_for(mine, SOON) == words(40)
        assert not theirs.done()
    assert await asyncio.wait_for(theirs, 3 * SOON) == words(40)


async def test_D_06_who_comes_while_redis_is_away_is_sent_to_the_row_at_once(
    network: Network, here: RedisLog, there: RedisLog
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, 5)
    with pytest.raises(Gone):
        await anext(there.read(RUN, 6))
    async with away(network, "killed"):
        with pytest.raises(Gone):
            async with asyncio.timeout(SOON):
                await anext(there.read("6b1f8f0e-0000-4000-8000-000000000009", 0))
        with pytest.raises(Gone):
            async with asyncio.timeout(SOON):
                await anext(there.read(RUN, 3))


@pytest.mark.parametrize("how", ["killed", "black hole"])
async def test_D_07_an_answer_may_begin_and_end_while_redis_is_away(
    network: Network, here: RedisLog, there: RedisLog, how: str
) -> None:
    await there.ask_to_stop("6b1f8f0e-0000-4000-8000-000000000008", "person")  # both are connected
    async with away(network, how):
        await here.open(RUN, 1)
        await say(here, 0, 10)
        await here.tell(RUN, 1, Waiting(1, "overloaded"))
        await here.append(RUN, 1, 10, [END])
        assert await whole(here) == words(10)
    await until(lambda: not here.away)
    assert await asyncio.wait_for(whole(there), SOON) == words(10)


async def test_D_08_a_redis_that_has_forgotten_everything_is_told_again(
    network: Network, here: RedisLog, there: RedisLog
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, 5)
    reading = asyncio.create_task(whole(there))
    await asyncio.sleep(0.1)
    with network.admin() as admin:
        admin.flushall()
    await say(here, 5, 8)
    await here.append(RUN, 1, 8, [END])
    assert await asyncio.wait_for(reading, SOON) == words(8)
    assert await asyncio.wait_for(whole(there), SOON) == words(8)


async def test_D_08_R_05_a_position_beyond_an_older_state_is_gone_or_comes_again(
    network: Network, here: RedisLog, there: RedisLog
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, 5)
    with network.admin() as admin:
        key = f"chatsite:log:{{{RUN}}}"
        old = admin.dump(key), admin.dump(f"{key}:state")
        await say(here, 5, 9)
        for name, content in zip((key, f"{key}:state"), old, strict=True):
            admin.restore(name, 0, content, replace=True)
    with pytest.raises(Gone):
        await anext(there.read(RUN, 9))
    await here.append(RUN, 1, 9, [END])
    assert await asyncio.wait_for(whole(there), SOON) == words(9)


async def test_I_3_D_05_the_store_itself_refuses_who_was_frozen_and_comes_back(
    network: Network, here: RedisLog, there: RedisLog
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, 5)
    await there.open(RUN, 2)
    with pytest.raises(Lost):
        await here.append(RUN, 1, 5, [Text("late")])
    await there.append(RUN, 2, 5, [END])
    assert await whole(here) == await whole(there) == words(5)


async def test_I_3_who_wrote_on_without_redis_loses_to_the_one_who_took_over(
    network: Network, here: RedisLog, there: RedisLog
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, 5)
    network.proxy.cut()
    network.proxy.hold()
    await say(here, 5, 7)
    assert here.away
    with network.admin() as admin:
        admin.hset(f"chatsite:log:{{{RUN}}}:state", "fence", 2)
    network.proxy.release()
    async with asyncio.timeout(SOON):
        with pytest.raises(Lost):
            for number in range(7, 1000):
                await here.append(RUN, 1, number, [Text("late")])
                await asyncio.sleep(0.05)


async def test_B_08_a_stop_is_heard_by_the_process_that_writes(here: RedisLog, there: RedisLog) -> None:
    await here.open(RUN, 1)
    hearing = asyncio.create_task(here.stop_asked(RUN))
    await there.ask_to_stop(RUN, "person")
    assert await asyncio.wait_for(hearing, SOON) == "person"


async def test_D_07_a_stop_that_was_asked_without_redis_comes_when_it_is_back(
    network: Network, here: RedisLog, there: RedisLog
) -> None:
    await here.open(RUN, 1)
    hearing = asyncio.create_task(here.stop_asked(RUN))
    async with away(network, "frozen"):
        await there.ask_to_stop(RUN, "person")
    assert await asyncio.wait_for(hearing, 2 * SOON) == "person"


async def test_I_23_what_was_purged_without_redis_is_purged_when_it_is_back(
    network: Network, here: RedisLog, there: RedisLog
) -> None:
    await here.open(RUN, 1)
    await here.append(RUN, 1, 0, [Text("a secret"), END])
    async with away(network, "frozen"):
        await there.close(RUN)
    await until(lambda: not here.away and not there.away)
    with network.admin() as admin:
        await until(lambda: b"secret" not in repr(admin.xrange(f"chatsite:log:{{{RUN}}}")).encode())
    with pytest.raises(Gone):
        async with asyncio.timeout(SOON):
            while True:
                await anext(here.read(RUN, 0))


async def test_a_hundred_readers_cost_no_connection_more(network: Network, here: RedisLog, there: RedisLog) -> None:
    await here.open(RUN, 1)
    await say(here, 0, 1)
    await anext(there.read(RUN, 0))
    with network.admin() as admin:
        before = len(admin.client_list())
        readers = [asyncio.create_task(whole(there)) for _ in range(100)]
        await asyncio.sleep(0.2)
        assert len(admin.client_list()) <= before
    await here.append(RUN, 1, 1, [END])
    assert await asyncio.gather(*readers) == [words(1)] * 100


async def test_I_19_redis_holds_no_more_than_the_log_may_and_lets_go_of_it(network: Network) -> None:
    log = RedisLog(network.url, Bounds(events=100, seconds=0.5))
    await log.open(RUN, 1)
    await say(log, 0, 1_000)
    with network.admin() as admin:
        await until(lambda: admin.xlen(f"chatsite:log:{{{RUN}}}") <= 200)
        assert await whole_of(log) == words(1_000)
        await log.append(RUN, 1, 1_000, [END])
        await until(lambda: not [key for key in admin.scan_iter("chatsite:log:*")])


async def test_S_19_whoever_is_cancelled_leaves_nobody_somebody_elses_words(
    network: Network, here: RedisLog, there: RedisLog
) -> None:
    dice = random.Random(19)
    runs = [f"6b1f8f0e-0000-4000-8000-{number:012d}" for number in range(20)]
    for run in runs:
        await here.open(run, 1)
        await here.append(run, 1, 0, [Text(f"canary of {run}")])

    async def look(run: str) -> list[Event]:
        return list((await anext(there.read(run, 0))).events)

    for _ in range(40):
        looks = {asyncio.create_task(look(run)): run for run in dice.choices(runs, k=10)}
        noise = [asyncio.create_task(there.ask_to_stop("no such run", "nobody")) for _ in range(5)]
        await asyncio.sleep(dice.random() * 0.002)
        for task in [*dice.sample(list(looks), 5), *noise]:
            task.cancel()
        seen = await asyncio.gather(*looks, return_exceptions=True)
        for run, events in zip(looks.values(), seen, strict=True):
            assert isinstance(events, asyncio.CancelledError) or events == [Text(f"canary of {run}")]
        await asyncio.gather(*noise, return_exceptions=True)
    for run in runs:
        assert await look(run) == [Text(f"canary of {run}")]
