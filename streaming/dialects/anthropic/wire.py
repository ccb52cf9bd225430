"""The members of Anthropic's events that we read. Everything else is skipped without being built."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ...events import Usage
from .. import loose


class Delta(msgspec.Struct, gc=False):
    """What an event adds to a block, or to what is known of the whole message."""

    type: Any = None
    text: Any = None
    thinking: Any = None
    signature: Any = None
    partial_json: Any = None
    stop_reason: Any = None


class Block(msgspec.Struct, gc=False):
    """A block as it begins; in a whole turn, the block."""

    type: Any = None
    text: Any = None
    thinking: Any = None
    signature: Any = None
    data: Any = None
    id: Any = None
    name: Any = None
    input: Any = None


class Message(msgspec.Struct, gc=False):
    """The message as it begins."""

    id: Any = None
    model: Any = None
    usage: Any = None


class Happening(msgspec.Struct, gc=False):
    """One event of any type, or a whole turn: `type` tells. The last members are those of errors and of turns."""

    type: Any = None
    index: Any = None
    delta: Delta | None = None
    content_block: Block | None = None
    message: Message | None = None
    usage: Any = None
    error: Any = None
    id: Any = None
    model: Any = None
    content: list[Block] | None = None
    stop_reason: Any = None


HAPPENING: Final = loose.Reader(Happening)

_INPUTS: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class Counts:
    """The counts so far. Each report overwrites the members that it has."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def feed(self, usage: Any) -> Usage:
        """All counts after this report."""
        if isinstance(usage, dict):
            details = usage.get("output_tokens_details")
            thinking = details.get("thinking_tokens") if isinstance(details, dict) else None
            for name, value in {**usage, "thinking_tokens": thinking}.items():
                number = loose.count(value) if name in (*_INPUTS, "output_tokens", "thinking_tokens") else None
                if number is not None:
                    self._counts[name] = number
        inputs = [self._counts[name] for name in _INPUTS if name in self._counts]
        return Usage(
            input=sum(inputs) if inputs else None,
            output=self._counts.get("output_tokens"),
            cache_read=self._counts.get("cache_read_input_tokens"),
            cache_write=self._counts.get("cache_creation_input_tokens"),
            reasoning=self._counts.get("thinking_tokens"),
        )
