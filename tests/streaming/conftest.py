"""What tests of the engine may ask for: a model's server, a client, a log, a ledger and a door."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from streaming.logs.memory import MemoryLog
from streaming.upstream import Client, Timeouts
from tests.upstream import Upstream

from .world import OTHER, RUN, Door, Ledger


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """A model's server that does what it is told."""
    async with Upstream() as upstream:
        yield upstream


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Whoever asks it."""
    client = Client(Timeouts(connect=5, refusal=1))
    yield client
    await client.aclose()


@pytest.fixture
def log() -> MemoryLog:
    """The logs of all runs."""
    return MemoryLog()


@pytest.fixture
def ledger() -> Ledger:
    """Who may write them."""
    return Ledger()


@pytest.fixture
def door(log: MemoryLog) -> Door:
    """Who may read them: Alice two of them, Charlie none."""
    door = Door(log)
    door.theirs = {"alice": {RUN, OTHER}, "charlie": set()}
    return door
