"""A small world around the engine, in memory: who may write, who may look, what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from streaming.errors import Gone, Refused
from streaming.events import Event, Text, merge
from streaming.logs import Log
from streaming.prompts import Prompt
from streaming.transcript import Transcript
from streaming.upstreams import Catalogue, Model, Upstream

RUN = "6b1f8f0e-0000-4000-8000-000000000001"
OTHER = "6b1f8f0e-0000-4000-8000-000000000002"


def model(url: str, dialect: str = "openai", key: str = "sk-test", name: str = "test-model") -> Model:
    """A model at this server; OpenAI's dialect has its version in the address."""
    base = f"{url}/v1" if dialect == "openai" else url
    return Catalogue([Upstream("test", dialect, base, key, models=(name,))]).default


class Ledger:
    """Leases in a dictionary. `lost` are runs that somebody else has taken over."""

    def __init__(self) -> None:
        self.fences: dict[str, int] = {}
        self.lost: set[str] = set()
        self.renewals: list[set[str]] = []
        self.released: list[str] = []
        self.broken = False
        self.slow: asyncio.Event | None = None

    async def lease(self, run: str) -> int:
        if self.slow is not None:
            await self.slow.wait()
        if run in self.lost:
            raise Refused(run)
        self.fences[run] = self.fences.get(run, 0) + 1
        return self.fences[run]

    async def renew(self, runs: Mapping[str, int]) -> set[str]:
        self.renewals.append(set(runs))
        if self.broken:
            raise ConnectionError("the database is away")
        return set(runs) & self.lost

    async def release(self, run: str, fence: int) -> None:
        self.released.append(run)


class Door:
    """Lets Alice in. `rows` holds what was stored of each run, as a recorder would have written it."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.theirs: dict[str, set[str]] = {"alice": set()}
        self.valid = True
        self.asked: list[list[Mapping[str, Any]]] = []
        self.rows: dict[str, Transcript] = {}
        self.storing = asyncio.Event()
        self.storing.set()
        self.slow = asyncio.Event()
        self.slow.set()

    async def may_open(self, scope: MutableMapping[str, Any]) -> str | None:
        person = dict(scope["headers"]).get(b"person", b"").decode()
        scope["person"] = person
        return f"user-{person}" if person in self.theirs else None

    async def may_follow(self, scope: Mapping[str, Any], run: str) -> bool:
        await self.slow.wait()
        return run in self.theirs.get(scope["person"], ())

    async def still_valid(self, scopes: Sequence[Mapping[str, Any]]) -> Sequence[bool]:
        self.asked.append(list(scopes))
        return [self.valid or scope["person"] != "alice" for scope in scopes]

    async def persist(self, run: str) -> None:
        if run in self.rows:
            return
        transcript = Transcript()
        async for batch in self.log.read(run, 0):
            transcript.apply_all(batch.events)
        await self.storing.wait()
        self.rows[run] = transcript


async def told(log: Log, run: str = RUN, seconds: float = 10) -> list[Event]:
    """Everything in the log of a run, to its end, neighbours merged."""
    async with asyncio.timeout(seconds):
        return merge([event async for batch in log.read(run, 0) for event in batch.events])


async def until_text(log: Log, text: str, run: str = RUN) -> None:
    """Return as soon as the log of the run holds this text."""
    so_far = ""
    async with asyncio.timeout(60):
        async for batch in log.read(run, 0):
            so_far += "".join(event.text for event in batch.events if isinstance(event, Text))
            if text in so_far:
                return
    raise Gone(run)


class Scripted:
    """Answers by hand-made events. Each script is one attempt: lists to yield, and what to wait for in between."""

    def __init__(self, *scripts: Sequence[list[Event] | Callable[[], Awaitable[object]]]) -> None:
        self.scripts = list(scripts)
        self.asked = 0
        self.closed = 0

    async def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]:
        self.asked += 1
        try:
            for step in self.scripts.pop(0):
                if isinstance(step, list):
                    yield step
                else:
                    await step()
        finally:
            self.closed += 1
