"""A model that needs no key: a real server of both dialects on loopback, which answers by scripts.

Everything between it and the page is the real thing. Its models are named for what they show: `tour`, `long`, `slow`,
`fast`, `reasoning`, and the ways to fail, `error-first`, `error-middle` and `cut`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from .dialects import DIALECTS
from .errors import PromptError, UpstreamError
from .events import Event, Failed, Finished, Reasoning, ReasoningBlock, Started, Text, Usage
from .prompts import Prompt
from .upstreams import Catalogue, Upstream

logger = logging.getLogger(__name__)

TOUR: Final = Path(__file__).with_name("tour.md").read_text(encoding="utf-8")
_BODY: Final = 64 * 1024 * 1024
_IDLE: Final = 60.0

Step: TypeAlias = Event | float
"""An event, or so many seconds of rest."""
Script: TypeAlias = Callable[[str], Iterator[Step]]

CUT: Final = Failed.of(UpstreamError("truncated"))
"""Where a script says this, the connection ends in the middle of an event."""


def tokens(text: str) -> list[str]:
    """The text in pieces of about the size that models write."""
    return re.findall(r"\s*[\u3000-\u9fff\uac00-\ud7af]{1,2}|\s*[^\s\u3000-\u9fff\uac00-\ud7af]{1,12}|\s+$", text)


def _tour(question: str) -> Iterator[Step]:
    yield 0.15
    yield from _said(TOUR.replace("{question}", question), seconds=2.2)


def _long(question: str) -> Iterator[Step]:
    yield 0.3
    yield from _said(_essay(question, 20_000), seconds=20)


def _fast(question: str) -> Iterator[Step]:
    yield from _said(_essay(question, 40_000), seconds=0)


def _slow(question: str) -> Iterator[Step]:
    yield 6.0
    yield from _said(f"I took my time to think about “{question}”, and kept the connection alive meanwhile.", seconds=1)


def _reasoning(question: str) -> Iterator[Step]:
    thoughts = (
        f"The person wrote “{question}”. What do they want to see? Probably how thinking looks before the answer.\n\n"
        "First I should say what I understood. Then I weigh two ways to put it: short, or very short. "
        "A reader who waits wants to know that something happens; a reader who is done wants to skip all this.\n\n"
        "Very short it is."
    )
    words = tokens(thoughts)
    for word in words:
        yield Reasoning(word)
        yield 2.5 / len(words)
    yield ReasoningBlock("thinking", text=thoughts, signature="ZGVtbyBzaWduYXR1cmU=")
    yield from _said(
        "I thought before I spoke. **Thinking is kept apart from the answer**, and folded away.", seconds=1
    )


def _error_first(question: str) -> Iterator[Step]:
    yield Failed.of(UpstreamError("upstream_error", kind="overloaded"))


def _error_middle(question: str) -> Iterator[Step]:
    yield from _said(f"About “{question}” I can say this much, and then something breaks: the first half is", seconds=1)
    yield Failed.of(UpstreamError("upstream_error_event", kind="overloaded", message="The demo is overloaded."))


def _cut(question: str) -> Iterator[Step]:
    yield from _said(f"About “{question}” I would say a lot, if only the connection", seconds=1)
    yield CUT


SCRIPTS: Final[Mapping[str, Script]] = {
    "tour": _tour,
    "long": _long,
    "slow": _slow,
    "fast": _fast,
    "reasoning": _reasoning,
    "error-first": _error_first,
    "error-middle": _error_middle,
    "cut": _cut,
}


def _said(text: str, seconds: float) -> Iterator[Step]:
    words = tokens(text)
    for word in words:
        yield Text(word)
        yield seconds / len(words)


def _essay(question: str, size: int) -> str:
    """So many characters whose every sentence has a number, so that a missing one would be seen."""
    parts = [f"## A long answer to “{question}”\n\n"]
    length = number = 0
    while length < size:
        if number % 20 == 0:
            parts.append(f"\n\n### Part {number // 20 + 1}\n\n")
        number += 1
        parts.append(f"This is sentence {number}, which follows sentence {number - 1} and nothing else. ")
        length += len(parts[-1])
    return "".join(parts).rstrip() + "\n"


def opening(prompt: Prompt) -> str:
    """The first words of what was asked last."""
    said = next((turn.text for turn in reversed(prompt.turns) if turn.role == "user" and turn.text.strip()), "nothing")
    words = " ".join(said.replace("`", "’").split())
    return words if len(words) <= 60 else words[:60].rsplit(" ", 1)[0] + " …"


def catalogue(address: str) -> Catalogue:
    """What the demo at this address offers."""
    models = tuple(SCRIPTS)
    return Catalogue(
        [
            Upstream("demo-openai", "openai", f"{address}/v1", "demo", models=models),
            Upstream("demo-anthropic", "anthropic", address, "demo", models=models),
        ],
        demo=True,
    )


_lock = threading.Lock()
_serving: dict[tuple[int, float], str] = {}


def serve(pace: float = 1.0) -> str:
    """The address of this process's demo, started if it is not; `pace` multiplies all its pauses."""
    with _lock:
        # Threads do not survive a fork, so the process belongs to the key.
        key = os.getpid(), pace
        if key not in _serving:
            _serving[key] = _start(pace)
        return _serving[key]


