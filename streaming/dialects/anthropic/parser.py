"""An answer in Anthropic's dialect, as events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...events import FinishReason, Reasoning
from ...sse import ServerSentEvent
from .. import faults, loose
from ..parsing import Parsing
from ..repair import clean
from .blocks import READ, Call, Open, Replays
from .wire import HAPPENING, Block, Counts, Delta, Happening

REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "eos": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "model_length": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "safety": "content_filter",
    "pause_turn": "pause",
}
_OF_DELTA: Final = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking"}
_MOST: Final = 2**20
"""No index is as large as this."""


class Parser(Parsing):
    """Server-sent events in, events out. The `type` inside the JSON decides; aggregators drop or mix up event names."""

    def __init__(self) -> None:
        super().__init__()
        self._greeted = False
        self._blocks: dict[int, Open] = {}
        self._latest: int | None = None
        self._calls = 0
        self._replays = Replays()
        self._counts = Counts()
        self._handlers: Mapping[str, Callable[[Happening], None]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "error": self._error,
        }

    def _take(self, sse: ServerSentEvent) -> None:
        if sse.data[0] in "[ \t" and sse.data.strip(" \t") == "[DONE]":
            return
        happening = HAPPENING.read(sse.data)
        if happening is None:
            return
        kind = loose.text(happening.type) or sse.event
        handler = self._handlers.get("error" if kind == "message" and happening.error else kind)
        if handler is not None:
            handler(happening)

    def _report(self, sse: ServerSentEvent) -> None:
        try:
            happening = HAPPENING.read(sse.data) if sse.field == "data" else None
        except loose.Broken:
            happening = None
        kind = loose.text(happening.type) if happening is not None else "error"
        if kind == "ping" or (kind != "error" and kind in self._handlers):
            self._take(sse)
        else:
            super()._report(sse)

    def _turn(self, text: str) -> bool:
        turn = HAPPENING.read(text)
        if turn is None:
            return False
        if turn.error or turn.type == "error":
            self._fail(faults.in_body({"error": turn.error}))
        if self.done or turn.content is None:
            return False
        self._start(turn.id, turn.model)
        for index, block in enumerate(turn.content):
            self._begin(index, block)
            self._end(index)
        self.raw = loose.text(turn.stop_reason)
        self._count(self._counts.feed(turn.usage))
        return True

    def _known(self, name: str) -> bool:
        return name == "message" or name in self._handlers

    def _reason(self) -> FinishReason:
        reason = REASONS.get(self.raw.lower(), "unknown")
        if self.raw.lower() == "stop":
            reason = "tool_calls" if self._calls else "stop"
        return reason

    def _complete(self) -> None:
        for index in self._blocks:
            self._end(index)

    def _message_start(self, happening: Happening) -> None:
        if self._greeted:
            self._fail(faults.malformed())
            return
        self._greeted = True
        message = happening.message
        if not self._started:
            self._start(message and message.id, message and message.model)
        if message is not None:
            self._count(self._counts.feed(message.usage))

    def _block_start(self, happening: Happening) -> None:
        index = self._index(happening, len(self._blocks))
        if index is not None:
            self._end(index)
            self._begin(index, happening.content_block or Block())

    def _block_delta(self, happening: Happening) -> None:
        index = self._index(happening, 0 if self._latest is None else self._latest)
        delta = happening.delta
        if index is None or delta is None:
            return
        kind = loose.text(delta.type)
        if index not in self._blocks:
            if kind not in _OF_DELTA and kind != "input_json_delta":
                return
            self._begin(index, Block(type=_OF_DELTA.get(kind, "tool_use")))
        self._add(self._blocks[index], kind, delta)

    def _block_stop(self, happening: Happening) -> None:
        index = self._index(happening, self._latest)
        if index is not None:
            self._end(index)

    def _message_delta(self, happening: Happening) -> None:
        if not self._started:
            self._start("", "")
        if happening.delta is not None:
            self.raw = loose.text(happening.delta.stop_reason) or self.raw
        self._count(self._counts.feed(happening.usage))

    def _message_stop(self, _happening: Happening) -> None:
        self._finish()

    def _error(self, happening: Happening) -> None:
        self._fail(faults.in_stream({"error": happening.error}))

    def _index(self, happening: Happening, default: int | None) -> int | None:
        """The block that an event names, or means; None if it makes no sense, which before the start is fatal."""
        index = happening.index
        named = type(index) is int and 0 <= index < _MOST
        if not named and not self._greeted:
            self._fail(faults.malformed())
            return None
        if not self._started:
            self._start("", "")
        if named:
            return int(index)
        return default if index is None else None

    def _begin(self, index: int, block: Block) -> None:
        """A new block, and what it already holds."""
        kind = loose.text(block.type)
        self._latest = index
        self._room.take(things=1)
        if not kind:  # its first delta will tell
            self._blocks.pop(index, None)
            return
        if kind == "tool_use":
            call = Call(self._calls, block)
            self._room.take(call.given)
            self._calls += 1
            self._blocks[index] = call
            self._events.append(call.begin(block))
            return
        fresh = self._blocks[index] = Open(kind)
        if kind in ("thinking", "redacted_thinking"):
            self._replays.add(fresh)
            fresh.data = clean(loose.text(block.data))
            fresh.signature = clean(loose.text(block.signature))
            self._room.take(fresh.data, fresh.signature)
            self._reasoned(fresh, loose.text(block.thinking))
        elif kind == "text":
            self._say(loose.text(block.text))

    def _add(self, block: Open, kind: str, delta: Delta) -> None:
        """A piece of a block that we read; pieces of a kind that we do not know are ignored."""
        if block.kind not in READ:
            return
        if kind == "text_delta":
            self._say(loose.text(delta.text))
        elif kind == "thinking_delta":
            self._reasoned(block, loose.text(delta.thinking))
        elif kind == "signature_delta":
            block.signature = clean(loose.text(delta.signature))
            self._room.take(block.signature)
        elif kind == "input_json_delta" and isinstance(block, Call):
            self._events += block.feed(loose.text(delta.partial_json))

    def _reasoned(self, block: Open, text: str) -> None:
        thought = self._think(text)
        if thought:
            block.thoughts.append(thought)

    def _end(self, index: int) -> None:
        """A block is complete; some servers leave all of them open to the end of the message."""
        block = self._blocks.get(index)
        if block is None or block.ended:
            return
        block.ended = True
        if isinstance(block, Call):
            self._events += block.end()
        elif block.kind == "thinking":
            rest = self._reasoning.flush()
            if rest:
                block.thoughts.append(rest)
                self._events.append(Reasoning(rest))
        self._events += self._replays.ready()
