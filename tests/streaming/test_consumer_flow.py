"""The engine as a whole: a real upstream, runs, the log, the relay, a tab and a row; in both dialects."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from streaming.events import Failed, Stopped
from streaming.logs.memory import MemoryLog
from streaming.prompts import ask
from streaming.runs import Limits, Runs
from streaming.upstream import Client
from tests.answers import STREAMS
from tests.upstream import Cut, Gate, Pause, Upstream, Wait, happy, recorded

from .tab import Closed, Tab
from .world import RUN, Door, Ledger, model

DIALECTS = ("openai", "anthropic")
RECORDED = sorted(path.stem for path in STREAMS.glob("*.sse"))


@dataclass
class World:
    """Everything between a model's server and a tab."""

    up: Upstream
    log: MemoryLog
    runs: Runs
    door: Door
    dialect: str = "openai"

    async def start(self, run: str = RUN) -> None:
        """Ask, and write down what comes as a recorder does."""
        self.door.theirs["alice"].add(run)
        await self.runs.start(run, model(self.up.url, self.dialect), ask("Hi"))

    def tab(self, person: str = "alice") -> Tab:
        return Tab(self.log, self.door, person)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    client, log = Client(), MemoryLog()
    async with Upstream() as up:
        runs = Runs(log, Ledger(), client, Limits(retry_pause=0.01))
        yield World(up, log, runs, Door(log))
        await runs.drain(0)
        await client.aclose()


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_relay_carries_chunks_to_the_tab_and_the_end_when_the_message_is_stored(
    world: World, dialect: str
) -> None:
    world.dialect = dialect
    begun, going = Gate(), Gate()
    path = "/v1/messages" if dialect == "anthropic" else "/v1/chat/completions"
    answer = happy(path, "Hello", " wor", "ld")
    world.up.script(answer.at(-4, Wait(going)).after(Wait(begun)))
    async with world.tab() as tab:
        await world.start()
        await tab.follow()
        request = await world.up.asked()
        assert request.path == path
        assert await tab.nothing()
        begun.open()
        await tab.until_text("Hello wor")  # it streams: the model has not finished
        assert tab.transcripts[RUN].outcome is None
        assert RUN not in world.door.rows
        world.door.storing.clear()
        going.open()
        await tab.until_text("Hello world")
        while not await tab.nothing(0.2):
            await tab.frame()
        assert tab.transcripts[RUN].outcome is None  # the end waits for the row
        world.door.storing.set()
        shown = await tab.to_the_end()
    row = world.door.rows[RUN]
    assert shown.text == row.text == "Hello world"
    assert shown.state == row.state == "complete"
    assert shown.usage == row.usage is not None


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_B_02_a_run_goes_on_without_any_tab(world: World, dialect: str) -> None:
    world.dialect = dialect
    gate = Gate()
    world.up.otherwise = lambda request: happy(request.path, "Hello", " world").before_last(Wait(gate))
    await world.start()
    async with world.tab() as tab:
        await tab.follow()
        await tab.until_text("Hello")
    gate.open()
    await world.door.persist(RUN)
    assert world.door.rows[RUN].text == "Hello world"
    assert not world.up.closed


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_B_08_stop_closes_the_upstream_and_every_tab_sees_it(world: World, dialect: str) -> None:
    world.dialect = dialect
    world.up.otherwise = lambda request: happy(request.path, "Hello", " world").at(3, Wait(Gate()))
    async with world.tab() as one, world.tab() as two:
        await world.start()
        for tab in (one, two):
            await tab.follow()
            await tab.until_text("Hello")
        await world.runs.stop(RUN)
        await world.up.saw_close()
        for tab in (one, two):
            shown = await tab.to_the_end()
            assert shown.text.startswith("Hello")
            assert shown.outcome == Stopped("person")
    assert world.door.rows[RUN].state == "stopped"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_U_18_an_answer_that_is_cut_is_kept_and_labelled(world: World, dialect: str) -> None:
    world.dialect = dialect
    world.up.otherwise = lambda request: happy(request.path, "Hello", " world").upto(3, Cut())
    async with world.tab() as tab:
        await world.start()
        await tab.follow()
        shown = await tab.to_the_end()
    assert shown.text.startswith("Hello")
    assert (shown.state, shown.reason) == ("interrupted", "connection_lost")
    assert world.door.rows[RUN].text == shown.text


