"""Runs: starts them, holds them, stops them, and sees to it that each one ends.

A run is a task of its own. It belongs to no browser and to no request, asks a model and writes what it says into the
log. Whatever happens to it, its log ends with exactly one terminal event, unless somebody else has settled it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import Any, Final, Protocol

from .attempts import Answer, Limits
from .breaker import Guarded
from .errors import Gone, Lost, Refused, UpstreamError
from .events import CONTENT, TERMINAL, Event, Failed, Finished, Started, Stopped, Terminal, Waiting
from .logs import Log
from .overlap import Continuing, opening
from .prompts import Prompt
from .tally import tally
from .upstreams import Asker, Model

__all__ = ["Ledger", "Limits", "Runs"]

logger = logging.getLogger(__name__)

CLOSING: Final = 5.0
"""Seconds in which a run that was told to end must have done so."""


class Ledger(Protocol):
    """Who may write a run: the product's word, by a number that rises with each new writer."""

    async def lease(self, run: str) -> int:
        """The fence under which we may write; `Refused` if it is somebody else's run."""

    async def renew(self, runs: Mapping[str, int]) -> set[str]:
        """Keep all of these; those that are ours no more."""

    async def release(self, run: str, fence: int) -> None:
        """We write no more."""


class _Ended(Exception):
    """The run was ended from outside; its verdict says how."""


