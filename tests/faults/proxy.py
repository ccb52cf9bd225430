"""A network between people and the server, as bad as can be: it delays, slices, throttles, holds and cuts."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from tests import listeners


@dataclass(frozen=True)
class Weather:
    """What happens to each piece that passes. `rate` is bytes a second, 0 for any; `piece` the largest piece."""

    delay: float = 0.0
    rate: int = 0
    piece: int = 65_536


FAIR = Weather()


class Proxy:
    """Listens on a port of its own and hands everything on to `target`, through the weather of the moment."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.weather = FAIR
        self.cuts = 0
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Begin; the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Cut everything and listen no more."""
        await listeners.closed(self._server)
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> int:
        """Cut every connection that there is, in the middle of whatever it carries; how many."""
        count = len(self._writers) // 2
        for writer in list(self._writers):
            writer.transport.abort()
        self.cuts += count
        return count

    def hold(self) -> None:
        """Let nothing pass, and tell nobody: a cable is out."""
        self._passing.clear()

    def release(self) -> None:
        """Let everything pass again, what was held first."""
        self._passing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers.add(ours)
        try:
            await asyncio.gather(self._pump(reader, ours), self._pump(theirs, writer))
        finally:
            self._writers.discard(ours)
            ours.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(self.weather.piece):
            await self._passing.wait()
            weather = self.weather
            pause = weather.delay + (len(data) / weather.rate if weather.rate else 0)
            if pause:
                await asyncio.sleep(pause)
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()
