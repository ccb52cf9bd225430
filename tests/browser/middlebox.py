"""A proxy as some schools and offices have: it passes requests on, and lets no socket through."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self
from urllib.parse import urlsplit

from tests import listeners


class Middlebox:
    """`refused` is how many sockets it did not let through; while not `blocking` it lets them."""

    def __init__(self) -> None:
        self.blocking = True
        self.refused = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exception: object) -> None:
        await listeners.closed(self._server)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b" ", 2)
            if method == b"CONNECT":
                await self._tunnel(target.decode(), reader, writer)
            else:
                await self._request(head, target.decode(), reader, writer)

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.blocking:
            self.refused += 1
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        host, _, port = target.rpartition(":")
        server = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await _joined((reader, writer), server)

    async def _request(
        self, head: bytes, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One request a connection: the path instead of the whole address, and a wish to close."""
        address = urlsplit(target)
        path = f"{address.path}?{address.query}" if address.query else address.path
        first, _, rest = head.partition(b"\r\n")
        lines = [line for line in rest.split(b"\r\n") if not line.lower().startswith((b"connection:", b"proxy-"))]
        first = first.replace(target.encode(), path.encode(), 1)
        server = await asyncio.open_connection(address.hostname, address.port)
        server[1].write(b"\r\n".join([first, b"Connection: close", *lines]))
        await _joined((reader, writer), server)


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _joined(one: Connection, other: Connection) -> None:
    """Carry what either side says to the other, until one of them is done."""
    ways = [asyncio.create_task(_carry(one[0], other[1])), asyncio.create_task(_carry(other[0], one[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        other[1].close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
