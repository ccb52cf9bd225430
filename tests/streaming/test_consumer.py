"""The relay to one tab: what Alice is sent, in which order, and what ends her socket."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from channels.layers import get_channel_layer

from streaming.events import Event, Finished, Started, Text
from streaming.logs.memory import Bounds, MemoryLog
from streaming.watch import Periods, Watch
from streaming.window import Bucket

from .tab import Tab, write
from .world import RUN, Door

OTHER = "6b1f8f0e-0000-4000-8000-000000000002"
HELLO: list[Event] = [Started("1", "m"), Text("Hello")]
END: list[Event] = [Finished("stop", "stop")]


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def door(log: MemoryLog) -> Door:
    door = Door(log)
    door.theirs = {"alice": {RUN, OTHER}, "charlie": set()}
    return door


@pytest.fixture(autouse=True)
def many_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings are rationed in a process, which holds many tests."""
    monkeypatch.setattr("streaming.consumers._warnings", Bucket(1_000, 1_000))


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
    assert await tab.open() == (True, None)
    assert await tab.closed() == 4426
    await tab.close()


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


async def test_F2_the_watch_pings_and_pings_are_acknowledged(log: MemoryLog, door: Door) -> None:
    async with Tab(log, door, watch=Watch(Periods(turn=0.02, ping=0.05, unread=0.5))) as tab:
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
    layer = get_channel_layer()
    async with Tab(log, door) as alice, Tab(log, door, "charlie") as charlie:
        for _ in range(3):
            await layer.group_send("user-alice", {"type": "changed", "what": "message", "id": OTHER})
        assert await alice.frame() == {"type": "changed", "n": 1, "what": "message", "id": OTHER}
        assert await charlie.nothing()
    await layer.group_send("user-alice", {"type": "changed", "what": "message", "id": OTHER})


async def test_F8_a_channel_layer_that_is_away_costs_hints_only(
    log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*arguments: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(type(get_channel_layer()), "group_add", away)
    await write(log, HELLO, END)
    async with Tab(log, door) as tab:
        await tab.follow()
        assert (await tab.to_the_end()).text == "Hello"


async def test_a_closed_log_sends_the_page_to_the_row(log: MemoryLog, door: Door) -> None:
    await write(log, HELLO)
    async with Tab(log, door) as tab:
        await tab.follow()
        await tab.until_text("Hello")
        await log.close(RUN)
        assert (await tab.until("resync"))["run"] == RUN


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
