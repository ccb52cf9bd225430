"""A tab without a browser: speaks the socket's protocol, and trusts nothing that does not fit together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Self

from channels.testing import WebsocketCommunicator

from streaming.consumers import RelayConsumer
from streaming.events import Event, from_dict
from streaming.logs import Log
from streaming.transcript import Transcript
from streaming.watch import Periods, Watch

from .world import RUN, Door


class Closed(Exception):
    """The server has closed the socket."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class Tab:
    """One socket of somebody. `after` and `transcripts` are what the page would have and show, by run."""

    def __init__(
        self,
        log: Log,
        door: Door,
        person: str = "alice",
        *,
        watch: Watch | None = None,
        protocols: tuple[str, ...] = ("chat.v1",),
        acknowledges: bool = True,
        extensions: dict[str, Any] | None = None,
    ) -> None:
        self.watch = watch or Watch(Periods(turn=0.02))
        app = RelayConsumer.as_asgi(log=log, door=door, watch=self.watch)
        headers = [(b"person", person.encode())]
        self.line = WebsocketCommunicator(app, "/ws/", headers=headers, subprotocols=list(protocols))
        self.line.scope["extensions"] = extensions or {}
        self.acknowledges = acknowledges
        self.received = self.acknowledged = 0
        self.acknowledge_at = 0.0
        self.after: dict[str, int] = {}
        self.transcripts: dict[str, Transcript] = {}
        self.frames: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        assert await self.open() == (True, "chat.v1")
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def open(self) -> tuple[bool, Any]:
        answer: tuple[bool, Any] = await self.line.connect(timeout=60)
        return answer

    async def close(self) -> None:
        """The person closes the tab."""
        if not self.line.future.done():
            await self.line.send_input({"type": "websocket.disconnect", "code": 1001})
            await self.line.wait(5)

    async def say(self, **frame: Any) -> None:
        await self.line.send_input({"type": "websocket.receive", "text": json.dumps(frame)})

    async def follow(self, run: str = RUN, after: int | None = None) -> None:
        if after is not None or run not in self.after:
            self.after[run] = after or 0
            self.transcripts[run] = Transcript()
        await self.say(type="follow", run=run, after=self.after[run])

    async def frame(self, timeout: float = 60) -> dict[str, Any]:
        """The next frame, acknowledged; `Closed` when there is none any more."""
        message = await self._message(timeout)
        if message["type"] == "websocket.close":
            raise Closed(message.get("code", 1000))
        frame: dict[str, Any] = json.loads(message["text"])
        self.frames.append(frame)
        self.received += 1
        assert frame["n"] == self.received
        if frame["type"] == "events":
            assert frame["after"] == self.after[frame["run"]], "a hole, or something twice"
            self.after[frame["run"]] = frame["position"]
            self.transcripts[frame["run"]].apply_all([from_dict(event) for event in frame["events"]])
        return frame

    async def _message(self, timeout: float) -> dict[str, Any]:
        """What the server sends next; meanwhile what has come is acknowledged as the page does it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while True:
            if self.acknowledges and self.received > self.acknowledged and loop.time() >= self.acknowledge_at:
                self.acknowledged, self.acknowledge_at = self.received, loop.time() + 0.25
                await self.say(type="ack", n=self.received)
            try:
                async with asyncio.timeout(min(0.25, until - loop.time())):
                    message: dict[str, Any] = await self.line.output_queue.get()
                    return message
            except TimeoutError:
                if self.line.future.done():
                    self.line.future.result()
                if loop.time() >= until:
                    raise

    async def until(self, kind: str) -> dict[str, Any]:
        """The next frame of this kind."""
        while (frame := await self.frame())["type"] != kind:
            pass
        return frame

    async def to_the_end(self, run: str = RUN) -> Transcript:
        """Everything up to the terminal event of a run."""
        while self.transcripts[run].outcome is None:
            await self.frame()
        return self.transcripts[run]

    async def until_text(self, text: str, run: str = RUN) -> None:
        while text not in self.transcripts[run].text:
            await self.frame()

    async def closed(self) -> int:
        """The code with which the server closes."""
        try:
            async with asyncio.timeout(60):
                while True:
                    await self.frame()
        except Closed as end:
            return end.code

    async def nothing(self, seconds: float = 0.1) -> bool:
        """Whether nothing comes for a while."""
        silent: bool = await self.line.receive_nothing(seconds)
        return silent


async def write(log: Log, *batches: Sequence[Event], run: str = RUN, after: int = 0) -> int:
    """Append these; the first time the log is opened."""
    if after == 0:
        await log.open(run, 1)
    for events in batches:
        after = await log.append(run, 1, after, events)
    return after
