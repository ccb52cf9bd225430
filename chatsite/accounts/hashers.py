"""How passwords are kept: Argon2id, a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher


class Crowded(Exception):
    """More people are waiting for their password to be checked than may wait."""


class Gate:
    """Lets a few through at a time, has a bounded number wait, and turns away whoever comes after them."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._places = threading.BoundedSemaphore(at_once + waiting)
        self._passing = threading.BoundedSemaphore(at_once)

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Wait for one's turn, or raise `Crowded` at once."""
        if not self._places.acquire(blocking=False):
            raise Crowded
        try:
            with self._passing:
                yield
        finally:
            self._places.release()


class Argon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB and two passes.

    Each hash takes that memory, so that many sign-ins at once would be an attack on it: hence the gate.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
    gate = Gate(at_once=4, waiting=50)

    def encode(self, password: str, salt: str) -> str:
        """The password as it is kept."""
        with self.gate.enter():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the password that was kept."""
        with self.gate.enter():
            return super().verify(password, encoded)
