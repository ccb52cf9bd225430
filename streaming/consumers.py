"""`RelayConsumer`: relays what models say to a tab, over its WebSocket.

It reads the logs of runs and never a model's server: a consumer dies with its socket, a run must not. It starts
nothing and decides nothing; whether somebody may look is asked of the `Door`, each time. And it lets no answer
end on the page before the finished message is stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, Final

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from msgspec.structs import asdict

from . import frames
from .errors import Gone
from .events import TERMINAL, Event, merge
from .frames import Ack, Follow, Leave
from .logs import Batch, Log
from .measure import size, words
from .tally import tally
from .watch import Door, Watch
from .window import Bucket, Outlet, Pace, Window

__all__ = ["Door", "RelayConsumer", "close_all", "watch"]

logger = logging.getLogger(__name__)

FOLLOWS: Final = 32
"""Runs that one socket may follow at the same time."""
FRAME: Final = 256 * 1024
"""About the largest frame, in bytes of text."""
REPLAY: Final = 1024 * 1024
"""What is missing beyond this, and cannot be sent in pieces, is better taken from the row (R-08)."""
BEAT: Final = 0.05
PATIENCE: Final = 2.0
"""Seconds before a run that could not be relayed is tried again."""

watch: Final = Watch()
"""All open sockets of this process."""
_warnings: Final = Bucket(20, 1)


async def close_all(code: int = frames.GOING_DOWN) -> None:
    """Close every socket of this process, before it ends."""
    await watch.close_all(code)


class _NotStored(Exception):
    """A run has ended, but its message could not be made final."""


class RelayConsumer(AsyncWebsocketConsumer):
    """One tab."""

    channel_layer_alias = ""  # none: hints are heard by the process's one ear, and told by the watch

    def __init__(self, log: Log, door: Door, watch: Watch = watch) -> None:
        super().__init__()
        self.log, self.door, self.watch = log, door, watch
        self.opened_at = self.pinged_at = time.monotonic()
        self.audience: str | None = None
        self._ended = False
        self._follows: dict[str, asyncio.Task[None]] = {}
        self._misses: dict[str, tuple[int, int]] = {}  # where each run was not to be had, and how often in a row
        self._hints: dict[tuple[str, str], None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._commands, self._acks = Bucket(20, 5), Bucket(20, 8)
        self._outlet, self._pace = Outlet(self._write, Window()), Pace(BEAT)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The whole life of the socket; whatever ends it, nothing of it is left."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._let_go()

    async def dispatch(self, message: Any) -> None:
        """Hand a message to its method; Channels' own would go to the database's thread for each of them."""
        await getattr(self, get_handler_name(message))(message)

    # In

    async def websocket_connect(self, message: Any) -> None:
        """Decide before accepting; a tab of another version is told so."""
        try:
            self.audience = await self.door.may_open(self.scope)
        except Exception as error:
            logger.error("nobody could be let in: %s", type(error).__name__)
        if self.audience is None:
            await self.close()
        elif frames.PROTOCOL not in (offered := self.scope.get("subprotocols", ())):
            await self.accept(next(iter(offered), None))  # a browser hears no code where none of its own is taken
            await self.end(frames.OUTDATED)
        elif not self.watch.admit(self):
            await self.accept(frames.PROTOCOL)
            await self.end(frames.TOO_MANY)
        else:
            await self.accept(frames.PROTOCOL)

    async def websocket_receive(self, message: Any) -> None:
        """One frame of the page. Nothing here waits for anything: what takes time is a task."""
        if self._ended:
            return
        try:
            command = frames.read(message.get("text"))
            bucket = self._acks if isinstance(command, Ack) else self._commands
            if not bucket.take():
                raise frames.Unacceptable(frames.TOO_MANY, "too many frames")
            self._obey(command)
        except frames.Unacceptable as fault:
            if _warnings.take():
                logger.warning("socket closed with %d: %s", fault.code, fault.why)
            await self.end(fault.code)

    async def websocket_disconnect(self, message: Any) -> None:
        """The page is gone. Its runs go on."""
        self._let_go()
        raise StopConsumer

    def changed(self, what: str, id: str) -> None:
        """Something is worth another look of the page's; the same hint twice is one."""
        if not self._ended and len(self._hints) < 256:
            self._hints[what, id] = None
            if len(self._hints) == 1:
                self._task(self._tell_hints())

    def _obey(self, command: frames.Command) -> None:
        match command:
            case Ack():
                if not self._outlet.window.acknowledge(command.n):
                    raise frames.Unacceptable(frames.MALFORMED, "acknowledges what was not sent")
            case Leave():
                self._leave(command.run)
            case Follow():
                self._leave(command.run)  # twice is once, from the newer position
                if len(self._follows) >= FOLLOWS:
                    raise frames.Unacceptable(frames.TOO_MANY, "follows too many runs")
                self._follows[command.run] = self._task(self._follow(command.run, command.after))

    # Out

    async def _follow(self, run: str, after: int) -> None:
        """Relay one run to its end, or until the page leaves."""
        try:
            if await self.door.may_follow(self.scope, run):
                await self._relay(run, after)
            else:
                await self._outlet.send("gone", run=run)
        except Gone:
            await asyncio.sleep(self._missed(run, after))
            await self._outlet.send("resync", run=run, **({"away": True} if self.log.away else {}))
        except Exception as error:
            logger.error("run %s could not be relayed: %s", run, type(error).__name__)
            await asyncio.sleep(PATIENCE)
            await self._outlet.send("resync", run=run)
        finally:
            if self._follows.get(run) is asyncio.current_task():
                del self._follows[run]

    async def _relay(self, run: str, after: int) -> None:
        ended = False
        async with aclosing(self.log.read(run, after)) as batches:
            async for batch in batches:
                if batch.notice is not None:
                    await self._outlet.send("waiting", run=run, **asdict(batch.notice))
                    continue
                for piece in _pieces(batch):
                    if ended := isinstance(piece.events[-1], TERMINAL):
                        await self._stored(run)
                    after, position, events, _ = piece
                    tally.events += position - after
                    await self._outlet.send("events", run=run, after=after, position=position, events=events)
                await self._pace.rest(sum(len(words(event)) for event in batch.events))
        if not ended:
            # It ends where the page stands, who took it from the row while its end was being stored.
            await self._stored(run)
            raise Gone(run)

    def _missed(self, run: str, after: int) -> float:
        """Seconds before the page looks at the row again: none, unless it comes back from there with nothing new.

        Then nobody writes this run any more, as after a crash, and it takes a while until the sweep has settled it.
        """
        if run not in self._misses and len(self._misses) >= FOLLOWS:
            self._misses.clear()
        at, times = self._misses.get(run, (after, 0))
        times = times + 1 if at == after else 1
        self._misses[run] = after, times
        return min(PATIENCE * (times - 1), 2 * PATIENCE) if times > 1 else 0

    async def _stored(self, run: str) -> None:
        """Return when the finished message is; an end that is not stored must not be shown."""
        try:
            await self.door.persist(run)
        except Exception as error:
            raise _NotStored(type(error).__name__) from error

    async def _tell_hints(self) -> None:
        while self._hints:
            what, id = next(iter(self._hints))
            await self._outlet.send("changed", what=what, id=id)
            self._hints.pop((what, id), None)

    async def _write(self, payload: bytes) -> None:
        tally.bytes += len(payload)
        write: Callable[[bytes], Awaitable[None]] | None = self.scope.get("extensions", {}).get("write_frame")
        if write is not None:
            await write(payload)
        else:
            await self.send(text_data=payload.decode())

    # For the watch

    @property
    def unread_for(self) -> float:
        """For how many seconds the page has left something unacknowledged."""
        return self._outlet.window.waited

    async def ping(self) -> None:
        """Say that we are here, unless the page has enough to read already."""
        if not self._ended and not self._outlet.window.full:
            self._task(self._outlet.send("ping"))

    async def end(self, code: int) -> None:
        """Close the socket from our side; nothing more is sent or heard from here on."""
        if not self._ended:
            self._ended = True
            tally.closed[code] += 1
            self._let_go()
            await self.close(code)

    # The rest

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _leave(self, run: str) -> None:
        if task := self._follows.pop(run, None):
            task.cancel()

    def _let_go(self) -> None:
        self.watch.discard(self)
        for task in self._tasks:
            task.cancel()


def _pieces(batch: Batch) -> Iterator[Batch]:
    """The same in frames of a bounded size; the terminal event, which waits for the store, in one of its own."""
    after, position, events, _ = batch
    ended = isinstance(events[-1], TERMINAL)
    last, body, top = (events[-1], events[:-1], position - 1) if ended else (None, events, position)
    if len(body) == top - after:
        for group in _groups(body):
            yield Batch(after, after + len(group), merge(group))
            after += len(group)
    elif sum(size(event) for event in body) > REPLAY:
        raise Gone("too much to replay")
    elif body:
        yield Batch(after, top, merge(body))
    if last is not None:
        yield Batch(top, position, [last])


def _groups(events: list[Event]) -> Iterator[list[Event]]:
    """Neighbours that fit into one frame."""
    group: list[Event] = []
    room = FRAME
    for event in events:
        room -= size(event)
        if group and room < 0:
            yield group
            group, room = [], FRAME - size(event)
        group.append(event)
    if group:
        yield group