def _start(pace: float) -> str:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="demo", daemon=True).start()
    server = _Server(pace)
    port = asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    return f"http://127.0.0.1:{port}"


class _Server:
    """HTTP/1.1, as little of it as there is to say."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _request(reader)) is not None:
                await self._answer(*request, reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # the other side is gone, or is no client of ours
        except Exception as error:
            logger.error("the demo broke: %s", type(error).__name__)
        finally:
            writer.close()

    async def _answer(self, path: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = "anthropic" if path.split("?")[0].endswith("/messages") else "openai"
        dialect: Any = DIALECTS[name]
        try:
            asked = dialect.parse_prompt(body)
        except PromptError as error:
            failed = Failed.of(UpstreamError("upstream_rejected", message=str(error)))
            return await _refuse(writer, *dialect.render_error(failed))
        if asked.model not in SCRIPTS:
            return await _refuse(writer, *dialect.render_error(Failed.of(UpstreamError("model_not_found"))))
        steps = SCRIPTS[asked.model](opening(asked.prompt))
        first = next(steps)
        if isinstance(first, Failed):
            return await _refuse(writer, *dialect.render_error(first))
        renderer = dialect.Renderer(f"demo-{time.time_ns():x}", asked.model, include_usage=asked.include_usage)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n")
        async for data in self._body(renderer, asked.prompt, first, steps):
            # Whoever hangs up is not talked to any more, which is what a paid model should do too.
            if reader.at_eof():
                raise ConnectionResetError
            if data:  # an empty chunk would be the end
                writer.write(b"%x\r\n%b\r\n" % (len(data), data))
                await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _body(self, renderer: Any, prompt: Prompt, first: Step, steps: Iterator[Step]) -> AsyncIterator[bytes]:
        """The whole answer as bytes, at its pace."""
        count = 0
        due = time.monotonic()
        yield renderer.feed(Started()) + renderer.feed(Usage(_count(prompt), 0)) or renderer.alive()
        for step in _then(first, steps):
            if isinstance(step, float):
                due += step * self._pace
                while (left := due - time.monotonic()) > 0.005:
                    await asyncio.sleep(min(left, 2))
                    if left > 2:
                        yield renderer.alive()
                continue
            if step is CUT:
                yield renderer.feed(Text("that never arrives"))[:-20]
                raise ConnectionResetError
            count += 1
            yield renderer.feed(step)
            if isinstance(step, Failed):
                return
        yield renderer.feed(Usage(_count(prompt), count))
        yield renderer.feed(Finished("stop"))


def _then(first: Step, steps: Iterator[Step]) -> Iterator[Step]:
    yield first
    yield from steps


def _count(prompt: Prompt) -> int:
    """About how many tokens a prompt has."""
    return sum(len(tokens(turn.text)) for turn in prompt.turns) + len(tokens(prompt.system))


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes] | None:
    """Path and body of the next request, or None when the client is done."""
    with suppress(asyncio.IncompleteReadError):
        async with asyncio.timeout(_IDLE):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            fields = dict(line.lower().split(":", 1) for line in head[1:] if ":" in line)
            length = int(fields.get("content-length", 0))
            if length > _BODY:
                raise ValueError
            return head[0].split(" ")[1], await reader.readexactly(length)
    return None


async def _refuse(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes) -> None:
    lines = [f"HTTP/1.1 {status} Demo", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body)
    await writer.drain()