class _Live:
    """A run that is going on."""

    def __init__(self, run: str, fence: int, answer: Answer, position: int) -> None:
        self.run, self.fence, self.answer = run, fence, answer
        self.position = position
        self.request = ""
        self.began: float | None = time.monotonic()
        self.verdict: Terminal | None = None
        self.task: asyncio.Task[None] | None = None
        self.listener: asyncio.Task[None] | None = None
        self._waiting = self._interrupted = False

    def end(self, verdict: Terminal) -> None:
        """End it with this event, at once if it waits for its model, else as soon as it would."""
        if self.verdict is None:
            self.verdict = verdict
            if self._waiting and self.task is not None:
                self._interrupted = self.task.cancel()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Around waiting for the model: an end from outside takes effect here, never in the middle of writing."""
        if self.verdict is not None:
            raise _Ended
        self._waiting = True
        try:
            yield
        except asyncio.CancelledError:
            if not self._interrupted or self.task is None:
                raise
            self.task.uncancel()
            raise _Ended from None
        finally:
            self._waiting = False


class Runs:
    """All runs of this process."""

    def __init__(self, log: Log, ledger: Ledger, client: Asker, limits: Limits | None = None) -> None:
        self.limits: Final = limits or Limits()
        self._log, self._ledger, self._client = log, ledger, Guarded(client)
        self._live: dict[str, _Live] = {}
        self._starting: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewing: asyncio.Task[None] | None = None
        self._draining = False

    @property
    def live(self) -> int:
        """How many runs go on."""
        return len(self._live) + len(self._starting)

    async def start(self, run: str, model: Model, prompt: Prompt, before: str = "") -> None:
        """Begin this run. `Refused` if we are shutting down, have too many, or it is not ours to write.

        `before` is text that the answer begins with and the model goes on with: the first events of the log.
        """
        if self._ending() or self.live >= self.limits.runs or run in self._live or run in self._starting:
            raise Refused(run)
        self._starting.add(run)
        try:
            fence = await self._ledger.lease(run)
            if self._ending():
                await self._quietly(self._ledger.release, run, fence)
                raise Refused(run)
            await self._log.open(run, fence)
            position = await self._log.append(run, fence, 0, opening(before)) if before else 0
            live = self._live[run] = _Live(run, fence, self._answer(model, prompt, before), position)
            if self._ending():
                live.end(Failed.of(UpstreamError("server_stopped")))
        finally:
            self._starting.discard(run)
        live.task = self._task(self._hold(live, model), f"run {run}")
        live.listener = self._task(self._listen(live), f"stop {run}")
        if self._renewing is None or self._renewing.done():
            self._renewing = self._task(self._renew(), "leases")

    def _answer(self, model: Model, prompt: Prompt, before: str) -> Answer:
        if not before:
            return Answer(self._client, model, prompt, self.limits)
        room = max(0, self.limits.text - len(before.encode()))
        return Answer(Continuing(self._client, before), model, prompt, replace(self.limits, text=room))

    async def stop(self, run: str, by: str = "person") -> None:
        """End this run, wherever it goes on; here it has ended when this returns."""
        live = self._live.get(run)
        if live is None or live.task is None:
            await self._log.ask_to_stop(run, by)  # if it is just being started, it hears of it then
            return
        live.end(Stopped(by))
        await asyncio.wait({live.task}, timeout=CLOSING)

    async def drain(self, seconds: float) -> None:
        """Take on no more, give the running ones this long, then end the rest with what they have."""
        self._draining = True
        await self._settled(seconds)
        for live in self._live.values():
            live.end(Failed.of(UpstreamError("server_stopped")))
        await self._settled(CLOSING)

    def _ending(self) -> bool:
        return self._draining

    async def _settled(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.live and (left := deadline - time.monotonic()) > 0:
            tasks = {live.task for live in self._live.values() if live.task is not None}
            if tasks:
                await asyncio.wait(tasks, timeout=left)
            else:
                await asyncio.sleep(0.01)  # one is just being started

    def _task(self, work: Any, name: str) -> asyncio.Task[None]:
        # A context of its own, or the run would live in that of the request that began it; and a reference that
        # lasts, or it might be collected in the middle.
        task: asyncio.Task[None] = asyncio.create_task(work, name=name, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _hold(self, live: _Live, model: Model) -> None:
        """The whole life of a run. The one place that catches everything: what breaks here still ends its log."""
        began = time.monotonic()
        last: Terminal | None = None
        try:
            last = await self._relay(live)
        except Lost:
            logger.warning("run %s was settled by somebody else", live.run)
        except Exception as error:
            # Where it broke, but not the words of the error: they may be those of an answer (S-37).
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("run %s broke: %s\n%s", live.run, type(error).__name__, where)
            last = await self._quietly(self._conclude, live, Failed.of(UpstreamError("internal")))
        finally:
            del self._live[live.run]
            if live.listener is not None:
                live.listener.cancel()
            _record(live, model, last, time.monotonic() - began)
            await self._quietly(self._ledger.release, live.run, live.fence)

    async def _relay(self, live: _Live) -> Terminal:
        """Write what the model says until one of the three ends."""
        try:
            async with aclosing(live.answer.events()) as batches:
                while True:
                    with live.interruptible():
                        events = await anext(batches)
                    if isinstance(events, Waiting):
                        await self._log.tell(live.run, live.fence, events)
                        continue
                    await self._append(live, events)
                    last = events[-1]
                    if isinstance(last, TERMINAL):
                        return last
        except _Ended:
            verdict = live.verdict or Stopped()
            await self._append(live, [verdict])
            return verdict

    async def _append(self, live: _Live, events: list[Event]) -> None:
        if live.began is not None and any(isinstance(one, CONTENT) for one in events):
            tally.first.append(time.monotonic() - live.began)
            live.began = None
        live.request = live.request or next((one.request for one in events if isinstance(one, Started | Failed)), "")
        live.position = await self._log.append(live.run, live.fence, live.position, events)

    async def _conclude(self, live: _Live, verdict: Terminal) -> Terminal:
        await self._append(live, [verdict])
        return verdict

    async def _quietly(self, act: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """Do it; a failure is written down, and whatever it was leaves the run where the sweep will find it."""
        try:
            return await act(*arguments)
        except Exception as error:
            logger.error("ending a run: %s", type(error).__name__)
            return None

    async def _listen(self, live: _Live) -> None:
        """Hear of it when another process asks for the end of this run."""
        try:
            live.end(Stopped(await self._log.stop_asked(live.run)))
        except Gone:
            logger.info("the log of run %s was closed", live.run)
        except Exception as error:
            logger.error("nobody hears when run %s is to stop: %s", live.run, type(error).__name__)

    async def _renew(self) -> None:
        """Keep the leases of all runs by one call; end those that are ours no more."""
        while self._live:
            await asyncio.sleep(self.limits.renewal)
            ours = {live.run: live.fence for live in self._live.values()}
            try:
                async with asyncio.timeout(2 * self.limits.renewal):
                    lost = await self._ledger.renew(ours) if ours else set()
            except Exception as error:
                logger.warning("%d leases were not renewed: %s", len(ours), type(error).__name__)
                continue
            for run in lost:
                if live := self._live.get(run):
                    live.end(Failed.of(UpstreamError("server_lost")))


def _record(live: _Live, model: Model, last: Terminal | None, seconds: float) -> None:
    """One line a run: names, numbers and reasons, no words."""
    failed = last if isinstance(last, Failed) else None
    how = type(last).__name__.lower() if last else "lost"
    reason = failed.reason if failed else getattr(last, "reason", getattr(last, "by", ""))
    tally.ended[how, reason] += 1
    logger.log(
        logging.INFO if isinstance(last, (Finished, Stopped)) else logging.WARNING,
        "run %s ended: %s reason=%s status=%s upstream=%s model=%s request=%s events=%d retries=%d seconds=%.2f",
        live.run,
        how,
        reason,
        failed.status if failed else None,
        model.upstream.name,
        model.name,
        live.request,
        live.position,
        live.answer.retries,
        seconds,
    )
