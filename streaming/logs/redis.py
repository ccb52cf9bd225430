"""The log of many processes: written through to Redis, where any of them may follow it.

What this process writes it also keeps in its own memory, and there its own readers find it. So nobody here waits for
Redis but its writers, and those only for a moment: while it is away, running answers go on, are recorded and are shown
to who is connected to this process, and everybody else finds them in their rows. When it is back it gets all of it
(D-06, D-07, D-08).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ..errors import Lost
from ..events import TERMINAL, Event, Waiting
from . import Batch, Log
from .link import Away, Link
from .memory import Bounds, MemoryLog
from .mirrors import Mirrors
from .store import Said, Store, loading

logger = logging.getLogger(__name__)
T = TypeVar("T")

GRACE: Final = 2.0
"""Seconds for which copies of others' runs stand still before their readers are sent to the rows."""


@dataclass
class _Own:
    """A run that is written here: under which fence, and up to where its events had been merged when Redis got it."""

    fence: int
    floor: int = 0


class RedisLog(Log):
    """One for each process; all that name the same Redis are one log."""

    def __init__(self, url: str, bounds: Bounds | None = None) -> None:
        bounds = bounds or Bounds()
        self._local: Final = MemoryLog(bounds)
        self._link: Final = Link(url, loading(), self._left, self._back)
        self._store: Final = Store(self._link, secrets.token_hex(8), bounds)
        self._mirrors: Final = Mirrors(url, self._store, self._local, self._heard)
        self._own: dict[str, _Own] = {}
        self._behind: dict[str, None] = {}  # of those, which Redis does not have as they are
        self._wishes: dict[str, str] = {}  # to end runs, and
        self._closed: dict[str, None] = {}  # runs to forget, of which Redis has not heard yet
        self._tasks: set[asyncio.Task[None]] = set()
        self._catching: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        return self._link.away

    # Writing

    async def open(self, run: str, fence: int) -> int:
        self._mirrors.begin()
        said, found, stop = Said.BEHIND, None, ""
        with contextlib.suppress(Away):
            said, found, stop = await self._store.open(run, fence)
        if said is Said.LOST:
            raise Lost(run)
        self._mirrors.forget(run)
        if found is not None:
            self._local.adopt(run, found)
        top = found.top if found else await self._local.open(run, fence)
        self._own[run] = _Own(fence, found.floor if found else 0)
        await self._take_up(run, said, self._wishes.pop(run, "") or stop)
        return top

    async def append(self, run: str, fence: int, after: int, events: Sequence[Event]) -> int:
        here = self._local.where(run)
        if run not in self._own or here is None or (here.fence, here.top) != (fence, after):
            raise Lost(run)
        if events and run not in self._behind:
            said, stop = Said.BEHIND, ""
            with contextlib.suppress(Away):
                said, stop = await self._store.append(run, fence, after, events)
            await self._must_be_ours(run, said)
            await self._take_up(run, said, stop)
        position = await self._local.append(run, fence, after, events)
        self._move_on(run, ended=bool(events) and isinstance(events[-1], TERMINAL))
        return position

    async def tell(self, run: str, fence: int, notice: Waiting) -> None:
        if run in self._own and run not in self._behind:
            with contextlib.suppress(Away):
                await self._must_be_ours(run, await self._store.tell(run, fence, notice))
        await self._local.tell(run, fence, notice)

    async def _must_be_ours(self, run: str, said: Said) -> None:
        if said is Said.LOST:
            self._own.pop(run, None)
            self._behind.pop(run, None)
            await self._local.close(run)
            raise Lost(run)

    async def _take_up(self, run: str, said: Said, stop: str) -> None:
        """What the store said beside: that it has to be told all, and that the run is to end."""
        if stop:
            await self._local.ask_to_stop(run, stop)
        if said is Said.BEHIND:
            self._fall_behind(run)

    def _move_on(self, run: str, *, ended: bool) -> None:
        """After an event: what has been merged here is merged there, too, and what has ended is nobody's any more."""
        own, here = self._own.get(run), self._local.where(run)
        if own is None or here is None:
            return
        if here.floor > own.floor:
            own.floor = here.floor
            self._fall_behind(run)
        if ended and run not in self._behind:
            del self._own[run]

    # Reading

    def read(self, run: str, after: int) -> AsyncGenerator[Batch, None]:
        here = self._local.where(run) is not None and run not in self._mirrors
        return self._local.read(run, after) if here else self._read(run, after)

    async def _read(self, run: str, after: int) -> AsyncGenerator[Batch, None]:
        async with self._mirrors.reading(run, after), aclosing(self._local.read(run, after)) as batches:
            async for batch in batches:
                yield batch

    # Ending

    async def ask_to_stop(self, run: str, by: str) -> None:
        if run in self._own:
            await self._local.ask_to_stop(run, by)
            return
        try:
            await self._store.stop(run, by)
        except Away:
            _remember(self._wishes, run, by)

    async def stop_asked(self, run: str) -> str:
        return await self._local.stop_asked(run)

    async def close(self, run: str) -> None:
        await self._forget(run)
        try:
            await self._store.close(run)
        except Away:
            _remember(self._closed, run, None)

    async def _forget(self, run: str) -> None:
        self._own.pop(run, None)
        self._behind.pop(run, None)
        self._mirrors.forget(run)
        await self._local.close(run)

    async def _heard(self, word: dict[bytes, bytes]) -> None:
        """A word to this process, from another one."""
        if run := word.get(b"stop", b"").decode():
            if run in self._own:
                await self._local.ask_to_stop(run, word.get(b"by", b"person").decode())
        elif run := word.get(b"close", b"").decode():
            await self._forget(run)

    # When Redis was away

    def _fall_behind(self, run: str) -> None:
        self._behind[run] = None
        self._back()

    def _left(self) -> None:
        self._task(self._give_up())

    def _back(self) -> None:
        if self._catching is None or self._catching.done():
            self._catching = self._task(self._catch_up())

    async def _give_up(self) -> None:
        await asyncio.sleep(GRACE)
        if self.away:
            await self._mirrors.drop()

    async def _catch_up(self) -> None:
        """Tell Redis what it has missed. If it goes away again, this begins anew when it is back."""
        with contextlib.suppress(Away):
            for run in tuple(self._closed):
                await self._store.close(run)
                self._closed.pop(run, None)
            for run in tuple(self._wishes):
                await self._store.stop(run, self._wishes[run])
                self._wishes.pop(run, None)
            while self._behind:
                await self._put(next(iter(self._behind)))
            await self._mirrors.refresh()

    async def _put(self, run: str) -> None:
        """Have Redis hold what there is here, as it is when it has come there."""
        kept = self._local.kept(run)
        own = self._own.get(run)
        if kept is None or own is None:
            self._behind.pop(run, None)
            return
        said, stop = await self._store.put(run, kept)
        try:
            await self._must_be_ours(run, said)
        except Lost:
            logger.warning("run %s is written by somebody else", run)
            return
        await self._take_up(run, said, stop)
        now = self._local.where(run)
        if now is not None and (now.floor, now.top) == (kept.floor, kept.top):
            self._behind.pop(run, None)
            if kept.ended:
                self._own.pop(run, None)

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _remember(what: dict[str, T], run: str, word: T) -> None:
    """Keep this until it can be said; of too many, the oldest is forgotten."""
    what.setdefault(run, word)
    if len(what) > Bounds.stops:
        del what[next(iter(what))]
