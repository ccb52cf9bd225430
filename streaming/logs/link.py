"""The way to Redis: one connection, used by one task only, which sends together whatever has been asked meanwhile.

Whoever asks waits for a future. So who is cancelled takes nothing with them: no connection is ever left one reply
behind, with somebody else's words in it (S-19, CVE-2023-28858).
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ..errors import StreamingError

logger = logging.getLogger(__name__)

PATIENCE: Final = 1.0
"""Seconds for a reply; a store that takes longer counts as away."""
IDLE: Final = 5.0
"""Seconds after which one that was asked nothing is asked whether it is there."""
AT_ONCE: Final = 500
"""Commands that are sent together."""
PAUSES: Final = (0.1, 2.0)
"""Seconds between two attempts to reach it: at first, and at most."""
PROBE: Final = "chatsite:probe"

Command: TypeAlias = tuple[bytes | str | int | float, ...]
Asked: TypeAlias = tuple[Command, asyncio.Future[Any] | None]


class Away(StreamingError):
    """The store cannot be asked now."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AbstractConnection]:
    """One connection to this store, without a second try: what was sent may have been done, reply or not.

    It has no time limits of its own. The library would wait by `asyncio.wait_for`, which in Python 3.11 may swallow
    the cancellation of whoever waits.
    """
    pool = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=None, protocol=2)
    line: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
    try:
        async with asyncio.timeout(PATIENCE):
            await line.connect()  # type: ignore[no-untyped-call]
        yield line
    finally:
        await line.disconnect(nowait=True)


class Link:
    """Commands to one Redis, for as long as the loop lives on which it was first asked.

    `begin` is sent at the beginning of each connection; `left` is called when it goes away, `back` when it is there
    again.
    """

    def __init__(self, url: str, begin: Sequence[Command], left: Callable[[], None], back: Callable[[], None]) -> None:
        # It must also take what it is told: a replica, or one that is full, is no use.
        self._url, self._begin = url, [*begin, ("SET", PROBE, 1, "PX", 1000)]
        self._left, self._back = left, back
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: list[Asked] = []
        self._some: asyncio.Event
        self._pump: asyncio.Task[None]
        self.away_since: float | None = None

    @property
    def away(self) -> bool:
        """Whether it is known not to answer."""
        return self.away_since is not None

    async def ask(self, *command: bytes | str | int | float) -> Any:
        """The reply. `Away` if there is none in time, or if it says that it cannot do that."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._start(loop)
        if self.away:
            raise Away
        reply: asyncio.Future[Any] = loop.create_future()
        self._asked.append((command, reply))
        self._some.set()
        return await reply

    def look(self) -> None:
        """See at once whether it is still there: somebody has reason to doubt it."""
        if self._loop is not None and not self.away:
            self._some.set()

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._asked, self._some, self.away_since = loop, [], asyncio.Event(), None
        # A context of its own, or it would live in that of the request that came by first.
        self._pump = contextvars.Context().run(loop.create_task, self._keep(), name="redis")

    async def _keep(self) -> None:
        """Be connected, again and again."""
        pause = PAUSES[0]
        while True:
            began = time.monotonic()
            try:
                async with connected(self._url) as line:
                    await self._together(line, [(command, None) for command in self._begin])
                    self._here()
                    await self._serve(line)
            except (RedisError, OSError, TimeoutError) as error:
                self._lost(error)
            pause = PAUSES[0] if time.monotonic() - began > 2 * IDLE else min(2 * pause, PAUSES[1])
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 (not all processes at once)

    async def _serve(self, line: AbstractConnection) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE):
                    await self._some.wait()
            batch, self._asked = self._asked[:AT_ONCE], self._asked[AT_ONCE:]
            if not self._asked:
                self._some.clear()
            await self._together(line, batch or [(("PING",), None)])

    async def _together(self, line: AbstractConnection, batch: Sequence[Asked]) -> None:
        """Send all of these at once. One that is refused breaks the connection off: a new one shows what is wrong."""
        try:
            async with asyncio.timeout(PATIENCE):
                await line.send_packed_command(line.pack_commands([command for command, _ in batch]))
                for _, reply in batch:
                    said = await line.read_response(disable_decoding=True)
                    if reply is not None and not reply.done():
                        reply.set_result(said)
        finally:
            _give_up(batch)

    def _here(self) -> None:
        if self.away_since is None:
            return
        logger.warning("Redis is back after %.1f s", time.monotonic() - self.away_since)
        self.away_since = None
        self._back()

    def _lost(self, error: BaseException) -> None:
        if self.away_since is None:
            self.away_since = time.monotonic()
            logger.warning("Redis is away: %s", type(error).__name__)
            self._left()
        asked, self._asked = self._asked, []
        _give_up(asked)


def _give_up(asked: Sequence[Asked]) -> None:
    """What has no reply by now gets none any more."""
    for _, reply in asked:
        if reply is not None and not reply.done():
            reply.set_exception(Away())
