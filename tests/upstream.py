"""A real HTTP/1.1 server that plays a model's server and does exactly what a test tells it to.

    async with Upstream() as up:
        up.script(openai_answer("Hel", "lo"), failure(503))   # one for each request to come, in order
        ... up.url + "/v1" is a base URL of OpenAI's dialect, up.url one of Anthropic's ...
        assert up.requests[0].json["stream"] is True
    with Upstream.in_thread() as up:                          # the same beside synchronous code

A request for which nothing is scripted gets `up.otherwise(request)`: a happy answer in its path's dialect.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from . import listeners
from .answers import (
    Answer,
    Cut,
    Gate,
    Pause,
    Send,
    Step,
    Wait,
    anthropic_answer,
    data,
    event,
    failure,
    happy,
    openai_answer,
)
from .answers import recorded as recorded

__all__ = [
    "Answer",
    "Cut",
    "Gate",
    "Pause",
    "Request",
    "Send",
    "Upstream",
    "Wait",
    "anthropic_answer",
    "data",
    "event",
    "failure",
    "happy",
    "openai_answer",
    "recorded",
    "unused_url",
]


@dataclass(frozen=True)
class Request:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def _happy(request: Request) -> Answer:
    return happy(request.path, "Hello", " wor", "ld")


class _Ended(Exception):
    """The script cut the connection."""


class Upstream:
    """The server. `requests` is what came, `closed` those whose connection the client closed before our end."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.tls, self.host = tls, host
        self.requests: list[Request] = []
        self.closed: list[Request] = []
        self.connections = 0
        self.otherwise: Callable[[Request], Answer] = _happy
        self._script: deque[Answer] = deque()
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def script(self, *answers: Answer) -> Self:
        """Answer the next requests by these, in order."""
        self._script.extend(answers)
        return self

    def forget(self) -> Self:
        """Begin anew, as between two tests: nothing scripted, nothing seen."""
        self._script.clear()
        self.requests.clear()
        self.closed.clear()
        self.otherwise = _happy
        return self

    async def start(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, self.host, 0, ssl=self.tls, limit=1 << 20, backlog=1024)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://{self.host}:{port}"
        return self

    async def stop(self) -> None:
        """Close the port and whatever is still open."""
        if self._server is not None:
            await listeners.closed(self._server)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    @classmethod
    @contextlib.contextmanager
    def in_thread(cls, tls: ssl.SSLContext | None = None) -> Iterator[Self]:
        """The server on a loop and a thread of its own, for tests that are not async."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="upstream", daemon=True)
        thread.start()
        upstream = cls(tls)
        asyncio.run_coroutine_threadsafe(upstream.start(), loop).result(10)
        try:
            yield upstream
        finally:
            asyncio.run_coroutine_threadsafe(upstream.stop(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    async def asked(self, count: int = 1, timeout: float = 60) -> Request:
        """Wait until so many requests have come; the last of them."""
        await self._until(lambda: len(self.requests) >= count, timeout)
        return self.requests[count - 1]

    async def saw_close(self, count: int = 1, timeout: float = 60) -> None:
        """Wait until so many connections were closed early by the client."""
        await self._until(lambda: len(self.closed) >= count, timeout)

    async def _until(self, true: Callable[[], bool], timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            ahead = b""
            while (request := await _read(reader, ahead)) is not None:
                ahead = await self._exchange(request, reader, writer)
        except (_Ended, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Answer one request while listening for the client's hanging up; what it sent ahead."""
        self.requests.append(request)
        self._changed.set()
        answer = self._script.popleft() if self._script else self.otherwise(request)
        hung_up = asyncio.create_task(reader.read(1))
        playing = asyncio.create_task(_play(answer, writer))
        try:
            await asyncio.wait({hung_up, playing}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done() and not _result(hung_up):
                self.closed.append(request)
                self._changed.set()
                raise _Ended
            await playing
            return hung_up.result() if hung_up.done() else b""
        finally:
            hung_up.cancel()
            playing.cancel()
            await asyncio.gather(hung_up, playing, return_exceptions=True)


def _result(task: asyncio.Task[bytes]) -> bytes:
    try:
        return task.result()
    except ConnectionError:
        return b""


async def _read(reader: asyncio.StreamReader, ahead: bytes) -> Request | None:
    """The next request, or None when the client is done."""
    try:
        head = ahead + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)


async def _play(answer: Answer, writer: asyncio.StreamWriter) -> None:
    async for _ in _steps(answer.first, writer):
        pass
    if answer.framing != "raw":
        writer.write(_head(answer))
        await writer.drain()
    async for piece in _steps(answer.steps, writer):
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if answer.framing == "chunked" else piece)
        await writer.drain()
    if answer.framing == "chunked":
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    if answer.framing in ("close", "raw"):
        raise _Ended


async def _steps(steps: Any, writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    step: Step
    for step in steps:
        match step:
            case Send():
                # An empty chunk would be the end of the body.
                if step.data:
                    yield step.data
            case Pause():
                await asyncio.sleep(step.seconds)
            case Wait():
                await step.gate.wait()
            case Cut():
                _cut(writer, step.reset)


def _cut(writer: asyncio.StreamWriter, reset: bool) -> None:
    if reset:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    raise _Ended


def _head(answer: Answer) -> bytes:
    headers = dict(answer.headers)
    if answer.framing == "chunked":
        headers["Transfer-Encoding"] = "chunked"
    elif answer.framing == "length":
        headers.setdefault("Content-Length", str(len(answer.body)))
    elif answer.framing == "close":
        headers["Connection"] = "close"
    lines = [f"HTTP/1.1 {answer.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def unused_url() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"
