"""What may be said of a failure, to whom and how often: no key in it, one complaint every few minutes, a reference."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from .errors import SENTENCE
from .events import Event, Failed, Started

_IDS: Final = ("x-request-id", "request-id", "apim-request-id", "x-generation-id")
_ID: Final = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)


def request_id(headers: Mapping[str, str]) -> str:
    """The upstream's own name for a request, by which its people can find it; nothing that could be content."""
    return next((value for name in _IDS if _ID.fullmatch(value := headers.get(name, ""))), "")


def discreet(events: list[Event], key: str, request: str) -> list[Event]:
    """The same with the request's name, and without a key that a server repeats when it tells of a failure (I-17)."""
    if not events:
        return events
    if request and isinstance(events[0], Started):
        events = [msgspec.structs.replace(events[0], request=request), *events[1:]]
    last = events[-1]
    if not isinstance(last, Failed):
        return events
    if key and key in f"{last.message}{last.raw_code}":
        last = msgspec.structs.replace(last, message=SENTENCE[last.reason], raw_code=None)
    return [*events[:-1], msgspec.structs.replace(last, request="" if key and key in request else request)]


class Bell:
    """Rings for each thing at most once in so many seconds."""

    def __init__(self, seconds: float = 300, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._rang: dict[str, float] = {}

    def rings(self, about: str) -> bool:
        """Whether it is time to say this again."""
        now = self._clock()
        if now - self._rang.get(about, -self._seconds) < self._seconds:
            return False
        self._rang[about] = now
        return True
