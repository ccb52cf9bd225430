"""Twisted on uvloop: as fast, and an upstream's TLS stream holds a third of the memory."""

from __future__ import annotations

import sys

import daphne.server
import uvloop
from twisted.internet import asyncioreactor


def install() -> None:
    """Replace the reactor that Daphne has made on importing by one on uvloop. Nothing may run on it yet.

    Of all modules only Daphne's keeps the reactor in a name of its own; the others look it up when they need it.
    """
    if isinstance(daphne.server.reactor._asyncioEventloop, uvloop.Loop):
        return
    del sys.modules["twisted.internet.reactor"]
    asyncioreactor.install(uvloop.new_event_loop())
    daphne.server.reactor = sys.modules["twisted.internet.reactor"]
