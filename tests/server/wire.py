"""Clients that speak in raw bytes, and so can misbehave; and the process that they speak to."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import psutil

from scripts import environment, processes

MiB = 1_048_576
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, if there is one."""
        return dict(self.headers).get(name.lower())


class Frame(NamedTuple):
    """A WebSocket frame from the server."""

    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        """The close code of a close frame; 0 of any other."""
        return int.from_bytes(self.payload[:2], "big") if self.opcode == 8 else 0


class Process:
    """`tests.server.application` with limits of the test's choice, or any other server that says where it listens."""

    def __init__(
        self, log: Path, *, args: Sequence[str] = (), env: Mapping[str, str] | None = None, **limits: Any
    ) -> None:
        self._log = log
        args = args or ["-m", "tests.server.application", json.dumps(limits)]
        env = {**environment.without_settings(os.environ), **(env or {})}
        with log.open("wb") as output:
            self.process = processes.start([sys.executable, *args], output=output, env=env)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"Listening on http://localhost:(\d+)", self.log)):
            assert self.process.poll() is None and time.monotonic() < deadline, self.log
            time.sleep(0.02)
        self.port = int(found[1])
        self.stats = psutil.Process(self.process.pid)
        return self

    def __exit__(self, *exception: object) -> None:
        processes.stop(self.process, how=signal.SIGKILL)

    @property
    def log(self) -> str:
        """What it has written."""
        return self._log.read_text()

    @property
    def rss(self) -> float:
        """Resident memory, in MiB."""
        return float(self.stats.memory_info().rss) / MiB

    @property
    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        times = self.stats.cpu_times()
        return float(times.user + times.system)

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell it something."""
        self.process.send_signal(number)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Meanwhile it does nothing, and all that is sent to it comes at once afterwards."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def open_connections(self) -> int:
        """How many sockets it has beside the one that it listens on."""
        return sum(one.status != psutil.CONN_LISTEN for one in self.stats.net_connections("tcp"))

    def ended(self, seconds: float = 20) -> int:
        """Its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end\n{self.log}") from None

    def connect(self, **options: Any) -> Client:
        """A connection to it."""
        return Client(self.port, **options)

    def get(self, path: str, *headers: str) -> Answer:
        """One request, on a connection of its own."""
        with self.connect() as client:
            return client.request("GET", path, *headers)

    def seen(self) -> dict[str, int]:
        """The counters of the test application."""
        counters: dict[str, int] = json.loads(self.get("/seen").body)
        return counters


class Client:
    """One TCP connection."""

    def __init__(self, port: int, *, seconds: float = 60, receive_buffer: int = 0) -> None:
        self.port = port
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(seconds)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self._pending = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Bytes, as they are."""
        self.socket.sendall(data)

    def reset(self) -> None:
        """Break the connection off, as a crash would, with whatever has not been read yet."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # HTTP

    def request(self, method: str, path: str, *headers: str, body: bytes = b"") -> Answer:
        """One request and its answer."""
        self.ask(method, path, *headers, body=body)
        return self.answer()

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> None:
        """One request."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self.port}", *headers]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def answer(self) -> Answer:
        """The next answer on this connection."""
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        length = dict(headers).get("content-length")
        if length is not None:
            body = self._take(int(length))
        elif ("transfer-encoding", "chunked") in headers:
            body = self._chunks()
        else:
            body = b""
        return Answer(int(first.split()[1]), headers, body)

    def closed(self) -> bool:
        """Whether the server has hung up; reads whatever is left."""
        try:
            while self.socket.recv(65_536):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    # WebSocket

    def handshake(self, path: str, *headers: str, origin: str | None = "", frame: bytes = b"") -> Answer:
        """Ask for a WebSocket; with frames that do not wait for the answer, if given."""
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: localhost:{self.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {KEY}",
            *([f"Origin: {origin or f'http://localhost:{self.port}'}"] if origin is not None else []),
            *headers,
        ]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + frame)
        return self.answer()

    def frame(self) -> Frame:
        """The next frame."""
        first, length = self._take(2)
        if length > 125:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        return Frame(first & 15, self._take(length))

    def close_code(self) -> int:
        """Read up to a close frame; its code, or 1006 if the connection just ends."""
        try:
            while not (code := self.frame().code):
                pass
        except ConnectionError:
            return 1006
        return code

    # Bytes

    def _until(self, mark: bytes) -> bytes:
        while (end := self._pending.find(mark)) < 0:
            self._read()
        return self._take(end + len(mark))[: -len(mark)]

    def _take(self, size: int) -> bytes:
        while len(self._pending) < size:
            self._read()
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def _chunks(self) -> bytes:
        pieces = []
        while size := int(self._until(b"\r\n"), 16):
            pieces.append(self._take(size))
            self._take(2)
        self._take(2)
        return b"".join(pieces)

    def _read(self) -> None:
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server hung up")
        self._pending += data


def masked(payload: bytes, opcode: int = 1, *, fin: bool = True) -> bytes:
    """A client's frame. The mask is zeros, which leaves the payload as it is."""
    first, size = (0x80 if fin else 0) | opcode, len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65_536:
        head = bytes((first, 0xFE)) + struct.pack("!H", size)
    else:
        head = bytes((first, 0xFF)) + struct.pack("!Q", size)
    return head + bytes(4) + payload


def until(done: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for something that is about to happen."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)
