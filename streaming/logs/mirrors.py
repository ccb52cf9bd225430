"""Runs that other processes write, as far as somebody reads them here: one copy of each, and one connection for all.

That connection waits at Redis for whatever comes next in any of them, and for words to this process itself: a wish to
end a run that is written here, or that one was purged.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from redis.exceptions import RedisError

from ..errors import Gone
from ..events import TERMINAL
from . import store
from .link import PAUSES, Away, connected
from .memory import MemoryLog
from .store import BELL, Entry, Store, Strange

BEAT: Final = 0.01
"""Seconds in which what comes is gathered, so that a busy process does not ask Redis for every single event."""

Heard = Callable[[dict[bytes, bytes]], Awaitable[None]]


class Mirrors:
    """`heard` is called with each word to this process."""

    def __init__(self, url: str, asked: Store, local: MemoryLog, heard: Heard) -> None:
        self._url, self._store, self._local, self._heard = url, asked, local, heard
        self._bell, self._bell_at = BELL + asked.process, b"0-0"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ids: dict[str, bytes] = {}  # of the last entry that we have, for those that go on
        self._mirrored: set[str] = set()
        self._readers: Counter[str] = Counter()
        self._fetching: dict[str, asyncio.Task[None]] = {}

    def begin(self) -> None:
        """Listen from now on, on this loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._fetching, self._readers = {}, Counter()
            for run in list(self._mirrored):
                self.forget(run)
            self._keeping = contextvars.Context().run(loop.create_task, self._keep(), name="mirrors")

    def __contains__(self, run: str) -> bool:
        return run in self._mirrored

    @asynccontextmanager
    async def reading(self, run: str, after: int) -> AsyncIterator[None]:
        """Have a copy of it meanwhile, as far as `after`; `Gone` if there is no such log, or no way to it."""
        self.begin()
        self._readers[run] += 1
        try:
            while not self._reaches(run, after):
                joined = run in self._fetching  # what others have asked for may be older than `after`
                await self._once(run)
                if not joined:
                    break
            yield
        finally:
            self._readers[run] -= 1
            if not self._readers[run]:
                del self._readers[run]
                if run in self._mirrored:
                    await self.drop(run)

    def _reaches(self, run: str, after: int) -> bool:
        here = self._local.where(run)
        return run in self._mirrored and here is not None and here.top >= after

    def forget(self, run: str) -> None:
        """Follow it no more; the copy is somebody else's business from now on."""
        self._mirrored.discard(run)
        self._ids.pop(run, None)

    async def drop(self, *runs: str) -> None:
        """Give copies up, all of them if none is named: who reads one is told `Gone`."""
        for run in runs or tuple(self._mirrored):
            self.forget(run)
            await self._local.close(run)

    async def refresh(self) -> None:
        """Look at every one again: Redis was away, and what it says now may be more than what we have."""
        for run in tuple(self._ids):
            with contextlib.suppress(Away):
                await self._fetch_or_drop(run)

    async def _once(self, run: str) -> None:
        """Fetch it, once for all who ask for it at the same time."""
        task = self._fetching.get(run)
        if task is None:
            task = self._fetching[run] = asyncio.create_task(self._begin_mirror(run))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # all who wait may have left
        await asyncio.shield(task)

    async def _begin_mirror(self, run: str) -> None:
        try:
            if not await self._fetch(run):
                raise Gone(run)
            if run in self._ids:
                await self._store.ring()  # the reader, which waits for others just now, has to begin again
        except (Away, Strange):
            raise Gone(run) from None
        finally:
            self._fetching.pop(run, None)

    async def _fetch(self, run: str) -> bool:
        found = await self._store.fetch(run)
        if found is None or (run not in self._mirrored and self._local.where(run)):
            return found is not None
        kept, last = found
        had = self._local.where(run)
        if had is None or kept.top > had.top:
            self._local.adopt(run, kept)
            self._mirrored.add(run)
            if kept.ended:
                self._ids.pop(run, None)
            else:
                self._ids[run] = last
        return True

    async def _fetch_or_drop(self, run: str) -> None:
        try:
            await self._fetch(run)
        except Strange:
            await self.drop(run)

    async def _keep(self) -> None:
        """Be connected, and take what comes, again and again."""
        while True:
            try:
                async with connected(self._url) as line:
                    while True:
                        ids = {store.keys(run)[0]: id for run, id in self._ids.items()}
                        for name, entries in await store.read(line, {self._bell: self._bell_at, **ids}):
                            await self._take(name, entries)
                        await asyncio.sleep(BEAT)
            except (RedisError, OSError, TimeoutError):
                self._store.link.look()
                self._bell_at = b"0-0"  # a Redis that has lost everything may count anew
                await asyncio.sleep(PAUSES[1] / 2)

    async def _take(self, name: str, entries: list[Entry]) -> None:
        if name == self._bell:
            for entry in entries:
                self._bell_at = entry.id
                await self._heard(entry.fields)
            return
        run = store.run_of(name)
        for entry in entries:
            if run in self._ids:
                self._ids[run] = entry.id
                try:
                    await self._apply(run, entry)
                except Strange:
                    await self.drop(run)

    async def _apply(self, run: str, entry: Entry) -> None:
        """Go on by one entry; whatever does not follow what we have is a reason to fetch all of it anew."""
        here = self._local.where(run)
        if here is None or b"c" in entry.fields:
            await self.drop(run)
        elif notice := store.notice_of(entry):
            if entry.position == here.top:
                await self._local.tell(run, here.fence, notice)
        elif entry.position > here.top and (events := store.events_of(entry)):
            after = int(entry.fields[b"a"])
            if b"h" in entry.fields or not after <= here.top:
                with contextlib.suppress(Away):
                    await self._fetch(run)
                return
            await self._local.append(run, here.fence, here.top, events[here.top - after :])
            if isinstance(events[-1], TERMINAL):
                self._ids.pop(run, None)
