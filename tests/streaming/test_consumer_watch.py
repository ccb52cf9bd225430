"""Who is let in, and what ends a socket that does nothing wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.layers import get_channel_layer

from streaming import ear
from streaming.events import Text
from streaming.logs.memory import MemoryLog
from streaming.watch import Periods, Watch

from .running import END, HELLO
from .tab import Tab, write
from .world import OTHER, RUN, Door


async def test_S_04_S_05_charlie_is_sent_not_one_byte(log: MemoryLog, door: Door) -> None:
    await write(log, HELLO, END)
    async with Tab(log, door, "charlie") as tab:
        await tab.follow(RUN)
        await tab.follow("6b1f8f0e-0000-4000-8000-00000000dead")
        frames = [await tab.frame(), await tab.frame()]
    assert {(frame["type"], *sorted(frame)) for frame in frames} == {("gone", "n", "run", "type")}


async def test_S_04_every_follow_asks_the_door_again(log: MemoryLog, door: Door) -> None:
    await write(log, HELLO)
    async with Tab(log, door) as tab:
        await tab.follow()
        await tab.until_text("Hello")
        door.theirs["alice"].clear()
        await tab.follow(after=0)
        assert (await tab.frame())["type"] == "gone"


async def test_whoever_is_not_signed_in_is_refused_before_the_socket_opens(log: MemoryLog, door: Door) -> None:
    tab = Tab(log, door, "nobody")
    assert await tab.open() == (False, 1000)
    await tab.close()


async def test_a_door_that_breaks_lets_nobody_in(log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(scope: Any) -> str | None:
        raise ConnectionError

    monkeypatch.setattr(door, "may_open", breaks)
    tab = Tab(log, door)
    assert (await tab.open())[0] is False
    await tab.close()


@pytest.mark.parametrize("protocols", [(), ("chat.v0",), ("chat.v2", "json")])
async def test_B_15_a_page_of_another_version_is_told_so(
    log: MemoryLog, door: Door, protocols: tuple[str, ...]
) -> None:
    tab = Tab(log, door, protocols=protocols)
    assert await tab.open() == (True, next(iter(protocols), None)), "or a browser would not hear the code"
    assert await tab.closed() == 4426
    await tab.close()


async def test_F2_the_watch_pings_and_pings_are_acknowledged(log: MemoryLog, door: Door) -> None:
    async with Tab(log, door, watch=Watch(Periods(turn=0.02, ping=0.05, unread=30))) as tab:
        assert [(await tab.frame())["type"] for _ in range(3)] == ["ping"] * 3


async def test_I_15_S_11_whoever_is_signed_out_is_closed_and_hears_no_more(log: MemoryLog, door: Door) -> None:
    watch = Watch(Periods(turn=0.02, check=0.04))
    await write(log, HELLO)
    async with Tab(log, door, watch=watch) as alice, Tab(log, door, "charlie", watch=watch) as charlie:
        await alice.follow()
        await alice.until_text("Hello")
        door.valid = False
        assert await alice.closed() == 4401
        await log.append(RUN, 1, 2, [Text("secret")])
        assert await alice.nothing()
        assert await charlie.nothing()
        assert max(len(scopes) for scopes in door.asked) == 2  # one question for all sockets


async def test_I_15_sockets_that_cannot_be_checked_for_too_long_are_closed(
    log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(scopes: Any) -> Any:
        raise ConnectionError

    monkeypatch.setattr(door, "still_valid", breaks)
    async with Tab(log, door, watch=Watch(Periods(turn=0.02, check=0.04, unchecked=0.2))) as tab:
        assert await tab.closed() == 4012


async def test_a_slow_check_keeps_no_ping_back(log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(scopes: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(door, "still_valid", hangs)
    async with Tab(log, door, watch=Watch(Periods(turn=0.02, check=0.02, ping=0.05))) as tab:
        assert (await tab.frame())["type"] == "ping"


async def test_a_socket_has_a_greatest_age(log: MemoryLog, door: Door) -> None:
    async with Tab(log, door, watch=Watch(Periods(turn=0.02, age=0.1))) as tab:
        assert await tab.closed() == 4012


async def test_all_sockets_are_closed_before_the_process_ends(log: MemoryLog, door: Door) -> None:
    watch = Watch(Periods(turn=0.02))
    tabs = [Tab(log, door, watch=watch) for _ in range(3)]
    for tab in tabs:
        await tab.open()
    await watch.close_all()
    assert [await tab.closed() for tab in tabs] == [4012] * 3
    for tab in tabs:
        await tab.close()


async def test_hints_of_the_channel_layer_reach_her_tabs_only(log: MemoryLog, door: Door) -> None:
    async with Tab(log, door) as alice, Tab(log, door, "charlie") as charlie:
        for _ in range(3):
            await ear.tell("user-alice", "message", OTHER)
        assert await alice.frame() == {"type": "changed", "n": 1, "what": "message", "id": OTHER}
        assert await charlie.nothing()
    await ear.tell("user-alice", "message", OTHER)


async def test_F8_a_channel_layer_that_is_away_costs_hints_only(
    log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*arguments: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(type(get_channel_layer()), "new_channel", away)
    await write(log, HELLO, END)
    async with Tab(log, door) as tab:
        await tab.follow()
        assert (await tab.to_the_end()).text == "Hello"


async def test_whatever_breaks_for_one_run_the_socket_stays(
    log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(scope: Any, run: str) -> bool:
        raise ConnectionError("the database is away")

    monkeypatch.setattr("streaming.consumers.PATIENCE", 0.05)
    monkeypatch.setattr(door, "may_follow", breaks)
    async with Tab(log, door) as tab:
        await tab.follow()
        assert (await tab.frame())["type"] == "resync"
        assert await tab.nothing()
