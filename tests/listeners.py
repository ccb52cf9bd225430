"""How a test's own server stops listening."""

from __future__ import annotations

import asyncio

_TURNS = 8


async def closed(server: asyncio.Server) -> None:
    """Take on nobody any more. Who came at the last moment is being served when this returns, and can be told to go.

    `asyncio` leaves the connection of whoever is just being taken on when a server closes, open and without an owner.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    server.close()
