"""A circuit breaker for each upstream: where many answers break at once, nobody asks again until one probe came back.

When a provider drops five hundred streams, five hundred retries are the last thing it needs (U-46). While its breaker
is open, a question is not sent; its run is told when to try, within the retries it has anyway. Then one of them may
ask, and by what becomes of it the breaker closes or rests for longer.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from .errors import UpstreamError
from .events import CONTENT, Event, Failed, Finished
from .prompts import Prompt
from .upstreams import Asker, Model

logger = logging.getLogger(__name__)

BROKEN: Final = frozenset({"connection", "timeout", "truncated", "server_error", "overloaded"})
"""Kinds of failure that are the upstream's own trouble, whoever asks it."""
RESTING: Final = "upstream_resting"


@dataclass(frozen=True)
class Tolerance:
    """How many failures within how many seconds open a breaker, and for how long at first and at most."""

    failures: int = 50
    seconds: float = 10
    rest: float = 5
    longest: float = 60


class Breaker:
    """What is known of one upstream. Closed, it lets everybody ask; open, nobody; half open, one."""

    def __init__(self, name: str, tolerance: Tolerance, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._tolerance, self._clock = name, tolerance, clock
        self._failures: deque[float] = deque(maxlen=tolerance.failures)
        self._successes: deque[float] = deque(maxlen=tolerance.failures)
        self._rest = 0.0
        self._until = 0.0
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether everybody may ask."""
        return not self._rest

    def admit(self) -> float:
        """0 for whoever may ask now; the others' seconds until it is worth trying. Follow it with `done`."""
        if self.closed:
            return 0
        left = self._until - self._clock()
        if left <= 0 and not self._probing:
            self._probing = True
            return 0
        return max(left, 1.0) + random.random()  # noqa: S311 (so that they do not all come back at once)

    def began(self) -> None:
        """It answers."""
        if not self.closed:
            self._rest, self._probing = 0, False
            self._failures.clear()
            logger.warning("upstream %s answers again: its breaker is closed", self._name)

    def succeeded(self) -> None:
        """An answer has ended well."""
        self._successes.append(self._clock())

    def failed(self) -> None:
        """An answer was broken off, or never began."""
        now = self._clock()
        self._failures.append(now)
        if self._probing:
            self._open(min(2 * self._rest, self._tolerance.longest))
        elif self.closed and self._too_many(now):
            self._open(self._tolerance.rest)

    def left(self) -> None:
        """Whoever asked went away before anything could be told from it: another one may be the probe."""
        self._probing = False

    def _too_many(self, now: float) -> bool:
        since = now - self._tolerance.seconds
        failures = sum(at >= since for at in self._failures)
        return failures >= self._tolerance.failures and failures > sum(at >= since for at in self._successes)

    def _open(self, rest: float) -> None:
        self._rest, self._until, self._probing = rest, self._clock() + rest, False
        logger.warning("upstream %s breaks its answers: its breaker is open for %g s", self._name, rest)


class Guarded:
    """Asks, unless the upstream's breaker is open."""

    def __init__(self, asker: Asker, tolerance: Tolerance | None = None) -> None:
        self._asker, self._tolerance = asker, tolerance or Tolerance()
        self._breakers: dict[str, Breaker] = {}

    def breaker(self, upstream: str) -> Breaker:
        """The one of this upstream."""
        return self._breakers.setdefault(upstream, Breaker(upstream, self._tolerance))

    async def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]:
        """One attempt, which is a failure at once while the breaker is open."""
        breaker = self.breaker(model.upstream.name)
        wait = breaker.admit()
        if wait:
            yield [Failed.of(UpstreamError(RESTING, retry_after=wait))]
            return
        told = _Told(breaker)
        try:
            async with aclosing(self._asker.ask(model, prompt)) as reads:
                async for events in reads:
                    told.hear(events)
                    yield events
        finally:
            told.close()


class _Told:
    """What one attempt has told its breaker: that it began to answer, once, and how it broke."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker, self._anything = breaker, False

    def hear(self, events: list[Event]) -> None:
        """A read has brought this."""
        for event in events:
            broken = isinstance(event, Failed) and event.kind in BROKEN
            if not self._anything and not broken and isinstance(event, (*CONTENT, Finished, Failed)):
                self._breaker.began()  # it may also say no: it is there
            self._anything = self._anything or isinstance(event, (*CONTENT, Finished, Failed))
            if broken:
                self._breaker.failed()
            if isinstance(event, Finished):
                self._breaker.succeeded()

    def close(self) -> None:
        """The attempt is over."""
        if not self._anything:
            self._breaker.left()
