"""What a tab may send, and how much is under way to it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from streaming.events import Text
from streaming.logs.memory import MemoryLog
from streaming.watch import Periods, Watch
from streaming.window import Bucket

from .running import END, HELLO
from .tab import Tab, write
from .world import OTHER, RUN, Door


@pytest.fixture(autouse=True)
def many_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings are rationed in a process, which holds many tests."""
    monkeypatch.setattr("streaming.consumers._warnings", Bucket(1_000, 1_000))


GARBAGE = [
    "{",
    "",
    "null",
    "[]",
    '"follow"',
    "NaN",
    "{}",
    '{"type":"follow"}',
    '{"type":"shout"}',
    '{"type":"follow","run":"x","after":0}',
    f'{{"type":"follow","run":"{RUN}","after":-1}}',
    f'{{"type":"follow","run":"{RUN}","after":1.5}}',
    f'{{"type":"follow","run":"{RUN}","after":"1"}}',
    f'{{"type":"follow","run":"{RUN}","after":1e400}}',
    f'{{"type":"follow","run":"{RUN}","after":{10**400}}}',
    f'{{"type":"follow","run":"{RUN.upper()}","after":0}}',
    f'{{"type":"follow","run":"{RUN}","after":0,"person":"bob"}}',
    f'{{"type":"follow","run":["{RUN}"],"after":0}}',
    '{"type":"ack","n":1}',
    '{"type":"changed","what":"message","id":"1"}',
    '{"type":"leave","run":"\ud800"}',
    "[" * 60_000,
    '{"a":' * 12_000,
    f'{{"type":"follow","run":{"[" * 60_000}',
]


