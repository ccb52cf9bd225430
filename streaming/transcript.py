"""The fold: events in; text, reasoning, tool calls, counts and outcome out.

The page has a twin of this file, and both run the same fixtures, so they cannot drift.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from .errors import KIND
from .events import (
    CONTENT,
    Event,
    Failed,
    Finished,
    Reasoning,
    ReasoningBlock,
    Refusal,
    Started,
    Stopped,
    Terminal,
    Text,
    ToolCall,
    Usage,
)

State: TypeAlias = Literal["streaming", "complete", "stopped", "interrupted", "failed"]


class Transcript:
    """What is known of an answer after the events so far. What follows the end changes nothing."""

    def __init__(self) -> None:
        self.id = ""
        self.model = ""
        self.blocks: list[ReasoningBlock] = []
        self.usage: Usage | None = None
        self.outcome: Terminal | None = None
        self.shown = False
        """Whether a person could see anything yet."""
        self._text = _Words()
        self._reasoning = _Words()
        self._refusal = _Words()
        self._calls: dict[int, _Call] = {}

    def apply(self, event: Event) -> None:
        """Takes in one event."""
        if self.outcome is not None:
            return
        self.shown = self.shown or isinstance(event, CONTENT)
        match event:
            case Text():
                self._text.add(event.text)
            case Reasoning():
                self._reasoning.add(event.text)
            case Refusal():
                self._refusal.add(event.text)
            case ToolCall():
                self._calls.setdefault(event.position, _Call()).add(event)
            case ReasoningBlock():
                self.blocks.append(event)
            case Started():
                self.id, self.model = event.id, event.model
            case Usage():
                self.usage = event
            case Finished() | Stopped() | Failed():
                self._end(event)

    def apply_all(self, events: Iterable[Event]) -> None:
        """Takes in events in their order."""
        for event in events:
            self.apply(event)

    @property
    def text(self) -> str:
        return self._text.joined

    @property
    def reasoning(self) -> str:
        return self._reasoning.joined

    @property
    def refusal(self) -> str:
        return self._refusal.joined

    @property
    def tool_calls(self) -> list[dict[str, str]]:
        """The calls in their order: id, name, arguments as JSON text, and `extra` where a server wants it back."""
        return [self._calls[position].plain() for position in sorted(self._calls)]

    @property
    def state(self) -> State:
        """Of these five, all but the first are for ever."""
        match self.outcome:
            case None:
                return "streaming"
            case Finished():
                return "complete"
            case Stopped():
                return "stopped"
            case Failed():
                return "interrupted" if self.shown else "failed"

    @property
    def finish_reason(self) -> str:
        """Why a complete answer ended."""
        return self.outcome.reason if isinstance(self.outcome, Finished) else ""

    @property
    def kind(self) -> str:
        """The kind of failure, on which code decides; empty if it was none, or a person's wish."""
        if isinstance(self.outcome, Failed):
            return self.outcome.kind
        return KIND.get(self.outcome.by, "") if isinstance(self.outcome, Stopped) else ""

    @property
    def reason(self) -> str:
        """The finer word beside the kind."""
        if isinstance(self.outcome, Failed):
            return self.outcome.reason
        return self.outcome.by if isinstance(self.outcome, Stopped) and self.kind else ""

    def _end(self, event: Terminal) -> None:
        """Half of a call is never run, and half of a turn's thinking is never sent back."""
        self.outcome = event
        if not isinstance(event, Finished):
            self._calls.clear()
            self.blocks.clear()


class _Words:
    """Text that grows by pieces, joined only when somebody looks."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        self._pieces.append(piece)

    @property
    def joined(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""


class _Call:
    """One tool call; id and name are the first ones given, `extra` is the last."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.extra = ""
        self.arguments = _Words()

    def add(self, event: ToolCall) -> None:
        self.id = self.id or event.id
        self.name = self.name or event.name
        self.extra = event.extra or self.extra
        self.arguments.add(event.arguments)

    def plain(self) -> dict[str, str]:
        call = {"id": self.id, "name": self.name, "arguments": self.arguments.joined}
        return call | {"extra": self.extra} if self.extra else call
