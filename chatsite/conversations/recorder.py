"""Writes running answers down: a reader of each run's log that keeps the rows up to date, and settles them.

Every half second (`RECORD_SECONDS`) one transaction saves all replies that grew, each with the position its text
stands at (I-7, I-12). When a run ends, its reply and the run are settled in one transaction of their own, and whoever
waits in `persist` goes on. The log never waits for any of this.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import time
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any, Final

from django.db import InterfaceError, OperationalError

from chatsite.database import db
from streaming.errors import Gone
from streaming.logs import Log
from streaming.upstreams import Prices

from . import hints
from .models import Message, Run
from .recording import Recording, save

logger = logging.getLogger(__name__)

PATIENCE: Final = 60.0
"""Seconds for which a database that does not answer is tried again (D-09)."""
PAUSE: Final = 0.5


class Recorder:
    """One per process. `live` are the runs it writes down, `unsaved` those it could not settle in time."""

    def __init__(self, log: Log, seconds: float, patience: float = PATIENCE) -> None:
        self.log, self.seconds, self.patience = log, seconds, patience
        self.live: dict[str, Recording] = {}
        self.unsaved: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._beat: asyncio.Task[None] | None = None

    @property
    def lag(self) -> float:
        """For how many seconds the oldest text that is not saved yet has waited for it."""
        waiting = [one.grown_at for one in self.live.values() if one.dirty]
        return time.monotonic() - min(waiting) if waiting else 0.0

    def follow(self, run: Run, reply: Message, prices: Prices | None, *, live: bool = True) -> None:
        """Write this run down, into this reply, from its first event on; not `live`: from what another has written."""
        recording = self.live[str(run.uid)] = Recording(run, reply, prices, live=live)
        task = _alone(self._follow(recording), f"record {run.uid}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._beat is None or self._beat.done():
            self._beat = _alone(self._save_often(), "recorder")

    async def persist(self, run: str, seconds: float | None = None) -> None:
        """Return when the run's rows are final, or when that has been waited for long enough."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience + 5 if seconds is None else seconds):
                if recording := self.live.get(run):
                    await recording.settled.wait()
                    if run not in self.unsaved:
                        return
                # Another process writes it, or nobody does any more: then the sweep settles it.
                while await self._unsettled(run):  # noqa: ASYNC110 (what happens elsewhere sets no event of ours)
                    await asyncio.sleep(PAUSE)

    async def _unsettled(self, run: str) -> bool:
        try:
            return await db(Run.objects.live().filter(uid=run).exists)()
        except (OperationalError, InterfaceError):
            return True

    async def drain(self) -> None:
        """Return when everything that has ended is stored."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, recording: Recording) -> None:
        uid = str(recording.run.uid)
        try:
            async with aclosing(self.log.read(uid, 0)) as batches:
                async for batch in batches:
                    recording.take(batch)
            await self._settle(recording)
        except Gone:
            # The conversation was purged, or somebody has taken the run over and closed its log.
            logger.warning("the log of run %s went before its end", uid)
            self.unsaved[uid] = recording.run
        finally:
            del self.live[uid]
            recording.settled.set()
        await hints.tell(recording.owner, "message", recording.reply)
        await hints.tell(recording.owner, "conversations", recording.conversation)

    async def _settle(self, recording: Recording) -> None:
        """Store the end; try again while the database is away, and leave it to the sweep if that lasts (D-09)."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        while True:
            try:
                if not await db(recording.settle)():
                    logger.warning("run %s was settled by somebody else", recording.run.uid)
                return
            except (OperationalError, InterfaceError) as error:
                if loop.time() > until:
                    logger.error("run %s could not be stored: %s", recording.run.uid, type(error).__name__)
                    break
            except Exception as error:
                # Only its kind: what a database says of a row that it refuses has words of the row in it (S-37).
                logger.error("run %s cannot be stored: %s", recording.run.uid, type(error).__name__)
                break
            await asyncio.sleep(PAUSE)
        self.unsaved[str(recording.run.uid)] = recording.run

    async def _save_often(self) -> None:
        while self.live:
            await asyncio.sleep(self.seconds)
            await self._save()

    async def _save(self) -> None:
        """One transaction for all that grew; what could not be saved now grows until it can."""
        grown = [recording.snapshot() for recording in self.live.values() if recording.dirty]
        try:
            if grown:
                await db(save)(grown)
        except Exception as error:
            logger.warning("%d answers could not be saved yet: %s", len(grown), type(error).__name__)
            for snapshot in grown:
                snapshot.recording.dirty = True


def _alone(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """A task in a context of its own: it outlives the request that began it."""
    return asyncio.create_task(work, name=name, context=contextvars.Context())
