"""Does harm, by a plan that a seed makes: one fault after the other, each over before the next begins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .evidence import Act, Evidence
from .proxy import FAIR, Proxy, Weather
from .servers import KINDS, Fleet

SLOW = (
    Weather(delay=0.08),
    Weather(rate=20_000, piece=4_096),
    Weather(piece=7),
    Weather(delay=0.02, piece=100),
)


@dataclass(frozen=True)
class Fault:
    """Something to do after a pause, for so long, with a number that decides the details."""

    pause: float
    kind: str
    seconds: float
    choice: int


def plan(seed: int, seconds: float, kinds: Sequence[str] = KINDS) -> list[Fault]:
    """What will be done in so many seconds: every kind once before any comes again."""
    rng = Random(seed)
    faults: list[Fault] = []
    left = seconds
    while kinds:
        for kind in _round(rng, kinds):
            lasts = 0.2 + rng.random() if kind in ("SIGKILL", "SIGTERM", "cut") else 0.5 + 3 * rng.random()
            fault = Fault(1.5 + 2 * rng.random(), kind, lasts, rng.randrange(1000))
            left -= fault.pause + fault.seconds + (1.5 if kind.startswith("SIG") else 0)
            if left < 0:
                return faults
            faults.append(fault)
    return faults


def _round(rng: Random, kinds: Sequence[str]) -> list[str]:
    """Each of these once. What a kill leaves takes longest to settle, so it comes among the first."""
    order = rng.sample(list(kinds), len(kinds))
    if "SIGKILL" in order:
        order.remove("SIGKILL")
        order.insert(rng.randrange(3), "SIGKILL")
    return order


class Nemesis:
    """Carries a plan out, and writes down when it did what."""

    def __init__(self, fleet: Fleet, proxy: Proxy, evidence: Evidence, grace: float) -> None:
        self.fleet, self.proxy, self.evidence, self.grace = fleet, proxy, evidence, grace

    async def carry_out(self, faults: Sequence[Fault]) -> None:
        """All of it."""
        for fault in faults:
            await asyncio.sleep(fault.pause)
            act = Act(fault.kind, time.time())
            self.evidence.acts.append(act)
            await self._do(fault)
            act.until = time.time()

    async def _do(self, fault: Fault) -> None:
        worker = self.fleet.workers[fault.choice % len(self.fleet.workers)]
        match fault.kind:
            case "SIGKILL":
                await worker.kill()
                await asyncio.sleep(fault.seconds)
                await worker.start()
            case "SIGTERM":
                self.evidence.exits.append(await worker.terminate(self.grace + 20))
                await asyncio.sleep(fault.seconds)
                await worker.start()
            case "SIGSTOP":
                worker.freeze()
                await asyncio.sleep(fault.seconds)
                worker.thaw()
            case "cut":
                self.proxy.cut()
            case "slow":
                self.proxy.weather = SLOW[fault.choice % len(SLOW)]
                await asyncio.sleep(fault.seconds)
                self.proxy.weather = FAIR
            case "blackout":
                self.proxy.hold()
                await asyncio.sleep(fault.seconds)
                self.proxy.release()
            case "disk full":
                worker.starve()
                await asyncio.sleep(fault.seconds)
                worker.feed()
            case "locked":
                await asyncio.to_thread(self._lock, fault.seconds)
            case kind:
                await self.fleet.harm(kind, fault.seconds)

    def _lock(self, seconds: float) -> None:
        with self.fleet.rows.held():
            time.sleep(seconds)
