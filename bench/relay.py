"""What it costs to relay one chunk of a model's answer to a tab, beside the way tutorials do it.

    python bench/relay.py           a table of microseconds a chunk
    python bench/relay.py --quick   the same with fewer chunks

A server in another process streams the same answers to both ways, at the pace of a fast model. Ours is the whole way
of a run: HTTP, events, the log, the consumer's frames, and beside them the fold that is written to the database; also
with the log in Redis, where the tab may be at another worker (whose share is in this process, too, and counted). The
usual way is one consumer that reads `httpx`'s lines, parses them with `json` and sends each with `send_json`; it keeps
nothing, resumes nothing and bounds nothing. Both are counted in time of this process's processor, in the same run.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
from channels.generic.websocket import AsyncJsonWebsocketConsumer

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

import django  # noqa: E402

django.setup()

from scripts import stores  # noqa: E402
from streaming.consumers import RelayConsumer  # noqa: E402
from streaming.logs import Log  # noqa: E402
from streaming.logs.memory import MemoryLog  # noqa: E402
from streaming.logs.redis import RedisLog  # noqa: E402
from streaming.prompts import ask  # noqa: E402
from streaming.runs import Runs  # noqa: E402
from streaming.transcript import Transcript  # noqa: E402
from streaming.upstream import Client  # noqa: E402
from streaming.upstreams import Catalogue, Model, Upstream  # noqa: E402
from tests.streaming.world import Door, Ledger  # noqa: E402

Way = Callable[[str], Awaitable[list[str]]]

ANSWERS = 50
PAUSE = 0.01
CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1763800000, "model": "m"}


def piece(delta: dict[str, str], reason: str | None = None) -> bytes:
    """One chunk of the wire."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return b"data: " + json.dumps({**CHUNK, "choices": [choice]}).encode() + b"\n\n"


def serve(port: Connection, chunks: int) -> None:
    """A model's server: every chunk is a write of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for number in range(chunks):
            writer.write(piece({"content": f" word{number}"}))
            await asyncio.sleep(PAUSE)
        writer.write(piece({}, "stop") + b"data: [DONE]\n\n")
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=ANSWERS)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


class Usual(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """A tutorial's consumer."""

    async def relay(self, client: httpx.AsyncClient, url: str, said: list[str]) -> None:
        """Ask, and send on what comes."""
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        async with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: ") and line != "data: [DONE]":
                    text = json.loads(line[6:])["choices"][0]["delta"].get("content", "")
                    said.append(text)
                    await self.send_json({"type": "token", "text": text})


async def usual(url: str) -> list[str]:
    """The usual way, once for every answer; they share one client, which is kinder than most tutorials."""

    async def sink(message: Any) -> None:
        pass

    async def one(client: httpx.AsyncClient) -> str:
        consumer, said = Usual(), []
        consumer.base_send = sink
        await consumer.relay(client, url, said)
        return "".join(said)

    async with httpx.AsyncClient(timeout=60) as client:
        return await asyncio.gather(*(one(client) for _ in range(ANSWERS)))


async def ours(url: str, log: Log, tabs: Log) -> list[str]:
    """Our way: a run, its tab, which reads the second log, and the fold that is stored."""
    client = Client()
    door = Door(tabs)
    runs = Runs(log, Ledger(), client)
    # In Redis, the logs of one round are still there in the next.
    names = [str(uuid.uuid4()) for _ in range(ANSWERS)]
    door.theirs = {name: {name} for name in names}  # a person each, who may have 20 tabs only
    model = Catalogue([Upstream("bench", "openai", url, "key", models=("m",))]).default
    said = await asyncio.gather(*(_run(log, runs, door, model, name) for name in names))
    await client.aclose()
    return said


async def _run(log: Log, runs: Runs, door: Door, model: Model, name: str) -> str:
    frames: asyncio.Queue[Any] = asyncio.Queue()
    shown = [0]
    scope = {
        "type": "websocket",
        "headers": [(b"person", name.encode())],
        "subprotocols": ["chat.v1"],
        "extensions": {"write_frame": _acknowledging(frames, shown)},
    }
    frames.put_nowait({"type": "websocket.connect"})

    async def sink(message: Any) -> None:
        pass

    tab = asyncio.create_task(RelayConsumer.as_asgi(log=door.log, door=door)(scope, frames.get, sink))
    await runs.start(name, model, ask("Hi"))
    follow = json.dumps({"type": "follow", "run": name, "after": 0})
    frames.put_nowait({"type": "websocket.receive", "text": follow})
    stored = Transcript()
    async for batch in log.read(name, 0):
        stored.apply_all(batch.events)
    frames.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await tab
    return stored.text if shown[0] > 1 else "nothing was shown"


def _acknowledging(frames: asyncio.Queue[Any], shown: list[int]) -> Callable[[bytes], Awaitable[None]]:
    """A tab that reads at once, counts, and says so four times a second."""
    last = 0.0

    async def write(payload: bytes) -> None:
        nonlocal last
        shown[0] += 1
        if time.monotonic() - last > 0.25:
            last = time.monotonic()
            frames.put_nowait({"type": "websocket.receive", "text": json.dumps({"type": "ack", "n": shown[0]})})

    return write


def ways(redis: str) -> dict[str, Way]:
    """What is compared."""

    async def in_memory(url: str) -> list[str]:
        log = MemoryLog()
        return await ours(url, log, log)

    async def in_redis(url: str) -> list[str]:
        log = RedisLog(redis)
        return await ours(url, log, log)

    async def elsewhere(url: str) -> list[str]:
        return await ours(url, RedisLog(redis), RedisLog(redis))

    return {
        "httpx lines, json, send_json": usual,
        "ours": in_memory,
        "ours, log in Redis": in_redis,
        "ours, tab at another worker": elsewhere,
    }


def main() -> int:
    """Prints the table."""
    logging.getLogger("streaming").setLevel(logging.WARNING)
    chunks = 100 if "--quick" in sys.argv[1:] else 500
    here, there = Pipe()
    server = Process(target=serve, args=(there, chunks), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}"
    print(f"{ANSWERS} answers at once, {chunks} chunks each, one every {PAUSE * 1_000:.0f} ms\n")
    with stores.redis() as redis:
        for name, cost in measured(ways(redis), url, chunks).items():
            print(f"{name:<30}{cost:>8.1f} microseconds a chunk")
    server.terminate()
    return 0


def measured(ways: dict[str, Way], url: str, chunks: int) -> dict[str, float]:
    """What a chunk costs by each way; the better of two rounds."""
    found: dict[str, float] = {}
    for name, way in list(ways.items()) * 2:
        began = time.process_time()
        said = asyncio.run(way(url))
        seconds = time.process_time() - began
        if set(said) != {"".join(f" word{number}" for number in range(chunks))}:
            raise SystemExit(f"{name} lost something")
        found[name] = min(seconds / ANSWERS / chunks * 1e6, found.get(name, 1e9))
    return found


if __name__ == "__main__":
    sys.exit(main())
