"""A worker's place under its supervisor: what they tell each other, a byte at a time."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

LISTENING: Final = b"l"
"""Worker: I answer now."""
END: Final = b"e"
"""Supervisor: end in order, with all the others."""
REPLACED: Final = b"r"
"""Supervisor: end in order; somebody else takes the new connections from now on."""


class Seat:
    """The worker's end of the pair. Without a number it is nobody's worker, and nothing happens."""

    def __init__(self, fd: int | None) -> None:
        self._channel = None if fd is None else socket.socket(fileno=fd)
        if self._channel is not None:
            self._channel.set_inheritable(False)
            self._channel.setblocking(False)

    @property
    def taken(self) -> bool:
        """Whether there is a supervisor."""
        return self._channel is not None

    def listening(self, end: Callable[[bool], None]) -> None:
        """Say so, and call `end(replaced)` when told to end, or when the supervisor is gone."""
        if self._channel is None:
            return
        asyncio.get_running_loop().add_reader(self._channel, self._told, self._channel, end)
        try:
            self._channel.send(LISTENING)
        except OSError:
            logger.debug("the supervisor is gone already")  # as the reader finds out next

    def _told(self, channel: socket.socket, end: Callable[[bool], None]) -> None:
        asyncio.get_running_loop().remove_reader(channel)
        try:
            word = channel.recv(1)
        except OSError:
            word = b""
        if not word:
            logger.warning("the supervisor is gone")
        end(word == REPLACED)
