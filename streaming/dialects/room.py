"""How much of an answer a parser may hold back until it can be passed on."""

from __future__ import annotations

from typing import Final

from ..errors import UpstreamError

MOST: Final = 4 * 1024 * 1024
THING: Final = 1024
"""What a call or a block costs beside its content."""


class Room:
    """One for each answer. What is passed on is counted by whoever writes it down; this counts what is not (I-19)."""

    def __init__(self, bytes: int = MOST) -> None:
        self._left = bytes

    def take(self, *texts: str, things: int = 0) -> None:
        """These texts, and so many new things, are held from now on. Raises `UpstreamError` if that is too much."""
        self._left -= sum(map(len, texts)) + THING * things
        if self._left < 0:
            raise UpstreamError("too_long")
