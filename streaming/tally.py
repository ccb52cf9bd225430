"""What has been done in this process, as plain numbers: counting costs next to nothing, who wants them reads them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final


@dataclass
class Tally:
    """Numbers that only grow. `first` are the seconds until an answer's first word, until somebody takes them."""

    events: int = 0
    bytes: int = 0
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Runs by their terminal event (`finished`, `stopped`, `failed`, `lost`) and reason."""
    refused: Counter[str] = field(default_factory=Counter)
    """Attempts that the upstream, or the way to it, has broken: by kind."""
    closed: Counter[int] = field(default_factory=Counter)
    """Sockets that we closed, by code."""
    first: list[float] = field(default_factory=list)


tally: Final = Tally()
