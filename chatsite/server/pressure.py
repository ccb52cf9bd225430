"""Back-pressure, both ways: a sender waits for a slow reader, and a fast sender for a slow consumer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

Message = dict[str, Any]


@implementer(IPushProducer)
class Gate:
    """Shut while a transport's buffer is full, so that whoever sends can wait (F1).

    Twisted shuts it above 64 KiB of unsent bytes, and opens it when all of them have left.
    """

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._opened.set()
        self._shut_at: float | None = None

    @property
    def shut_for(self) -> float:
        """Seconds since it was shut; 0 while it is open."""
        return 0 if self._shut_at is None else time.monotonic() - self._shut_at

    async def passed(self) -> None:
        """Return when it is open. Those who waited together leave one by one, each only if it is still open."""
        while self._shut_at is not None:
            await self._opened.wait()

    def pauseProducing(self) -> None:
        """Shut it."""
        if self._shut_at is None:
            self._shut_at = time.monotonic()
            self._opened.clear()

    def resumeProducing(self) -> None:
        """Open it."""
        self._shut_at = None
        self._opened.set()

    def stopProducing(self) -> None:
        """Open it for good: the connection is lost, and nobody shall wait for it."""
        self.resumeProducing()


class Inbox(asyncio.Queue[Message]):
    """What waits for a consumer. When `limit` messages do, it calls `full`; at half of that, `room` (F3)."""

    def __init__(self, limit: int, full: Callable[[], None], room: Callable[[], None]) -> None:
        super().__init__()
        self._limit, self._full, self._room = limit, full, room
        self._stopped = False

    def put_nowait(self, item: Message) -> None:
        """Take one more; the limit stops the reading, not this."""
        super().put_nowait(item)
        if not self._stopped and self.qsize() >= self._limit:
            self._stopped = True
            self._full()

    async def get(self) -> Message:
        """The ASGI `receive`."""
        item = await super().get()
        if self._stopped and self.qsize() <= self._limit // 2:
            self._stopped = False
            self._room()
        return item
