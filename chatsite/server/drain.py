"""The end of a server: what it has begun is finished, and everybody is told (D-01, D-02, F7)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from chatsite.server.server import Server

logger = logging.getLogger(__name__)

GOING_DOWN: Final = 4012
_STEP: Final = 0.02


async def _nothing(_: Any) -> None:
    """A hook that is not needed."""


@dataclass(frozen=True)
class Hooks:
    """What the application does as its server begins and ends."""

    listening: Callable[[], None] = lambda: None
    """The server answers now."""
    stopping: Callable[[], None] = lambda: None
    """It has been told to end: not ready any more."""
    drain: Callable[[float], Awaitable[None]] = _nothing
    """Take nothing new on, and return when what is running has ended, or has been ended after so many seconds."""
    close_sockets: Callable[[int], Awaitable[None]] = _nothing
    """Close every socket with this code."""


@dataclass(frozen=True)
class Patience:
    """How long each step of the end may take, in seconds, beyond what the application was given."""

    store: float = 10
    """For what was ended to be stored."""
    close: float = 2
    """For sockets to be closed by both sides."""
    answers: float = 3
    """For answers that are being written."""
    cancelled: float = 1
    """For what had to be cancelled."""


class Drain:
    """Ends a server in order, once. A second signal ends the process at once."""

    def __init__(self, server: Server, hooks: Hooks, seconds: float, patience: Patience | None = None) -> None:
        self.server, self.hooks, self.seconds = server, hooks, seconds
        self.patience = patience or Patience()
        self._task: asyncio.Task[None] | None = None
        self._signalled = False

    def signalled(self, number: int) -> None:
        """SIGTERM or SIGINT has come."""
        if self._signalled:
            logger.warning("told to end a second time: ending at once")
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._signalled = True
        self.begin()

    def begin(self, *, replaced: bool = False) -> None:
        """End, if that has not begun. Who is `replaced` leaves new connections to whoever shares its socket.

        So it keeps none open for a next request, either: it would have to refuse what the others can do.
        """
        if self._task is None:
            if replaced:
                self.server.stop_listening()
                self.server.http_factory.leave()
            self._task = asyncio.ensure_future(self._end())
            self._task.add_done_callback(lambda _: self.server.stop())

    async def _end(self) -> None:
        logger.info("ending: nothing new is taken on")
        self.hooks.stopping()
        await self._step("drain", self.hooks.drain(self.seconds), self.seconds + self.patience.store)
        await self._step("stop listening", self.server.stop_listening(), self.patience.close)
        logger.info("ending: closing sockets")
        await self._step("close sockets", self.hooks.close_sockets(GOING_DOWN), self.patience.close)
        await self._step("hang up", self._hang_up(), self.patience.close)
        await self._until(lambda: not self.server.sockets(), self.patience.close)
        await self._until(lambda: not self.server.answering(), self.patience.answers)
        await self._cancel()
        logger.info("ending: done")

    async def _step(self, name: str, work: Awaitable[None], seconds: float) -> None:
        """One of them, which may fail or hang without keeping the process from its end."""
        try:
            async with asyncio.timeout(seconds):
                await work
        except Exception:
            logger.exception("ending: %s failed", name)

    async def _hang_up(self) -> None:
        """Close what the application has left open."""
        for socket in self.server.sockets():
            socket.close(GOING_DOWN)

    async def _until(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait for what the loop does by itself."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + seconds
        while not done() and loop.time() < limit:  # noqa: ASYNC110 (Daphne's books tell nobody when they change)
            await asyncio.sleep(_STEP)

    async def _cancel(self) -> None:
        """What is still running is cancelled, and has a moment to clean up."""
        tasks = self.server.running()
        if tasks:
            logger.warning("ending: %d unfinished", len(tasks))
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=self.patience.cancelled)
