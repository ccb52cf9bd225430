"""Twisted on uvloop: as fast, and an upstream's TLS stream holds a third of the memory."""

from __future__ import annotations

import select
import sys
from typing import Any

import daphne.server
import uvloop
from twisted.internet import asyncioreactor, main


class Reactor(asyncioreactor.AsyncioSelectorReactor):
    """Notices each broken connection.

    uvloop tells of an error once, and does not watch that socket any more. Twisted reads what had come before, and
    expects to be told again: the connection would stay for ever, and whoever wrote to it would be told off by uvloop.
    """

    def __init__(self, loop: uvloop.Loop) -> None:
        super().__init__(loop)
        self._breaks = select.poll()

    def _readOrWrite(self, selectable: Any, read: bool) -> None:
        super()._readOrWrite(selectable, read)
        while read and selectable in self._readers and self._broken(selectable.fileno()):
            super()._readOrWrite(selectable, read)

    def _broken(self, descriptor: int) -> bool:
        """Whether an error, or the end, is to be read behind the data."""
        self._breaks.register(descriptor, 0)  # which is told of nothing else
        found = self._breaks.poll(0)
        self._breaks.unregister(descriptor)
        return bool(found)


def install() -> None:
    """Replace the reactor that Daphne has made on importing by one on uvloop. Nothing may run on it yet.

    Of all modules only Daphne's keeps the reactor in a name of its own; the others look it up when they need it.
    """
    if isinstance(daphne.server.reactor, Reactor):
        return
    del sys.modules["twisted.internet.reactor"]
    main.installReactor(Reactor(uvloop.new_event_loop()))
    daphne.server.reactor = sys.modules["twisted.internet.reactor"]
