"""The blocks of an Anthropic message: begun, added to and ended by their index, in any order."""

from __future__ import annotations

import uuid
from typing import Any, Final

from ...events import Event, ReasoningBlock, ToolCall
from .. import loose
from ..repair import Channel, clean
from .wire import Block

READ: Final = frozenset(("text", "thinking", "redacted_thinking", "tool_use"))
"""The kinds of blocks that are for us. The provider's own tools, and kinds of the future, are not."""


class Open:
    """One block as far as it is known."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.ended = False
        self.signature = ""
        self.data = ""
        self.thoughts: list[str] = []

    def replay(self) -> ReasoningBlock | None:
        """The block as it is kept to be sent back; without a signature nobody would take it back."""
        if self.kind == "redacted_thinking":
            return ReasoningBlock("redacted_thinking", data=self.data)
        if not self.signature:
            return None
        return ReasoningBlock("thinking", text="".join(self.thoughts), signature=self.signature)


class Call(Open):
    """A tool call: its arguments come in pieces, or whole at the start of the block, or not at all."""

    def __init__(self, position: int, block: Block) -> None:
        super().__init__("tool_use")
        self.position = position
        self.given = loose.compact(block.input) if isinstance(block.input, dict) and block.input else "{}"
        self._spoken = False
        self._held: list[str] = []
        self._channel = Channel()

    def begin(self, block: Block) -> ToolCall:
        """Its name, and what it is called by."""
        id = clean(loose.text(block.id)) or f"call_{uuid.uuid4().hex}"
        return ToolCall(self.position, id, clean(loose.text(block.name)))

    def feed(self, text: str) -> list[Event]:
        """A piece of the arguments. Blanks alone are no arguments: they wait for what follows them."""
        repaired = self._channel.feed(text)
        if repaired:
            self._held.append(repaired)
            self._spoken = self._spoken or not repaired.isspace()
        if not self._spoken or not self._held:
            return []
        pieces = "".join(self._held)
        self._held.clear()
        return [ToolCall(self.position, arguments=pieces)]

    def end(self) -> list[Event]:
        """The rest of the arguments."""
        rest = self.feed(self._channel.flush())
        if self._spoken:
            return rest
        self._spoken = True
        self._held = [self.given]
        return self.feed("")


class Replays:
    """Blocks of thinking, handed over when they have ended, in the order in which they began."""

    def __init__(self) -> None:
        self._waiting: list[Open] = []

    def add(self, block: Open) -> None:
        self._waiting.append(block)

    def ready(self) -> list[Event]:
        """Those that nothing before them holds back."""
        found: list[Any] = []
        while self._waiting and self._waiting[0].ended:
            found.append(self._waiting.pop(0).replay())
        return [event for event in found if event is not None]
