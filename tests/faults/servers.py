"""The processes that serve, as the nemesis sees them: something that can be killed, frozen, starved and started.

One process with SQLite is what there is here. Whoever brings several workers behind a proxy of their own gives the
arena another `Fleet`: nothing else knows how many there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol, TypeAlias

import psutil

from tests.sites import Database, Site
from tests.upstream import Upstream

from .rows import Rows

MIB = 1_048_576
KINDS = ("SIGKILL", "SIGTERM", "SIGSTOP", "cut", "slow", "blackout", "disk full", "locked")
"""What can be done to any site."""


class Worker(Protocol):
    """One process."""

    @property
    def rss(self) -> float:
        """Resident memory in MiB; 0 while it is not there."""

    async def start(self) -> None:
        """Start it again; returns once it listens."""

    async def kill(self) -> None:
        """SIGKILL."""

    async def terminate(self, seconds: float) -> int:
        """SIGTERM, and its exit code; it has so long."""

    def freeze(self) -> None:
        """SIGSTOP."""

    def thaw(self) -> None:
        """SIGCONT."""

    def starve(self) -> None:
        """From now on no file of its can grow: the disk is full."""

    def feed(self) -> None:
        """There is room again."""


class Fleet(Protocol):
    """All processes of a site, its store, and the port at which the site is reached."""

    @property
    def workers(self) -> Sequence[Worker]: ...

    @property
    def rows(self) -> Rows: ...

    @property
    def port(self) -> int: ...

    @property
    def log(self) -> Path:
        """The file that all of them have written to."""

    @property
    def kinds(self) -> Sequence[str]:
        """What can be done to it, by the nemesis's names."""

    def open(self, origin: str) -> None:
        """Start everything, for people who come by this origin."""

    def close(self) -> None:
        """End everything."""

    async def harm(self, kind: str, seconds: float) -> None:
        """Do to it, for so long, what the nemesis knows nothing of."""


class OneProcess:
    """`manage.py serve`: on SQLite (or the store that the tests run on) and the memory log, the embedded default."""

    def __init__(self, database: Database, folder: Path, upstream: Upstream, env: dict[str, str]) -> None:
        self.site = Site(database, folder, upstream, {"SIGNUP": "open", **env})
        self.rows = Rows(self.site.env["DATABASE_URL"])
        self.port = self.site.port
        self.workers: Sequence[Worker] = [self]

    kinds: Sequence[str] = KINDS

    def open(self, origin: str) -> None:
        self.site.env["PUBLIC_ORIGIN"] = origin
        self.site.start()

    def close(self) -> None:
        self.thaw()
        self.site.stop()

    async def harm(self, kind: str, seconds: float) -> None:
        raise NotImplementedError(kind)

    @property
    def log(self) -> Path:
        return self.site.folder / "log"

    @property
    def rss(self) -> float:
        try:
            return float(psutil.Process(self.site.process.pid).memory_info().rss) / MIB
        except psutil.Error:
            return 0.0

    async def start(self) -> None:
        await asyncio.to_thread(self.site.start)

    async def kill(self) -> None:
        await asyncio.to_thread(self.site.kill)

    async def terminate(self, seconds: float) -> int:
        return await asyncio.to_thread(self.site.stop, signal.SIGTERM, seconds)

    def freeze(self) -> None:
        self.site.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.site.process.send_signal(signal.SIGCONT)

    def starve(self) -> None:
        # A limit on the size of files is the narrowest seam that needs no file system of its own: each write beyond
        # what is there fails, in the database, its write-ahead log and the program's log alike.
        self._limit(1024)

    def feed(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, bytes: int) -> None:
        _, hard = resource.prlimit(self.site.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.site.process.pid, resource.RLIMIT_FSIZE, (bytes, hard))


Make: TypeAlias = Callable[[Path, Upstream, dict[str, str]], AbstractAsyncContextManager[Fleet]]
"""Makes one, in a folder, for a model's server and with these settings."""


@contextlib.asynccontextmanager
async def embedded(folder: Path, upstream: Upstream, env: dict[str, str]) -> AsyncIterator[OneProcess]:
    """One process with a database of its own."""
    (folder / "empty").mkdir()
    (folder / "site").mkdir()
    with Database.migrated(folder / "empty") as database:
        yield OneProcess(database, folder / "site", upstream, env)
