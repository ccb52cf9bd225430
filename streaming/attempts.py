"""An answer as it will be written down: asked for until somebody answers, within every limit of time and size."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from .errors import UpstreamError
from .events import CONTENT, TERMINAL, Alive, Event, Failed, Waiting, merge
from .measure import length, shortened, split
from .prompts import Prompt
from .tally import tally
from .upstreams import Asker, Model


@dataclass(frozen=True)
class Limits:
    """Bounds on one run, times in seconds, and on how many a process takes."""

    first: float = 300
    """Until the first byte of the body, comments included."""
    silence: float = 300
    """Without any byte."""
    progress: float = 900
    """Without any event but signs of life; reasoning is progress."""
    total: float = 1_800
    """The whole run, all attempts together."""
    text: int = 4 * 1024 * 1024
    """Bytes of all that an answer says, what comes beside its words included."""
    retries: int = 2
    """Further attempts, made only while nothing has been shown."""
    retry_after: float = 20
    """The longest wait that a server may ask for; beyond it we give up and the page says when to try."""
    retry_pause: float = 0.5
    """The first wait where the server names none; each further one is twice as long."""
    renewal: float = 5
    """Between two renewals of the leases."""
    runs: int = 1_000
    """Runs of one process at the same time."""


class Clocks:
    """When a run has been silent, idle or busy for too long. Monotonic: a clock that is set changes nothing."""

    def __init__(self, limits: Limits) -> None:
        self._limits: Final = limits
        self._began = time.monotonic()
        self.attempt()

    def attempt(self) -> None:
        """A further attempt begins."""
        self._heard = False
        self._byte = self._event = time.monotonic()

    def heard(self, events: Sequence[Event]) -> None:
        """A read has brought this."""
        self._heard = True
        self._byte = time.monotonic()
        if any(not isinstance(event, Alive) for event in events):
            self._event = self._byte

    def due(self) -> tuple[float, str]:
        """In how many seconds the nearest limit is reached, and its name."""
        limits = self._limits
        silence = (limits.silence, "stalled") if self._heard else (limits.first, "first_token_timeout")
        when, reason = min(
            (self._byte + silence[0], silence[1]),
            (self._event + limits.progress, "no_progress"),
            (self._began + limits.total, "too_slow"),
        )
        return max(0.0, when - time.monotonic()), reason

    def left(self) -> float:
        """Seconds until the run must have ended."""
        return self._began + self._limits.total - time.monotonic()


class Answer:
    """One run's answer. Iterate over it once: what to write after each read, at the end one terminal event."""

    def __init__(self, asker: Asker, model: Model, prompt: Prompt, limits: Limits) -> None:
        self._asker, self._model, self._prompt, self._limits = asker, model, prompt, limits
        self._clocks = Clocks(limits)
        self._room = limits.text
        self._shown = False
        self.retries = 0

    async def events(self) -> AsyncGenerator[list[Event] | Waiting, None]:
        """Everything that is to be written, as it comes; before each wait a notice of it."""
        while True:
            pause = 0.0
            last: Event | None = None
            self._clocks.attempt()
            async with aclosing(self._attempt()) as attempt:
                async for events in attempt:
                    last = events[-1]
                    pause = self._pause(last)
                    if pause:
                        break
                    yield events
            if not pause:
                return
            self.retries += 1
            if isinstance(last, Failed):
                yield Waiting(pause, last.kind)
            await asyncio.sleep(pause)

    async def _attempt(self) -> AsyncGenerator[list[Event], None]:
        """One attempt. Nothing leaves before there is something to show, so that a failed start leaves no trace."""
        held: list[Event] = []
        self._room = self._limits.text  # whatever came of an attempt before this one is forgotten
        async with aclosing(self._asker.ask(self._model, self._prompt)) as reads:
            while True:
                read = await self._next(reads)
                held = merge([*held, *self._fitting([event for event in read if not isinstance(event, Alive)])])
                ended = bool(held) and isinstance(held[-1], TERMINAL)
                if ended and isinstance(failed := held[-1], Failed):
                    tally.refused[failed.kind] += 1
                self._shown = self._shown or any(isinstance(event, CONTENT) for event in held)
                if held and (ended or self._shown):
                    yield split(held)
                    held = []
                if ended:
                    return

    async def _next(self, reads: AsyncGenerator[list[Event], None]) -> list[Event]:
        """The next read, or the failure to get one in time."""
        seconds, reason = self._clocks.due()
        try:
            async with asyncio.timeout(seconds):
                events = await anext(reads)
        except TimeoutError:
            return [Failed.of(UpstreamError(reason))]
        except StopAsyncIteration:
            return [Failed.of(UpstreamError("no_terminal"))]
        self._clocks.heard(events)
        return events

    def _fitting(self, events: list[Event]) -> list[Event]:
        """As many of these as there is room for, and the end if that is not all (U-30)."""
        for index, event in enumerate(events):
            needed = length(event)
            if needed > self._room:
                last = shortened(event, self._room)
                return [*events[:index], *([last] if last else []), Failed.of(UpstreamError("too_long"))]
            self._room -= needed
        return events

    def _pause(self, last: Event) -> float:
        """How long to wait before asking again; 0 for not at all."""
        limits = self._limits
        if self._shown or self.retries >= limits.retries or not isinstance(last, Failed) or not last.retryable:
            return 0
        if last.reason in ("first_token_timeout", "stalled", "no_progress", "too_slow"):
            return 0  # we have waited for long enough
        if last.retry_after is not None and last.retry_after > limits.retry_after:
            return 0
        if last.retry_after is None:
            pause = limits.retry_pause * 2**self.retries * random.uniform(0.8, 1.2)  # noqa: S311
        else:
            pause = max(1.0, last.retry_after)
        return pause if pause < self._clocks.left() else 0
