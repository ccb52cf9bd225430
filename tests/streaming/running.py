"""Running answers that are made by hand: each script is one attempt, a list of reads and of what to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from streaming.errors import UpstreamError
from streaming.events import Event, Failed, Finished, Started, Text
from streaming.logs import Log
from streaming.prompts import ask
from streaming.runs import Limits, Runs

from .world import RUN, Ledger, Scripted, model, told

HELLO: list[Event] = [Started("1", "m"), Text("Hello")]
END: list[Event] = [Finished("stop", "stop")]
MODEL = model("http://127.0.0.1:1")
QUICK = Limits(retry_pause=0.01, renewal=0.02)


def failure(reason: str, **more: Any) -> list[Event]:
    """A read that ends the attempt."""
    return [Failed.of(UpstreamError(reason, **more))]


def forever() -> Awaitable[object]:
    """A wait for what never comes."""
    return asyncio.Event().wait()


def after(seconds: float) -> Callable[[], Awaitable[object]]:
    """A wait of so many seconds."""
    return lambda: asyncio.sleep(seconds)


def runs(log: Log, ledger: Ledger, *scripts: Any, limits: Limits = QUICK) -> tuple[Runs, Scripted]:
    """Runs whose models answer by these scripts, one an attempt."""
    asker = Scripted(*scripts)
    return Runs(log, ledger, asker, limits), asker


async def outcome(log: Log, ledger: Ledger, *scripts: Any, limits: Limits = QUICK) -> list[Event]:
    """What stands in the log after these attempts."""
    live, _ = runs(log, ledger, *scripts, limits=limits)
    await live.start(RUN, MODEL, ask("Hi"))
    return await told(log)
