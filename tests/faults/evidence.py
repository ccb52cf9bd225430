"""What everybody has seen and done: the only thing that the checker looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .oracle import Call

FINAL = ("complete", "stopped", "interrupted", "failed")
How = Literal["snapshot", "events", "gone"]


@dataclass(frozen=True)
class Seen:
    """One thing that a viewer applied: `text` is the whole of a snapshot, or what the events added."""

    at: float
    viewer: str
    run: str
    how: How
    after: int
    position: int
    text: str
    state: str


@dataclass(frozen=True)
class Accepted:
    """The server has said yes to a question: these are the names it gave."""

    at: float
    person: str
    client_id: str
    key: str
    conversation: str
    message: str
    reply: str
    run: str


@dataclass(frozen=True)
class Row:
    """A run and its reply as they are stored; the reply's part is empty once the conversation is purged."""

    run: str
    run_state: str
    reason: str
    output_tokens: int | None
    ended_at: float | None
    created: float
    reply: str = ""
    state: str = ""
    text: str = ""
    position: int = 0
    conversation: str = ""
    deleted: bool = False
    message: str = ""
    client_id: str = ""
    asked: str = ""


@dataclass
class Act:
    """What was done to the system, from when to when (0 while it lasts)."""

    kind: str
    at: float
    until: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Fresh:
    """A reply as a page that was loaded after the end shows it."""

    person: str
    reply: str
    state: str
    text: str


@dataclass
class Evidence:
    """Everything, with the seed that brings it about again."""

    seed: int
    grace: float = 1.0
    """How long a second of the promises is here: more where the machine is shared with other tests."""
    began: float = 0.0
    calls: list[Call] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    fresh: list[Fresh] = field(default_factory=list)
    online: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    open_calls: int = 0
    rss: list[float] = field(default_factory=list)
