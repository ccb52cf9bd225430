"""The log of one process: lists in memory, and an event for those who wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec.structs import replace

from ..errors import Gone, Lost
from ..events import TERMINAL, Event, Waiting, merge
from ..measure import size
from . import Batch, Log


class Kept(NamedTuple):
    """All that is left of a log: `head` stands merged for the positions `start + 1` to `floor`, then one event each."""

    fence: int
    start: int
    floor: int
    head: list[Event]
    tail: list[Event]

    @property
    def top(self) -> int:
        """The position of its last event."""
        return self.floor + len(self.tail)

    @property
    def ended(self) -> bool:
        """Whether that is the end."""
        last = (self.tail or self.head)[-1:]
        return bool(last) and isinstance(last[0], TERMINAL)


class Where(NamedTuple):
    """By whom a log is written, up to where it is merged, and the position of its last event."""

    fence: int
    floor: int
    top: int


@dataclass(frozen=True)
class Bounds:
    """How much is kept: of one run, of all that have ended, and for how many seconds after the end."""

    events: int = 2_000
    bytes: int = 4 * 1024 * 1024
    ended_bytes: int = 64 * 1024 * 1024
    seconds: float = 600
    stops: int = 1_000
    """Wishes to end runs that nobody writes (yet)."""


@dataclass
class _Run:
    """One log. Old events are merged into `head`, which stands for the positions `start + 1` to `floor`."""

    fence: int
    start: int = 0
    floor: int = 0
    head: list[Event] = field(default_factory=list)
    tail: list[Event] = field(default_factory=list)
    bytes: int = 0
    ended_at: float | None = None
    closed: bool = False
    stop_by: str = ""
    notice: Waiting | None = None
    notice_until: float = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def top(self) -> int:
        return self.floor + len(self.tail)

    def wake(self) -> None:
        # Each round of waiters has an event of its own, so nobody can sleep through one or be woken twice.
        self.changed.set()
        self.changed = asyncio.Event()

    def since(self, after: int) -> list[Event] | None:
        """What comes after this position, or None if that cannot be told from here."""
        if self.closed or after > self.top:
            return None
        if after >= self.floor:
            return self.tail[after - self.floor :]
        return [*self.head, *self.tail] if after == self.start else None


class MemoryLog(Log):
    """Keeps logs for as long as the process lives, within its bounds."""

    def __init__(self, bounds: Bounds | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.bounds: Final = bounds or Bounds()
        self._clock: Final = clock
        self._runs: dict[str, _Run] = {}
        self._ended: dict[str, _Run] = {}  # in the order of their ends
        self._ended_bytes = 0
        self._stops: dict[str, str] = {}  # by whom runs were asked to stop that are just being started

    @property
    def away(self) -> bool:
        return False

    async def open(self, run: str, fence: int) -> int:
        self._forget_old()
        known = self._runs.get(run)
        if known is None:
            known = self._runs[run] = _Run(fence, stop_by=self._stops.pop(run, ""))
        elif fence <= known.fence or known.ended_at is not None:
            raise Lost(run)
        known.fence = fence
        return known.top

    async def append(self, run: str, fence: int, after: int, events: Sequence[Event]) -> int:
        log = self._runs.get(run)
        if log is None or log.fence != fence or log.top != after or log.ended_at is not None:
            raise Lost(run)
        log.notice = None
        log.tail.extend(events)
        log.bytes += sum(size(event) for event in events)
        self._compact(log)
        if events and isinstance(events[-1], TERMINAL):
            self._end(run, log)
        log.wake()
        return log.top

    async def tell(self, run: str, fence: int, notice: Waiting) -> None:
        log = self._runs.get(run)
        if log is None or log.fence != fence or log.ended_at is not None:
            raise Lost(run)
        log.notice, log.notice_until = notice, self._clock() + notice.seconds
        log.wake()

    async def read(self, run: str, after: int) -> AsyncGenerator[Batch, None]:
        self._forget_old()
        log = self._runs.get(run)
        seen: Waiting | None = None
        while True:
            events = log.since(after) if log is not None else None
            if log is None or events is None:
                raise Gone(run)
            if events:
                batch = Batch(after, log.top, events)
                after = batch.position
                yield batch
                if isinstance(events[-1], TERMINAL):
                    return
            elif log.ended_at is not None:
                return
            elif log.notice is not seen:
                seen = log.notice
                left = log.notice_until - self._clock()
                if seen is not None and left > 0:
                    yield Batch(after, after, [], replace(seen, seconds=left))
            else:
                await log.changed.wait()

    async def ask_to_stop(self, run: str, by: str) -> None:
        log = self._runs.get(run)
        if log is None:
            self._stops.setdefault(run, by)
            if len(self._stops) > self.bounds.stops:
                del self._stops[next(iter(self._stops))]
        elif not log.stop_by:
            log.stop_by = by
            log.wake()

    async def stop_asked(self, run: str) -> str:
        log = self._runs.get(run)
        while log is not None and not log.closed:
            if log.stop_by:
                return log.stop_by
            await log.changed.wait()
        raise Gone(run)

    async def close(self, run: str) -> None:
        self._forget(run)

    def where(self, run: str) -> Where | None:
        """How far this run has come here."""
        log = self._runs.get(run)
        return Where(log.fence, log.floor, log.top) if log else None

    def kept(self, run: str) -> Kept | None:
        """What there is of this run; for whoever keeps it somewhere else, too."""
        log = self._runs.get(run)
        return Kept(log.fence, log.start, log.floor, list(log.head), list(log.tail)) if log else None

    def adopt(self, run: str, kept: Kept) -> None:
        """Have this log, as somebody else kept it; who reads it here goes on with it where that is possible."""
        log = self._runs.setdefault(run, _Run(kept.fence))
        log.fence, log.start, log.floor = kept.fence, kept.start, kept.floor
        log.head, log.tail = list(kept.head), list(kept.tail)
        log.bytes = sum(size(event) for event in (*log.head, *log.tail))
        if log.ended_at is None and kept.ended:
            self._end(run, log)
        log.wake()

    def _compact(self, log: _Run) -> None:
        """Merge the older half when there are too many events; let the oldest go when they are too large."""
        if len(log.tail) > self.bounds.events:
            half = len(log.tail) // 2
            log.head = merge([*log.head, *log.tail[:half]])
            del log.tail[:half]
            log.floor += half
            log.bytes = sum(size(event) for event in (*log.head, *log.tail))
        if log.bytes > self.bounds.bytes and log.head:
            log.bytes -= sum(size(event) for event in log.head)
            log.head, log.start = [], log.floor
        dropped = 0
        while log.bytes > self.bounds.bytes and dropped < len(log.tail) - 1:
            log.bytes -= size(log.tail[dropped])
            dropped += 1
        if dropped:
            del log.tail[:dropped]
            log.floor += dropped
            log.start = log.floor

    def _end(self, run: str, log: _Run) -> None:
        log.ended_at = self._clock()
        self._ended[run] = log
        self._ended_bytes += log.bytes
        self._forget_old()

    def _forget_old(self) -> None:
        oldest = self._clock() - self.bounds.seconds
        for run, log in list(self._ended.items()):
            if (log.ended_at or 0) > oldest and self._ended_bytes <= self.bounds.ended_bytes:
                break
            self._forget(run)

    def _forget(self, run: str) -> None:
        log = self._runs.pop(run, None)
        if log is None:
            return
        if self._ended.pop(run, None) is not None:
            self._ended_bytes -= log.bytes
        log.closed = True
        log.head, log.tail = [], []
        log.wake()