async def test_U_08_alice_sees_nothing_of_an_attempt_that_failed(world: World) -> None:
    world.up.script(happy("", "").upto(0, Cut()), happy("", "").upto(1, Cut()))
    async with world.tab() as tab:
        await world.start()
        await tab.follow()
        shown = await tab.to_the_end()
    assert (shown.text, shown.state, len(world.up.requests)) == ("Hello world", "complete", 3)


@pytest.mark.parametrize("name", RECORDED)
async def test_I_6_every_recorded_answer_reads_the_same_in_tab_and_row(world: World, name: str) -> None:
    described = json.loads((STREAMS / f"{name}.json").read_text())
    world.dialect = described["dialect"]
    world.up.otherwise = lambda request: recorded(name).pieces(509)
    async with world.tab() as tab:
        await world.start()
        await tab.follow()
        shown = await tab.to_the_end()
    row = world.door.rows[RUN]
    assert shown.text == row.text == described["expect"]["text"]
    assert shown.reasoning == row.reasoning == described["expect"]["reasoning"]
    assert isinstance(shown.outcome, Failed) == bool(described["expect"]["error"])


@pytest.mark.parametrize("seed", range(3))
async def test_I_4_I_5_I_6_B_01_B_03_a_tab_that_comes_and_goes_loses_nothing(world: World, seed: int) -> None:
    dice = random.Random(seed)
    words = [f"u{seed}.t{n:04d} " for n in range(400)]
    world.dialect = dice.choice(DIALECTS)
    world.up.otherwise = lambda request: happy(request.path, *words).between(Pause(0.001))
    await world.start()

    async def look() -> str:
        """One page: its position and its words survive each loss of the socket."""
        page = world.tab()
        while True:
            tab = world.tab()
            tab.after, tab.transcripts = page.after, page.transcripts
            async with tab:
                await tab.follow()
                try:
                    async with asyncio.timeout(dice.uniform(0.01, 0.2)):
                        return (await tab.to_the_end()).text
                except (TimeoutError, Closed):
                    assert "".join(words).startswith(page.transcripts[RUN].text if page.transcripts else "")

    shown = await asyncio.gather(*(look() for _ in range(5)))
    assert set(shown) == {"".join(words)}
    assert world.door.rows[RUN].text == "".join(words)


async def test_I_16_nobody_elses_words_reach_charlie(world: World) -> None:
    async with world.tab() as alice:
        world.door.theirs["charlie"] = set()
        async with world.tab("charlie") as charlie:
            await world.start()
            for tab in (alice, charlie):
                await tab.follow()
            assert (await charlie.frame())["type"] == "gone"
            assert (await alice.to_the_end()).text == "Hello world"
            assert await charlie.nothing()


async def test_fifty_answers_at_once_keep_apart(world: World) -> None:
    runs = [f"6b1f8f0e-0000-4000-8000-{n:012d}" for n in range(50)]
    asked = iter(range(50))

    def own(request: object) -> object:
        n = next(asked)
        return happy("", *[f"{n}:{word} " for word in range(40)]).between(Pause(0.002))

    world.up.otherwise = own  # type: ignore[assignment]
    shown: dict[str, str] = {}

    async def look(run: str) -> None:
        async with world.tab() as tab:
            await world.start(run)
            await tab.follow(run)
            shown[run] = (await tab.to_the_end(run)).text

    await asyncio.gather(*(look(run) for run in runs))
    texts = sorted(shown.values(), key=lambda text: int(text.split(":")[0]))
    assert texts == ["".join(f"{n}:{word} " for word in range(40)) for n in range(50)]
    assert all(world.door.rows[run].text == shown[run] for run in runs)
