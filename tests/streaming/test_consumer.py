"""The relay to one tab: what Alice is sent, and in which order."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from streaming.events import Text
from streaming.logs.memory import Bounds, MemoryLog

from .running import END, HELLO
from .tab import Tab, write
from .world import RUN, Door


async def test_alice_is_sent_what_the_model_says_as_it_says_it(log: MemoryLog, door: Door) -> None:
    await log.open(RUN, 1)
    async with Tab(log, door) as tab:
        await tab.follow()
        await log.append(RUN, 1, 0, HELLO)
        assert await tab.frame() == {
            "type": "events",
            "n": 1,
            "run": RUN,
            "after": 0,
            "position": 2,
            "events": [{"type": "started", "id": "1", "model": "m"}, {"type": "text", "text": "Hello"}],
        }
        await log.append(RUN, 1, 2, [Text(" world"), *END])
        assert (await tab.to_the_end()).text == "Hello world"


async def test_R_01_R_07_following_before_the_first_word(log: MemoryLog, door: Door) -> None:
    await log.open(RUN, 1)
    async with Tab(log, door) as tab:
        await tab.follow()
        assert await tab.nothing()
        await log.append(RUN, 1, 0, [*HELLO, *END])
        assert (await tab.to_the_end()).text == "Hello"


async def test_R_02_I_7_alice_goes_on_from_what_her_page_has(log: MemoryLog, door: Door) -> None:
    await write(log, HELLO, [Text(" wor")], [Text("ld")], END)
    async with Tab(log, door) as tab:
        await tab.follow(after=3)
        assert (await tab.to_the_end()).text == "ld"


async def test_R_03_alice_has_everything_and_waits_for_more(log: MemoryLog, door: Door) -> None:
    top = await write(log, HELLO)
    async with Tab(log, door) as tab:
        await tab.follow(after=top)
        assert await tab.nothing()
        await log.append(RUN, 1, top, END)
        await tab.to_the_end()


@pytest.mark.parametrize("after", [1, 99, 2**53], ids=["R_04_too_old", "R_05_beyond_the_top", "R_05_far_beyond"])
async def test_R_04_R_05_where_continuity_cannot_be_proved_the_page_is_told(door: Door, after: int) -> None:
    small = MemoryLog(Bounds(events=4))
    await write(small, *[[Text(str(n))] for n in range(10)])
    door.log = small
    async with Tab(small, door) as tab:
        await tab.follow(after=after)
        assert await tab.frame() == {"type": "resync", "n": 1, "run": RUN}
        await tab.follow(after=10)
        await small.append(RUN, 1, 10, END)
        await tab.to_the_end()


async def test_R_06_R_12_a_run_whose_log_is_gone_is_taken_from_its_row(log: MemoryLog, door: Door) -> None:
    async with Tab(log, door) as tab:
        await tab.follow()
        assert (await tab.frame())["type"] == "resync"


async def test_R_08_more_than_a_replay_may_carry_is_taken_from_the_row(door: Door) -> None:
    log = MemoryLog(Bounds(events=100))
    await write(log, *[[Text("x" * 20_000)] for _ in range(150)])
    async with Tab(log, door) as tab:
        await tab.follow()
        assert (await tab.frame())["type"] == "resync"


async def test_a_long_answer_is_replayed_in_bounded_frames(log: MemoryLog, door: Door) -> None:
    words = ["".join(f"{n}.{m} " for m in range(4_000)) for n in range(60)]
    await write(log, *[[Text(word)] for word in words], END)
    async with Tab(log, door) as tab:
        await tab.follow()
        assert (await tab.to_the_end()).text == "".join(words)
        assert max(len(json.dumps(frame)) for frame in tab.frames) < 400_000


async def test_R_09_the_end_comes_between_the_page_and_the_follow(log: MemoryLog, door: Door) -> None:
    await write(log, HELLO, END)
    async with Tab(log, door) as tab:
        await tab.follow(after=2)
        assert (await tab.to_the_end()).state == "complete"


async def test_R_09_I_6_who_stands_at_the_end_and_has_not_seen_it_takes_it_from_the_row(
    log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row has been written with the last position while its end was still being stored."""
    stored = asyncio.Event()

    async def persist(run: str) -> None:
        await stored.wait()

    monkeypatch.setattr(door, "persist", persist)
    top = await write(log, HELLO, END)
    async with Tab(log, door) as tab:
        await tab.follow(after=top)
        assert await tab.nothing()
        stored.set()
        assert await tab.frame() == {"type": "resync", "n": 1, "run": RUN}


