"""A tab that speaks the socket's protocol without our JavaScript, and writes down each thing that it applies.

Written from docs/protocol.md alone; where the server breaks what stands there, the evidence says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .articles import articles
from .evidence import FINAL, Accepted, Evidence, How, Seen
from .people import Person


@dataclass
class Shown:
    """One reply as this tab shows it."""

    asked: Accepted
    position: int = 0
    text: str = ""
    state: str = "streaming"
    known: bool = False
    waits: float = 0.0
    """How long to wait before a refetched message is followed again: it grows while nothing comes of it."""

    @property
    def over(self) -> bool:
        return self.state in FINAL or self.state == "gone"


class Viewer:
    """One tab of somebody, which follows everything that they have asked."""

    def __init__(self, name: str, person: Person, evidence: Evidence) -> None:
        self.name, self.person, self.evidence = name, person, evidence
        self.shown: dict[str, Shown] = {}
        self.blind = 0.0
        """Until when (monotonic) it takes nothing from its socket, as a frozen tab would."""
        self.codes: list[int] = []
        self._socket: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._received = 0
        self._since = 0.0
        self._anew = False

    async def live(self) -> None:
        """Be open, for ever: connect, follow, and come back after each end."""
        while True:
            await self.person.signed_in.wait()
            try:
                await self._connected()
            except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError, EOFError, httpx.HTTPError):
                pass
            finally:
                self._away()
            await asyncio.sleep(0.1 + self.person.rng.random())

    async def reload(self) -> None:
        """Load the page again: nothing of what was being shown is kept."""
        self._anew = True
        await self.drop()

    async def drop(self) -> None:
        """Lose the connection."""
        if self._socket is not None:
            self._socket.transport.abort()

    def freeze(self, seconds: float) -> None:
        """Take nothing from the socket for a while; whoever does not look is not late."""
        self.blind = time.monotonic() + seconds
        self._note_presence(time.time() + seconds)

    def _note_presence(self, back: float) -> None:
        if self._since:
            self.evidence.online.setdefault(self.name, []).append((self._since, time.time()))
        self._since = back

    async def _connected(self) -> None:
        url = self.person.url
        async with connect(
            f"ws{url.removeprefix('http')}/ws/",
            origin=url,  # type: ignore[arg-type]
            subprotocols=["chat.v1"],  # type: ignore[list-item]
            additional_headers={"Cookie": self.person.cookie},
            compression=None,
            proxy=None,
            ping_interval=None,
            open_timeout=10,
            close_timeout=1,
            max_size=None,
        ) as socket:
            self._socket, self._received, self._since = socket, 0, time.time()
            self._start(self._acknowledge(socket))
            self._start(self._follow_all(socket))
            await self._read(socket)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for raw in socket:
                await asyncio.sleep(max(0.0, self.blind - time.monotonic()))
                self.person.look(str(raw), "its socket")
                frame = json.loads(raw)
                if frame["n"] != self._received + 1:
                    self._breach(f"I-4: frame {frame['n']} after {self._received}")
                self._received = frame["n"]
                self._take(socket, frame)
        finally:
            if socket.close_code is not None:
                self.codes.append(socket.close_code)

    def _take(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        shown = self.shown.get(frame.get("run", ""))
        if shown is None:
            return
        match frame["type"]:
            case "events":
                self._apply(shown, frame)
            case "resync":
                self._start(self._resync(socket, shown))
            case "gone":  # deleted, or nobody's any more who has just signed out: the message itself says which
                self._start(self._resync(socket, shown))

    def _apply(self, shown: Shown, frame: dict[str, Any]) -> None:
        if frame["after"] != shown.position:
            self._breach(f"I-4: events after {frame['after']} where the page is at {shown.position}")
            return
        text = "".join(event["text"] for event in frame["events"] if event["type"] == "text")
        state = shown.state
        for event in frame["events"]:
            if event["type"] in ("finished", "stopped", "failed"):
                whole = shown.text + text
                failed = "interrupted" if whole else "failed"
                state = {"finished": "complete", "stopped": "stopped"}.get(event["type"], failed)
        shown.waits = 0.0
        self._write(shown, "events", text, state, frame_position=frame["position"])

    def _write(self, shown: Shown, how: How, text: str, state: str, *, frame_position: int) -> None:
        after = shown.position
        shown.text = text if how == "snapshot" else shown.text + text
        shown.position, shown.state, shown.known = frame_position, state, True
        self.evidence.seen.append(
            Seen(time.time(), self.name, shown.asked.run, how, after, frame_position, text, state)
        )

    async def _follow_all(self, socket: ClientConnection) -> None:
        """Follow what is shown already, and whatever the person asks from now on."""
        followed: set[str] = set()
        while True:
            for asked in list(self.person.accepted):
                if asked.run in followed:
                    continue
                followed.add(asked.run)
                shown = self.shown.setdefault(asked.run, Shown(asked))
                if not shown.over:
                    self._start(self._attach(socket, shown))
                    await asyncio.sleep(0.05)
            async with self.person.news:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await self.person.news.wait()

    async def _attach(self, socket: ClientConnection, shown: Shown) -> None:
        if not shown.known:
            await asyncio.sleep(self.person.rng.choice((0.0, 0.0, 0.3, 1.5)))
            await self._fetch(shown)
        if not shown.over:
            await self._follow(socket, shown)

    async def _resync(self, socket: ClientConnection, shown: Shown) -> None:
        await asyncio.sleep(shown.waits)
        shown.waits = min(max(1.0, shown.waits * 1.5), 4.0)
        await self._fetch(shown)
        if not shown.over:
            await self._follow(socket, shown)

    async def _follow(self, socket: ClientConnection, shown: Shown) -> None:
        await socket.send(json.dumps({"type": "follow", "run": shown.asked.run, "after": shown.position}))

    async def _fetch(self, shown: Shown) -> None:
        """Take the message as it is stored; if that cannot be had, the connection is not worth more."""
        try:
            response = await self.person.get(f"/m/{shown.asked.reply}/")
        except httpx.HTTPError:
            return await self.drop()
        if response.status_code == 404:
            return self._write(shown, "gone", "", "gone", frame_position=shown.position)
        if response.status_code != 200:
            return await self.drop()
        article = articles(response.text)[0]
        self._write(shown, "snapshot", article.text, article.state, frame_position=article.after)

    async def _acknowledge(self, socket: ClientConnection) -> None:
        acknowledged = 0
        while True:
            await asyncio.sleep(0.25)
            if self._received > acknowledged:
                acknowledged = self._received
                await socket.send(json.dumps({"type": "ack", "n": acknowledged}))

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # where it was cancelled before it began

    async def _quietly(self, work: Any) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            await work

    def _away(self) -> None:
        self._note_presence(0.0)
        self._socket = None
        if self._anew:
            self._anew = False
            self.shown = {run: one for run, one in self.shown.items() if one.over}
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    def _breach(self, what: str) -> None:
        self.evidence.breaches.append(f"{what} ({self.name})")
