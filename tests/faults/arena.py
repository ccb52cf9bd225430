"""Brings them together: people with their tabs, a bad network, a server that dies, and a model that says numbers."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.upstream import Upstream

from .articles import articles
from .doings import Day
from .evidence import FINAL, Evidence, Fresh
from .nemesis import Nemesis, plan
from .oracle import Oracle
from .people import Person
from .proxy import Proxy
from .servers import Fleet, Make, embedded
from .viewer import Viewer

CALM = 75.0
CLOSING = 20.0
"""Seconds in which everything must have come to its end after the last fault: a lease, a sweep, and a little."""


@dataclass(frozen=True)
class Setting:
    """How hard it is to be."""

    seed: int
    seconds: float
    people: int = 4
    tabs: int = 2
    drain: float = 3.0
    grace: float = 1.0
    """How long a second of the promises is here: more where the machine is shared with other tests."""
    kinds: Sequence[str] | None = None
    """Only these faults; None is all that the fleet knows."""
    fleet: Make = embedded
    """What serves."""
    day: type[Day] = Day

    @property
    def env(self) -> dict[str, str]:
        """Settings of the server, so that what takes minutes elsewhere takes seconds here."""
        return {"DRAIN_SECONDS": f"{self.drain:g}", "SILENCE_SECONDS": "20", "LOG_LEVEL": "info"}


class Arena:
    """One run of the suite."""

    def __init__(self, setting: Setting, fleet: Fleet, oracle: Oracle) -> None:
        self.setting, self.fleet, self.oracle = setting, fleet, oracle
        self.evidence = Evidence(setting.seed, setting.grace, time.time())
        self.proxy = Proxy(fleet.port)
        self.people: list[Person] = []
        self.viewers: list[Viewer] = []
        self.days: list[Day] = []
        self._final: dict[str, tuple[str, str]] = {}

    async def run(self) -> Evidence:
        """Trouble for so long, then calm until nothing changes any more; what came to light."""
        origin = f"http://127.0.0.1:{await self.proxy.start()}"
        await asyncio.to_thread(self.fleet.open, origin)
        background: list[asyncio.Task[None]] = []
        try:
            await self._arrive(origin)
            background = [asyncio.create_task(viewer.live()) for viewer in self.viewers]
            background.append(asyncio.create_task(self._watch()))
            await self._trouble()
            await self._calm()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._leave()
        return self.evidence

    async def _arrive(self, origin: str) -> None:
        for number in range(1, self.setting.people + 1):
            rng = Random(f"{self.setting.seed}-{number}")
            person = Person(f"u{number}", origin, rng, self.evidence)
            await person.sign_up()
            self.people.append(person)
            tabs = [Viewer(f"{person.name}.{tab}", person, self.evidence) for tab in range(self.setting.tabs)]
            self.viewers += tabs
            self.days.append(self.setting.day(person, tabs))

    async def _trouble(self) -> None:
        nemesis = Nemesis(self.fleet, self.proxy, self.evidence, self.setting.drain)
        kinds = self.fleet.kinds if self.setting.kinds is None else self.setting.kinds
        faults = plan(self.setting.seed, self.setting.seconds, kinds)
        until = time.monotonic() + self.setting.seconds
        lives = [asyncio.create_task(day.live(until)) for day in self.days]
        await nemesis.carry_out(faults)
        await asyncio.gather(*lives)

    async def _watch(self) -> None:
        """Look again and again at what is stored, and how much memory is used."""
        while True:
            self.evidence.rss.append(sum(worker.rss for worker in self.fleet.workers))
            with contextlib.suppress(Exception):
                await asyncio.to_thread(self._look)
            await asyncio.sleep(1)

    def _look(self) -> None:
        """I-3 and I-11, at any time."""
        for conversation in self.fleet.rows.crowded():
            self.evidence.breaches.append(f"I-3: two replies are being written in {conversation}")
        for row in self.fleet.rows.runs(newest=200):
            now = row.state, row.text
            before = self._final.setdefault(row.run, now) if row.state in FINAL else now
            if before != now:
                self.evidence.breaches.append(f"I-11: {row.run} was {before[0]} and became {now[0]}")

    async def _calm(self) -> None:
        """Wait until every run is final and every tab shows it, for as long as that may take."""
        self.proxy.release()
        until = time.monotonic() + CALM
        while time.monotonic() < until and not await asyncio.to_thread(self._settled):
            await asyncio.sleep(0.5)
        await asyncio.sleep(1)
        self.evidence.rows = await asyncio.to_thread(self.fleet.rows.runs)
        for double in await asyncio.to_thread(self.fleet.rows.doubled):
            self.evidence.breaches.append(f"I-2: {double} is there twice")
        for person in self.people:
            for conversation in {one.conversation for one in person.accepted} - person.deleted:
                page = articles((await person.get(f"/c/{conversation}/")).text)
                self.evidence.fresh += [Fresh(person.name, one.message, one.state, one.text) for one in page if one.run]
        self.evidence.open_calls = await self._open_calls()

    async def _open_calls(self) -> int:
        """Calls that our side still holds; the oracle notices a closed one only when it speaks next."""
        until = time.monotonic() + CLOSING
        while (left := sum(call.open for call in self.oracle.calls)) and time.monotonic() < until:
            await asyncio.sleep(0.2)
        return left

    def _settled(self) -> bool:
        final = all(row.run_state in FINAL for row in self.fleet.rows.runs())
        blind = any(viewer.blind > time.monotonic() for viewer in self.viewers)
        return final and not blind and all(shown.over for viewer in self.viewers for shown in viewer.shown.values())

    async def _leave(self) -> None:
        self.evidence.calls = self.oracle.calls
        for person in self.people:
            await person.http.aclose()
        await self.proxy.stop()
        await asyncio.to_thread(self.fleet.close)


@contextlib.asynccontextmanager
async def arena(setting: Setting) -> AsyncIterator[Arena]:
    """An arena with one process, or with several, in a folder of its own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        upstream = await stack.enter_async_context(Upstream())
        oracle = Oracle(upstream)
        fleet = await stack.enter_async_context(setting.fleet(folder, upstream, setting.env))
        yield Arena(setting, fleet, oracle)
