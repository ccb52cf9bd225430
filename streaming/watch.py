"""Everything that has to be done for open sockets from time to time: one task and one query for all of a process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from . import frames
from .ear import Ear

logger = logging.getLogger(__name__)


class Door(Protocol):
    """What the engine must ask of the product before it shows anything to anybody."""

    async def may_open(self, scope: Any) -> str | None:
        """The group in which this visitor hears hints; None refuses."""

    async def may_follow(self, scope: Mapping[str, Any], run: str) -> bool:
        """Whether this visitor may read this run, now."""

    async def still_valid(self, scopes: Sequence[Mapping[str, Any]]) -> Sequence[bool]:
        """For each of these visitors whether it may still be here."""

    async def persist(self, run: str) -> None:
        """Return when the row of this run is final."""


class Socket(Protocol):
    """An open socket, as the watch sees it."""

    scope: Mapping[str, Any]
    door: Door
    audience: str | None
    opened_at: float
    pinged_at: float

    @property
    def unread_for(self) -> float: ...

    async def ping(self) -> None: ...

    def changed(self, what: str, id: str) -> None: ...

    async def end(self, code: int) -> None: ...


@dataclass(frozen=True)
class Periods:
    """Seconds between one thing and the next, how long something may last, and how many sockets a person may have."""

    turn: float = 1
    ping: float = 20
    check: float = 3
    unread: float = 20
    unchecked: float = 30
    age: float = 12 * 3600
    each: int = 20


class Watch:
    """Knows all open sockets of this process."""

    def __init__(self, periods: Periods | None = None) -> None:
        self.periods = periods or Periods()
        self.sockets: set[Socket] = set()
        self._rounds: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None
        self._checked_at = 0.0
        self._ear = Ear(self._heard)

    def admit(self, socket: Socket) -> bool:
        """Watch over this socket from now on; False if its person has enough of them already (B-13)."""
        if self._rounds is not None and self._rounds.get_loop() is not asyncio.get_running_loop():
            self.sockets.clear()  # of a loop that is no more
            self._rounds = None
        if sum(one.audience == socket.audience for one in self.sockets) >= self.periods.each:
            return False
        self.sockets.add(socket)
        self._ear.listen()
        if self._rounds is None or self._rounds.done():
            self._checked_at = time.monotonic()
            self._checking = None
            self._rounds = asyncio.create_task(self._go_round(), name="watch")
        return True

    def discard(self, socket: Socket) -> None:
        """This one is not any more."""
        self.sockets.discard(socket)

    async def close_all(self, code: int = frames.GOING_DOWN) -> None:
        """Close every socket with this code."""
        await _each(self.sockets, code)

    def _heard(self, audience: str, what: str, id: str) -> None:
        """A hint, for the tabs of one person."""
        for socket in self.sockets:
            if socket.audience == audience:
                socket.changed(what, id)

    async def _go_round(self) -> None:
        """Ends with the last socket."""
        checked = time.monotonic()
        while self.sockets:
            await asyncio.sleep(self.periods.turn)
            now = time.monotonic()
            await self._look(now)
            if now - checked >= self.periods.check and (self._checking is None or self._checking.done()):
                checked = now
                # Beside the rounds: a database that is slow must not keep pings back.
                self._checking = asyncio.create_task(self._check(), name="check sockets")
            if now - self._checked_at > self.periods.unchecked:
                logger.warning("sockets could not be checked for too long: closing all")
                await self.close_all(frames.GOING_DOWN)

    async def _look(self, now: float) -> None:
        """Close who does not read or has been here for too long; ping the others."""
        periods = self.periods
        await _each([one for one in self.sockets if one.unread_for > periods.unread], frames.NOT_READING)
        await _each([one for one in self.sockets if now - one.opened_at > periods.age], frames.GOING_DOWN)
        for socket in [one for one in self.sockets if now - one.pinged_at >= periods.ping]:
            socket.pinged_at = now
            await socket.ping()

    async def _check(self) -> None:
        """Ask the door about everybody at once, and close whoever may not be here any more (I-15)."""
        began = time.monotonic()
        try:
            for door in {socket.door for socket in self.sockets}:
                theirs = [socket for socket in self.sockets if socket.door is door]
                valid = await door.still_valid([socket.scope for socket in theirs])
                await _each(
                    [socket for socket, stays in zip(theirs, valid, strict=True) if not stays], frames.SIGNED_OUT
                )
            self._checked_at = began
        except Exception as error:
            logger.warning("sockets could not be checked: %s", type(error).__name__)


async def _each(sockets: Collection[Socket], code: int) -> None:
    if sockets:
        await asyncio.gather(*(socket.end(code) for socket in list(sockets)), return_exceptions=True)
