"""What is under way to one viewer: bounded, in order, and never faster than it is taken.

Servers buffer without end for whoever does not read (F1), so the page acknowledges what it has, and we wait.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from . import frames

FRAMES: Final = 64
BYTES: Final = 512 * 1024
READ: Final = 300
"""Characters a second that are more than anybody reads."""
PIECE: Final = 300
"""Characters that a page shows within one frame."""


class Bucket:
    """A token bucket: `burst` at once, then `rate` a second."""

    __slots__ = ("_burst", "_rate", "_since", "_tokens")

    def __init__(self, burst: float, rate: float) -> None:
        self._burst = self._tokens = burst
        self._rate = rate
        self._since = time.monotonic()

    def take(self) -> bool:
        """Take one; False when there is none."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._since) * self._rate)
        self._since = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """What was taken did not count."""
        self._tokens += 1


class Window:
    """The frames that were sent and not acknowledged yet. Acknowledgements are cumulative."""

    def __init__(self, most: int = FRAMES, bytes: int = BYTES) -> None:
        self._most, self._bytes = most, bytes
        self._sent: deque[tuple[int, int, float]] = deque()
        self._size = 0
        self._last = 0
        self._moved = asyncio.Event()

    def sent(self, n: int, size: int) -> None:
        """Frame `n` of this size is on its way."""
        self._sent.append((n, size, time.monotonic()))
        self._size += size
        self._last = n

    def acknowledge(self, n: int) -> bool:
        """The viewer has everything up to `n`; False if it cannot have that."""
        if n > self._last:
            return False
        while self._sent and self._sent[0][0] <= n:
            self._size -= self._sent.popleft()[1]
            self._moved.set()
        return True

    @property
    def full(self) -> bool:
        """Whether nothing more may be sent for now."""
        return len(self._sent) >= self._most or self._size >= self._bytes

    @property
    def waited(self) -> float:
        """For how many seconds the oldest frame has been waiting."""
        return time.monotonic() - self._sent[0][2] if self._sent else 0

    async def opened(self) -> None:
        """Return when there is room."""
        while self.full:
            self._moved.clear()
            await self._moved.wait()


class Pace:
    """How often a viewer gets something new: its first words at once, then a beat for all that it follows.

    Text faster than anybody reads comes in larger pieces, of up to three beats: a page pays for each time that it
    changes, hardly for how much as long as that fits into a frame, and so do we.
    """

    def __init__(self, beat: float) -> None:
        self._beat = beat
        self._next = self._since = 0.0

    async def rest(self, size: int) -> None:
        """Called after sending so much: wait for this flow's next turn, while what it will send gathers."""
        now = time.monotonic()
        rate = size / max(now - self._since, 1e-3)
        gathers = min(3 * self._beat, PIECE / rate) if rate > READ else 0
        self._since = now
        self._next = max(self._next, now) + max(self._beat, gathers)
        await asyncio.sleep(self._next - now)


class Outlet:
    """Numbers frames and sends them one after the other, each as soon as the window has room."""

    def __init__(self, write: Callable[[bytes], Awaitable[None]], window: Window) -> None:
        self._write, self.window = write, window
        self._n = 0
        self._turn = asyncio.Lock()  # numbers must leave in their order, and writing may wait

    async def send(self, kind: frames.Kind, **members: Any) -> None:
        """Send one frame. A caller that is cancelled before its turn has sent nothing."""
        async with self._turn:
            await self.window.opened()
            payload = frames.write(kind, self._n + 1, **members)
            self._n += 1
            self.window.sent(self._n, len(payload))
            await self._write(payload)
