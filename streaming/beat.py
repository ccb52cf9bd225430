"""One beat that all runs of a process keep, so that what many models say in one moment is handled in one turn.

Awaited *after* something was delivered, it makes the next read bring more: half the reads, entries, frames
and wake-ups, while the first word of an answer is never late.
"""

from __future__ import annotations

import asyncio
from typing import Final


class Beat:
    """A clock that strikes every `seconds`, while anybody waits for it."""

    def __init__(self, seconds: float = 0.04) -> None:
        self.seconds: Final = seconds
        self._next: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self) -> None:
        """Return at the next stroke."""
        loop = asyncio.get_running_loop()
        if self._next is None or self._loop is not loop:
            # An event, not a bare future: whoever is cancelled while waiting takes nobody along.
            self._next, self._loop = asyncio.Event(), loop
            loop.call_later(self.seconds, self._strike, self._next)
        await self._next.wait()

    def _strike(self, stroke: asyncio.Event) -> None:
        stroke.set()
        if self._next is stroke:
            self._next = None
