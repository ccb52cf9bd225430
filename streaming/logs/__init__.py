"""The log of a run: what happened, numbered from 1, written by one and read by any number.

A position is a whole number, one per event, chosen by the writer. A run's id is never used twice, so it is
the epoch: a position means something only together with it. Readers are woken, they never poll; losing a
log is ordinary, since the row has the text together with the position to go on from.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple, Protocol

from ..events import Event, Waiting


class Batch(NamedTuple):
    """The events `after + 1` to `position`; neighbours may be merged, so there may be fewer of them."""

    after: int
    position: int
    events: list[Event]
    notice: Waiting | None = None
    """Instead of events: what is the matter just now. It has no position, and who misses it has missed nothing."""


class Log(Protocol):
    """Where runs are written and followed. One contract, whatever keeps it."""

    @property
    def away(self) -> bool:
        """Whether what others write cannot be followed now, and what is written here not by others (D-07)."""

    async def open(self, run: str, fence: int) -> int:
        """Begin the log of this run, or take it over under a higher fence; the position of its last event.

        `Lost` under any other fence, and where the run has ended.
        """

    async def append(self, run: str, fence: int, after: int, events: Sequence[Event]) -> int:
        """Add these as `after + 1` and on; the position of the last.

        `Lost` if the fence is not the newest, if `after` is not the top, or if the run has ended: somebody
        else has written what this writer does not know of, or settled the run for good.
        """

    async def tell(self, run: str, fence: int, notice: Waiting) -> None:
        """Show this to whoever reads the run now, or comes before it is over; `Lost` as with `append`."""

    def read(self, run: str, after: int) -> AsyncGenerator[Batch, None]:
        """Everything after this position: what is there at once, then what comes, until the terminal event.

        `Gone` if the log is unknown, does not reach back to `after`, or has never come so far. A reader may be
        cancelled or closed at any time, without harm to anybody.
        """

    async def ask_to_stop(self, run: str, by: str) -> None:
        """Tell whoever writes this run, wherever that is, or will open it in a moment, to end it."""

    async def stop_asked(self, run: str) -> str:
        """Wait until somebody asks for that; by whom. `Gone` if the log is closed first."""

    async def close(self, run: str) -> None:
        """Forget the run at once, words and all; who reads it is told `Gone`."""
