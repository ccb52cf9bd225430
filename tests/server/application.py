"""A small application behind our real server, in a process of its own.

python -m tests.server.application '{"body": 1000}'        with limits other than the usual ones
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import sys
import time
from collections import Counter
from typing import Any

from chatsite.server.drain import Hooks
from chatsite.server.limits import Limits
from chatsite.server.server import Server, open_listener

SEEN: Counter[str] = Counter()
"""What has happened, for `GET /seen`."""
SOCKETS: set[Any] = set()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """One request or one socket; its path says what to do."""
    name = scope["path"].strip("/").replace("/", "_") or "root"
    SEEN[name] += 1
    await globals()[f"{scope['type']}_{name}"](scope, receive, send)


async def answer(send: Any, body: bytes, status: int = 200) -> None:
    """A whole answer."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


async def http_root(scope: Any, receive: Any, send: Any) -> None:
    """Hello."""
    await answer(send, b"hello")


async def http_seen(scope: Any, receive: Any, send: Any) -> None:
    """The counters."""
    await answer(send, json.dumps(SEEN).encode())


async def http_headers(scope: Any, receive: Any, send: Any) -> None:
    """What arrived."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    await answer(send, json.dumps({"headers": pairs, "root_path": scope["root_path"]}).encode())


async def http_loop(scope: Any, receive: Any, send: Any) -> None:
    """What it runs on."""
    await answer(send, type(asyncio.get_running_loop()).__module__.encode())


async def http_body(scope: Any, receive: Any, send: Any) -> None:
    """How much arrived."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(send, str(size).encode())


async def http_stream(scope: Any, receive: Any, send: Any) -> None:
    """Sixteen megabytes, in pieces."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(256):
        await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
        SEEN["pieces"] += 1
    await send({"type": "http.response.body", "body": b""})


async def http_turns(scope: Any, receive: Any, send: Any) -> None:
    """The most CPU, in seconds, that one turn of the loop has taken within a second."""
    most, end = 0.0, time.monotonic() + 1
    while time.monotonic() < end:
        used = time.process_time()
        await asyncio.sleep(0)
        most = max(most, time.process_time() - used)
    await answer(send, str(most).encode())


async def http_slow(scope: Any, receive: Any, send: Any) -> None:
    """An answer that takes its time."""
    await asyncio.sleep(1)
    await answer(send, b"slow but whole")


async def http_hang(scope: Any, receive: Any, send: Any) -> None:
    """No answer, ever."""
    await asyncio.sleep(3600)


async def http_stubborn(scope: Any, receive: Any, send: Any) -> None:
    """No answer, and no end either."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)


async def http_broken(scope: Any, receive: Any, send: Any) -> None:
    """A fault before the answer."""
    raise RuntimeError("a fault on purpose")


async def http_cut(scope: Any, receive: Any, send: Any) -> None:
    """A fault in the middle of the answer."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("a fault on purpose")


async def _open(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})


async def websocket_echo(scope: Any, receive: Any, send: Any) -> None:
    """Says what it hears; closes on the word `bye`."""
    await _open(receive, send)
    SOCKETS.add(send)
    while (message := await receive())["type"] == "websocket.receive":
        SEEN["frames"] += 1
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4401})
            await send({"type": "websocket.send", "text": "too late"})
        elif "text" in message:
            await scope["extensions"]["write_frame"](message["text"].encode())
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})
    SOCKETS.discard(send)
    SEEN[f"closed {message['code']}"] += 1


async def websocket_flood(scope: Any, receive: Any, send: Any) -> None:
    """Two hundred and fifty-six megabytes by `send`."""
    await _open(receive, send)
    for number in range(16_384):
        await send({"type": "websocket.send", "text": f"{number:06} " + "x" * 16_377})
        SEEN["sent"] += 1


async def websocket_frames(scope: Any, receive: Any, send: Any) -> None:
    """The same by `write_frame`."""
    await _open(receive, send)
    for number in range(16_384):
        await scope["extensions"]["write_frame"](f"{number:06} ".encode() + b"x" * 16_377)
        SEEN["sent"] += 1


async def websocket_large(scope: Any, receive: Any, send: Any) -> None:
    """Frames at every border of the length's encoding, by both ways."""
    await _open(receive, send)
    for size in (1, 125, 126, 65_535, 65_536, 300_000):
        await send({"type": "websocket.send", "text": "x" * size})
        await scope["extensions"]["write_frame"](b"x" * size)
    try:
        await scope["extensions"]["write_frame"](bytes(16_777_217))
    except ValueError:
        await send({"type": "websocket.send", "text": "refused"})


async def websocket_busy(scope: Any, receive: Any, send: Any) -> None:
    """Looks away for four seconds, then counts what came."""
    await _open(receive, send)
    await asyncio.sleep(4)
    for count in range(1, 301):
        await receive()
        SEEN["heard"] = count
    await send({"type": "websocket.send", "text": "300"})


async def websocket_undecided(scope: Any, receive: Any, send: Any) -> None:
    """Takes a while to accept."""
    await receive()
    await asyncio.sleep(2)
    await send({"type": "websocket.accept"})
    await receive()
    SEEN["early"] += 1


async def websocket_refused(scope: Any, receive: Any, send: Any) -> None:
    """Does not want it."""
    await send({"type": "websocket.close"})


async def close_sockets(code: int) -> None:
    """The application's own way to close, for the sockets that it knows."""
    for send in list(SOCKETS):
        await send({"type": "websocket.close", "code": code})


async def drain(seconds: float) -> None:
    """Something that runs, and ends by itself."""
    SEEN["draining"] += 1
    await asyncio.sleep(float(os.environ.get("DRAIN", "0")))
    if os.environ.get("DRAIN_FAULT"):
        raise RuntimeError("a fault on purpose")


def listening(port: int) -> None:
    """The server answers now."""
    if "AT_ONCE" in os.environ:
        os.kill(os.getpid(), signal.SIGTERM)
    print(f"Listening on http://localhost:{port}", flush=True)


class Stranger:
    """A connection, and what the application does for it, at which each of the server's rounds fails once."""

    def __init__(self) -> None:
        self._left = {"check_timeouts", "done"}

    def check_timeouts(self) -> None:
        """Asked every two seconds."""
        self._fail("check_timeouts")

    def done(self) -> bool:
        """Asked every second."""
        self._fail("done")
        return False

    def cancel(self) -> None:
        """Asked at the end."""
        self._left.clear()

    def _fail(self, name: str) -> None:
        if name in self._left:
            self._left.discard(name)
            SEEN[f"stumbled {name}"] += 1
            raise RuntimeError("a fault on purpose")


def main() -> None:
    """Serve until told to end."""
    logging.basicConfig(level=logging.INFO)
    if "FILE_LIMIT" in os.environ:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["FILE_LIMIT"]),) * 2)
    listener = open_listener("127.0.0.1", 0)
    port = listener.getsockname()[1]
    limits = Limits(**json.loads(sys.argv[1]))
    hooks = Hooks(
        listening=lambda: listening(port),
        stopping=lambda: print("Stopping", flush=True),
        drain=drain,
        close_sockets=close_sockets,
    )
    server = Server(application, listener, limits=limits, headers=((b"X-Ours", b"1"),), hooks=hooks, drain_seconds=2)
    if "STRANGER" in os.environ:
        stranger = Stranger()
        server.connections[stranger] = {"application_instance": stranger}
    server.run()


if __name__ == "__main__":
    main()