async def test_R_13_following_twice_is_one_flow(log: MemoryLog, door: Door) -> None:
    await log.open(RUN, 1)
    async with Tab(log, door) as tab:
        for _ in range(5):
            await tab.follow()
        await asyncio.sleep(0.05)
        for n in range(20):
            await log.append(RUN, 1, n, [Text(f"{n} ")])
            await asyncio.sleep(0.005)
        await log.append(RUN, 1, 20, END)
        assert (await tab.to_the_end()).text == "".join(f"{n} " for n in range(20))
        assert await tab.nothing()


async def test_D_03_a_run_that_nobody_writes_is_asked_for_ever_more_rarely(
    log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.consumers.PATIENCE", 0.5)
    loop = asyncio.get_running_loop()
    async with Tab(log, door) as tab:
        times = [loop.time()]
        for _ in range(4):
            await tab.follow(after=5)
            assert (await tab.frame())["type"] == "resync"
            times.append(loop.time())
        waits = [later - sooner for sooner, later in pairwise(times)]
        assert all(wait >= least for wait, least in zip(waits, (0, 0.5, 1, 1), strict=True))
        await tab.follow(after=6)
        assert (await tab.frame())["type"] == "resync"
        assert loop.time() - times[-1] < 0.5


async def test_I_4_I_6_any_number_of_tabs_show_the_same_text(log: MemoryLog, door: Door) -> None:
    await log.open(RUN, 1)
    tabs = [Tab(log, door) for _ in range(5)]
    shown = []

    async def look(tab: Tab, late: float) -> None:
        await asyncio.sleep(late)
        async with tab:
            await tab.follow()
            shown.append((await tab.to_the_end()).text)

    looking = [asyncio.create_task(look(tab, n * 0.05)) for n, tab in enumerate(tabs)]
    for n in range(100):
        await log.append(RUN, 1, n, [Text(f"{n} ")])
        await asyncio.sleep(0.004)
    await log.append(RUN, 1, 100, END)
    await asyncio.gather(*looking)
    assert shown == ["".join(f"{n} " for n in range(100))] * 5


async def test_a_page_that_leaves_is_sent_no_more_of_that_run(log: MemoryLog, door: Door) -> None:
    await write(log, HELLO)
    async with Tab(log, door) as tab:
        await tab.follow()
        await tab.until_text("Hello")
        await tab.say(type="leave", run=RUN)
        await asyncio.sleep(0.05)
        await log.append(RUN, 1, 2, [Text("more")])
        assert await tab.nothing()


async def test_closing_the_tab_ends_nothing_but_the_tab(log: MemoryLog, door: Door) -> None:
    await write(log, HELLO)
    async with Tab(log, door) as tab:
        await tab.follow()
        await tab.until_text("Hello")
    assert not tab.watch.sockets
    assert not [task for task in asyncio.all_tasks() if "_follow" in repr(task)]
    await log.append(RUN, 1, 2, [Text("!"), *END])


async def test_the_end_leaves_only_after_the_message_is_stored(log: MemoryLog, door: Door) -> None:
    door.storing.clear()
    await write(log, HELLO, [Text("!"), *END])
    async with Tab(log, door) as tab:
        await tab.follow()
        await tab.until_text("Hello!")
        assert await tab.nothing()
        assert RUN not in door.rows
        door.storing.set()
        assert (await tab.frame())["events"] == [{"type": "finished", "reason": "stop", "raw": "stop"}]
        assert door.rows[RUN].text == "Hello!"


async def test_an_end_that_cannot_be_stored_is_not_claimed(
    log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(run: str) -> None:
        raise TimeoutError

    monkeypatch.setattr(door, "persist", fails)
    monkeypatch.setattr("streaming.consumers.PATIENCE", 0.05)
    await write(log, HELLO, END)
    async with Tab(log, door) as tab:
        await tab.follow()
        frames = [await tab.frame(), await tab.frame()]
    assert [frame["type"] for frame in frames] == ["events", "resync"]
    assert tab.transcripts[RUN].outcome is None


async def test_a_closed_log_sends_the_page_to_the_row(log: MemoryLog, door: Door) -> None:
    await write(log, HELLO)
    async with Tab(log, door) as tab:
        await tab.follow()
        await tab.until_text("Hello")
        await log.close(RUN)
        assert (await tab.until("resync"))["run"] == RUN