async def test_B_13_one_person_has_so_many_sockets_and_no_more(log: MemoryLog, door: Door) -> None:
    door.theirs["bob"] = set()
    watch = Watch(Periods(each=3))
    tabs = [Tab(log, door, watch=watch) for _ in range(4)]
    for tab in tabs:
        assert (await tab.open())[0]
    assert await tabs[3].closed() == 4429
    async with Tab(log, door, "bob", watch=watch):
        await tabs[0].close()
        async with Tab(log, door, watch=watch) as again:
            assert len(watch.sockets) == 4
            assert await again.nothing()
    for tab in tabs[1:]:
        await tab.close()
    assert not watch.sockets
    assert Periods().each == 20


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
async def test_F9_B_10_B_12_garbage_closes_with_one_short_warning(
    log: MemoryLog, door: Door, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Tab(log, door) as tab:
        await tab.line.send_input({"type": "websocket.receive", "text": text})
        assert await tab.closed() == 4400
        await tab.say(type="follow", run=RUN, after=0)
        assert await tab.nothing(0.03)
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert len(record.getMessage()) < 100


@pytest.mark.parametrize("message", [{"bytes": b"\x00"}, {"bytes": b"", "text": None}, {"bytes": b"{}"}])
async def test_F9_B_12_binary_frames_close(log: MemoryLog, door: Door, message: dict[str, Any]) -> None:
    async with Tab(log, door) as tab:
        await tab.line.send_input({"type": "websocket.receive", **message})
        assert await tab.closed() == 4400


@pytest.mark.parametrize("text", ["x" * 65_537, "ä" * 40_000, "[" * 1_000_000])
async def test_B_11_a_huge_frame_closes(log: MemoryLog, door: Door, text: str) -> None:
    async with Tab(log, door) as tab:
        await tab.line.send_input({"type": "websocket.receive", "text": text})
        assert await tab.closed() == 4413


async def test_B_13_a_flood_of_commands_closes(log: MemoryLog, door: Door) -> None:
    async with Tab(log, door, acknowledges=False) as tab:
        for _ in range(40):
            await tab.say(type="leave", run=RUN)
        assert await tab.closed() == 4429


async def test_B_13_acknowledgements_have_a_bucket_of_their_own(log: MemoryLog, door: Door) -> None:
    async with Tab(log, door, acknowledges=False) as tab:
        for _ in range(15):
            await tab.say(type="ack", n=0)
            await tab.say(type="leave", run=RUN)
        assert await tab.nothing()
        for _ in range(40):
            await tab.say(type="ack", n=0)
        assert await tab.closed() == 4429


async def test_F3_receiving_never_waits_for_the_door(log: MemoryLog, door: Door) -> None:
    door.slow.clear()
    await write(log, HELLO)
    async with Tab(log, door) as tab:
        await tab.follow()
        await tab.follow(OTHER)
        await tab.line.send_input({"type": "websocket.receive", "text": "{"})
        assert await tab.closed() == 4400


async def test_at_most_32_runs_are_followed_by_one_socket(
    log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.consumers.FOLLOWS", 3)
    runs = [f"6b1f8f0e-0000-4000-8000-00000000000{n}" for n in range(4)]
    door.theirs["alice"].update(runs)
    for run in runs:
        await log.open(run, 1)
    async with Tab(log, door) as tab:
        for run in runs[:3]:
            await tab.follow(run)
        await tab.follow(runs[0])
        assert await tab.nothing()
        await tab.follow(runs[3])
        assert await tab.closed() == 4429


async def test_frames_are_merged_to_a_beat_and_the_first_leaves_at_once(log: MemoryLog, door: Door) -> None:
    await log.open(RUN, 1)
    loop = asyncio.get_running_loop()
    async with Tab(log, door) as tab:
        await tab.follow()
        await asyncio.sleep(0.05)
        began = loop.time()

        async def speak() -> None:
            for n in range(300):
                await log.append(RUN, 1, n, [Text(f"{n} ")])
                await asyncio.sleep(0.002)
            await log.append(RUN, 1, 300, END)

        speaking = asyncio.create_task(speak())
        await tab.frame()
        first = tab.transcripts[RUN].text
        transcript = await tab.to_the_end()
        seconds = loop.time() - began
        await speaking
    assert len(first) < 100
    assert transcript.text == "".join(f"{n} " for n in range(300))
    assert len(tab.frames) <= seconds * 25 + 3


async def test_F1_B_09_who_does_not_acknowledge_is_not_sent_more_than_the_window(log: MemoryLog, door: Door) -> None:
    written: list[int] = []
    going = asyncio.Event()

    async def write_frame(payload: bytes) -> None:
        written.append(len(payload))
        going.set()

    watch = Watch(Periods(turn=0.02, unread=0.5))
    await write(log, *[[Text("x" * 60_000)] for _ in range(60)])
    tab = Tab(log, door, watch=watch, extensions={"write_frame": write_frame}, acknowledges=False)
    async with tab:
        await tab.follow()
        await going.wait()
        await asyncio.sleep(0.3)
        assert sum(written) < 1024 * 1024
        assert await tab.closed() == 4408
        before = len(written)
        await asyncio.sleep(0.1)
        assert len(written) == before
        assert not watch.sockets


async def test_F1_the_window_counts_frames_too(log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.consumers.BEAT", 0.001)
    await log.open(RUN, 1)
    async with Tab(log, door, acknowledges=False) as tab:
        await tab.follow()
        for n in range(100):
            await log.append(RUN, 1, n, [Text(str(n))])
            await asyncio.sleep(0.004)
        await asyncio.sleep(0.1)
        assert tab.line.output_queue.qsize() <= 64
        await tab.say(type="ack", n=tab.line.output_queue.qsize())
        tab.acknowledges = True
        await log.append(RUN, 1, 100, END)
        assert (await tab.to_the_end()).text == "".join(map(str, range(100)))


async def test_frames_are_written_as_bytes_where_the_server_can(log: MemoryLog, door: Door) -> None:
    written: list[bytes] = []

    async def write_frame(payload: bytes) -> None:
        written.append(payload)

    await write(log, HELLO, END)
    async with Tab(log, door, extensions={"write_frame": write_frame}) as tab:
        await tab.follow()
        while len(written) < 2:
            await asyncio.sleep(0.005)
        assert await tab.nothing(0.02)
    assert [json.loads(payload)["n"] for payload in written] == [1, 2]
