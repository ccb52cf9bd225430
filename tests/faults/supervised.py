"""`serve --workers 3` on PostgreSQL and Redis: workers that are replaced, and that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from scripts import stores
from tests.sites import Database
from tests.upstream import Upstream

from .servers import MIB, OneProcess

WORKERS = 3
PATIENCE = 180.0
"""Seconds within which all have been replaced."""


class Supervised(OneProcess):
    """Its workers share one port, and their supervisor is the process."""

    kinds = ("SIGHUP", "SIGKILL")

    def open(self, origin: str) -> None:
        self.site.arguments = ("--workers", str(WORKERS))
        super().open(origin)

    @property
    def rss(self) -> float:
        with contextlib.suppress(psutil.Error):
            return sum(float(worker.memory_info().rss) for worker in self._children()) / MIB
        return 0.0

    async def kill(self) -> None:
        """One of them."""
        self._children()[0].kill()

    async def start(self) -> None:
        """Nothing: it has been started already."""

    async def harm(self, kind: str, seconds: float) -> None:
        done = self.site.log.count(": replaced\n")
        self.site.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(PATIENCE):
            while self.site.log.count(": replaced\n") == done:
                await asyncio.sleep(0.2)

    def _children(self) -> list[psutil.Process]:
        return psutil.Process(self.site.process.pid).children()


@contextlib.asynccontextmanager
async def supervised(folder: Path, upstream: Upstream, env: dict[str, str]) -> AsyncIterator[Supervised]:
    """All of it, with stores of its own."""
    with (
        stores.postgresql() as server,
        stores.redis() as redis,
        Database.migrated(folder, server) as database,
    ):
        shared = {"DATABASE_URL": database.url, "REDIS_URL": redis}
        yield Supervised(database, folder, upstream, {**env, **shared})
