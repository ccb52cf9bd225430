"""The process's one engine: what can be asked, what goes on, and who writes it down, wired from the settings."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from django.conf import settings

from chatsite.database import db
from streaming import demo, upstreams
from streaming.errors import StreamingError
from streaming.logs import Log
from streaming.logs.memory import MemoryLog
from streaming.prompts import Prompt
from streaming.runs import Limits, Runs
from streaming.upstreams import Catalogue, Model

from .door import Door
from .keeper import Keeper
from .ledger import Ledger
from .models import Message
from .recorder import Recorder

if TYPE_CHECKING:
    from streaming.upstream import Client

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Engine:
    """Everything that runs answers in this process. It begins its rounds when a loop first uses it."""

    def __init__(self, catalogue: Catalogue, log: Log) -> None:
        self.catalogue: Final = catalogue
        self.log: Final = log
        self.ledger: Final = Ledger()
        self.client: Final = _client()
        self.runs: Final = Runs(log, self.ledger, self.client, _limits())
        self.recorder: Final = Recorder(log, settings.RECORD_SECONDS)
        self.keeper: Final = Keeper(log, self.recorder, self.ledger)
        self.draining = False
        self.loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Live on this loop from now on."""
        self.loop = loop
        # A context of its own, or it would live in that of the request that came by first.
        self._rounds = contextvars.Context().run(self._task, self.keeper.rounds())

    async def start(self, reply: Message, model: Model, prompt: Prompt) -> None:
        """Let the model write this reply; what cannot even be begun is settled at once, never left streaming."""
        run = reply.run
        self.ledger.granted(run)
        begun = False
        try:
            await self.runs.start(str(run.uid), model, prompt, reply.text)
            self.recorder.follow(run, reply, model.prices)
            begun = True
        except StreamingError as error:
            logger.warning("run %s was not begun: %s", run.uid, type(error).__name__)
        finally:
            if not begun:
                await self.ledger.release(str(run.uid), run.fence)
                await db(run.give_up)("server_stopped" if self.draining else "internal")

    async def stop(self, run: UUID, by: str = "person") -> None:
        """End a run, wherever it goes on, and return when its rows say so, or after a few seconds."""
        await self.runs.stop(str(run), by)
        await self.recorder.persist(str(run), STOPPING)

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this to its end even if whoever waits for it is cancelled: what is stored must also be started."""
        return await asyncio.shield(self._task(work))

    async def drain(self, seconds: float) -> None:
        """Take nothing new on, let what is running end or end it after so long, and store all of it (D-01)."""
        busy = bool(self.runs.live)
        await self._drain(seconds)
        if busy:
            # Pages that hear of an end fetch the finished message: until then somebody has to be here.
            await asyncio.sleep(LAST_LOOK)
        await self.client.aclose()

    async def _drain(self, seconds: float) -> None:
        self.draining = True
        await self.runs.drain(seconds)
        await self.recorder.drain()

    async def close(self) -> None:
        """End at once whatever goes on; for tests, whose loops end."""
        await self._drain(0)
        while self._tasks:  # once more for those whose cancellation a client of Redis has swallowed
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=1)
        await self.client.aclose()

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


LAST_LOOK: Final = 1.0
"""Seconds in which open pages may fetch what has just ended, before a process goes."""
STOPPING: Final = 5.0
"""Seconds after which whoever pressed Stop gets an answer anyway."""


def _log() -> Log:
    if not settings.REDIS_URL:
        return MemoryLog()
    from streaming.logs.redis import RedisLog  # a quarter of a second, which who has no Redis need not wait

    return RedisLog(settings.REDIS_URL)


log: Final = _log()
"""The logs of runs: of this process alone, or of all that share a Redis."""

_current: Engine | None = None
_building: Final = threading.Lock()


def engine() -> Engine:
    """The engine of this process. A new one is built only where the loop of the old one is gone, as in tests."""
    global _current
    loop = _running_loop()
    with _building:
        if _current is None or (loop and _current.loop and _current.loop.is_closed()):
            _current = Engine(catalogue(), log)
        if loop and not _current.loop:
            _current.begin(loop)
        return _current


def reset() -> None:
    """Forget the engine, so that the next use builds one from the settings as they are then; for tests.

    Log and door stay: an ASGI application that holds them goes on working, and no two runs share an id.
    """
    global _current
    _current = None


async def _persist(run: str) -> None:
    await engine().recorder.persist(run)


door: Final = Door(_persist, engine)
"""Whom the relay lets in."""


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _client() -> Client:
    from streaming.upstream import Client, Timeouts  # most commands ask no model, and all load this module

    return Client(Timeouts(connect=settings.CONNECT_SECONDS))


def _limits() -> Limits:
    return Limits(
        first=settings.FIRST_EVENT_SECONDS,
        silence=settings.SILENCE_SECONDS,
        progress=settings.PROGRESS_SECONDS,
        total=settings.TOTAL_SECONDS,
        renewal=settings.LEASE_SECONDS / 6,
    )


def catalogue() -> Catalogue:
    """The upstreams of the file that `UPSTREAMS` names, else of the environment, else the demo's."""
    if settings.UPSTREAMS:
        return upstreams.from_toml(Path(settings.UPSTREAMS).read_text(), os.environ)  # keys by any name
    return upstreams.from_environment(settings.UPSTREAM_ENVIRONMENT) or demo.catalogue(demo.serve())
