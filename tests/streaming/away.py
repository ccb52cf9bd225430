"""A Redis of a test's own behind a bad network, and what two processes say over it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from redis import Redis

from scripts.stores import Store
from streaming.errors import Gone
from streaming.events import Text, merge
from streaming.logs import Log
from tests.faults.proxy import FAIR, Proxy, Weather

RUN = "6b1f8f0e-0000-4000-8000-000000000002"
SOON = 30.0
"""Seconds within which readers elsewhere have caught up (D-06)."""


class Network:
    """A Redis of this test's own, and the way to it."""

    url: str

    def __init__(self, server: Store) -> None:
        self.server, self.proxy = server, Proxy(server.port)

    def admin(self) -> Redis:
        """Past the bad network."""
        return Redis.from_url(self.server.url)


async def say(log: Log, first: int, last: int) -> None:
    """The words of these numbers, one an event."""
    for number in range(first, last):
        await log.append(RUN, 1, number, [Text(f"{number} ")])


def words(last: int) -> str:
    return "".join(f"{number} " for number in range(last))


async def whole(log: Log, after: int = 0) -> str:
    """Everything to the end, as a page gets it: whoever is told `Gone` comes back after a moment."""
    text, position = "", after
    while True:
        try:
            async with aclosing(log.read(RUN, position)) as batches:
                async for batch in batches:
                    assert batch.after == position
                    position = batch.position
                    text += "".join(event.text for event in batch.events if isinstance(event, Text))
                return text
        except Gone:
            await asyncio.sleep(0.1)


async def until(happens: Callable[[], bool], seconds: float = SOON) -> None:
    async with asyncio.timeout(seconds):
        while not happens():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def away(network: Network, how: str) -> AsyncIterator[None]:
    """Redis is away meanwhile, in one of the ways that there are."""
    server, proxy = network.server, network.proxy
    match how:
        case "killed":
            await asyncio.to_thread(server.kill)
            yield
            await asyncio.to_thread(server.start)
        case "frozen":
            server.signal(signal.SIGSTOP)
            yield
            server.signal(signal.SIGCONT)
        case "black hole":
            proxy.hold()
            yield
            proxy.release()
        case "slow":
            proxy.weather = Weather(delay=5)
            yield
            proxy.weather = FAIR
        case _:
            with network.admin() as admin:
                off = {
                    "full": ("maxmemory", "1", "0"),
                    "wrong password": ("requirepass", "changed", ""),
                    "read-only": ("min-replicas-to-write", "1", "0"),
                }[how]
                admin.config_set(off[0], off[1])
                if how == "wrong password":
                    proxy.cut()
                yield
                admin.config_set(off[0], off[2])


async def whole_of(log: Log) -> str:
    """What there is so far."""
    batch = await anext(log.read(RUN, 0))
    return "".join(event.text for event in merge(batch.events) if isinstance(event, Text))
