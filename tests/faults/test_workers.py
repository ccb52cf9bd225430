"""Several workers: replaced one by one while many answers are being written, and killed, and with stores that fail."""

from __future__ import annotations

import asyncio
import secrets
import time

import pytest

from tests.sites import OPENAI_MODEL

from .arena import Setting, arena
from .checker import check
from .doings import Day
from .evidence import Evidence, Row
from .oracle import Script
from .report import table
from .scaled import MORE, scaled
from .supervised import supervised
from .test_faults import GRACE, suffer


class Crowd(Day):
    """Somebody who asks for several answers at the same time, the last one longer than a worker may take to end."""

    short, long, streams = 40, 400, 5

    async def live(self, until: float) -> None:
        asked = [self._ask(number) for number in range(self.streams)]
        await asyncio.gather(*asked)
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    async def _ask(self, number: int) -> None:
        words = self.long if number == self.streams - 1 else self.short
        script = Script(f"{self.person.name}.g{number}", words, 100)
        assert await self.person.ask(OPENAI_MODEL, script=script)


class Brief(Crowd):
    """Nothing that lasts."""

    long = 100


class Hundred(Crowd):
    """Ten of them are a hundred streams."""

    short, streams = 80, 10


async def replaced_under(day: type[Crowd], people: int, drain: float) -> tuple[Evidence, list[Row]]:
    """Replace all workers while a crowd's answers are being written; what is stored in the end."""
    seed = secrets.randbelow(1_000_000)
    setting = Setting(seed, 8, people, tabs=1, drain=drain, grace=GRACE, kinds=("SIGHUP",), fleet=supervised, day=day)
    async with arena(setting) as it:
        evidence = await it.run()
        verdict = check(evidence)
        print(table(evidence, verdict, setting.seconds), it.fleet.log.read_text()[-20_000:], *verdict.breaches)
    assert verdict.breaches == []
    assert len(evidence.rows) == people * day.streams
    assert [act.kind for act in evidence.acts] == ["SIGHUP"]
    return evidence, evidence.rows


def whole_but_the_long(rows: list[Row], day: type[Crowd]) -> None:
    """What could end in time did; the others were ended with what they had, and say why."""
    for row in rows:
        long = f"n={day.long} " in row.asked
        assert row.state == ("interrupted" if long else "complete"), (row.asked, row.state, row.reason)
        assert row.reason == ("server_stopped" if long else "")


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_D_01_D_02_workers_are_replaced_and_no_viewer_misses_or_repeats_a_character() -> None:
    _, rows = await replaced_under(Crowd, people=4, drain=6)
    whole_but_the_long(rows, Crowd)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_D_01_D_02_R_12_under_a_hundred_streams_too() -> None:
    _, rows = await replaced_under(Hundred, people=10, drain=15)
    whole_but_the_long(rows, Hundred)


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_D_03_of_three_workers_one_is_killed_and_its_viewers_go_on_elsewhere() -> None:
    setting = Setting(3, 6, people=3, tabs=1, grace=GRACE, kinds=("SIGKILL",), fleet=supervised, day=Brief)
    async with arena(setting) as it:
        verdict = check(await it.run())
        print(it.fleet.log.read_text()[-20_000:], *verdict.breaches)
    assert verdict.breaches == []
    assert verdict.states["interrupted"] > 0
    assert verdict.last_second == 0, "the log has outlived its writer, with all that was shown"
    assert verdict.worst < 60


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_D_06_D_07_D_09_D_12_R_11_I_12_with_failing_stores_not_one_character_is_lost() -> None:
    evidence, verdict = await suffer(
        Setting(secrets.randbelow(1_000_000), 25.0, people=3, grace=GRACE, kinds=MORE, fleet=scaled)
    )
    assert verdict.breaches == []
    assert verdict.runs == verdict.accounted > 5
    assert len({act.kind for act in evidence.acts} & set(MORE)) > len(MORE) / 3
