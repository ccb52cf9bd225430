"""An answer in OpenAI's dialect, as events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...events import FinishReason
from ...sse import ServerSentEvent
from .. import faults, loose
from ..parsing import Parsing
from .calls import Calls
from .details import Detail
from .wire import CHUNK, Choice, Chunk, Delta, report_of, usage_of

REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "safety": "content_filter",
}
FAULTS: Final = frozenset(("error", "insufficient_system_resource", "abort"))
"""Finish reasons that say the answer broke."""

_THOUGHT: Final = {"reasoning.text": "text", "reasoning.summary": "summary"}


class Parser(Parsing):
    """Server-sent events in, events out. Reads on after a finish reason: counts, and faults, may follow it."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = Calls(self._room)
        self._declined = False
        self._details: list[Detail] = []

    def _take(self, sse: ServerSentEvent) -> None:
        if sse.event == "ping":
            return
        data = sse.data
        if data[0] in "[ \t" and data.strip(" \t") == "[DONE]":
            self._finish()
            return
        chunk = CHUNK.read(data)
        if chunk is not None:
            self._chunk(chunk)

    def _turn(self, text: str) -> bool:
        chunk = CHUNK.read(text)
        if chunk is None:
            return False
        if chunk.error or chunk.object == "error":
            self._fail(faults.in_body(report_of(chunk)))
            return False
        choices = [choice for choice in chunk.choices or () if choice.message is not None]
        if choices:
            self._chunk(chunk)
        return bool(choices)

    def _known(self, name: str) -> bool:
        return name == "message"

    def _reason(self) -> FinishReason:
        reason = REASONS.get(self.raw.lower(), "unknown")
        if reason == "stop" and self._declined:
            return "refusal"
        return "tool_calls" if reason == "stop" and self._calls else reason

    def _complete(self) -> None:
        self._events += self._calls.end([detail.whole for detail in self._details])

    def _chunk(self, chunk: Chunk) -> None:
        if not self._started and (
            chunk.id or chunk.choices
        ):  # Azure's first chunk is about the prompt, and has neither
            self._start(chunk.id, chunk.model)
        fault = chunk.error or chunk.object == "error"
        for choice in chunk.choices or ():
            index = choice.index
            if index is None or (index == 0 and index is not False):
                self._choice(choice)
            fault = fault or choice.error
        if chunk.usage is not None or chunk.x_groq is not None:
            usage = usage_of(chunk)
            if usage is not None:
                self._count(usage)
        if fault:
            self._fail(faults.in_stream(report_of(chunk)))
        elif self.raw and self.raw in FAULTS:
            self._fail(faults.finished_badly(self.raw))

    def _choice(self, choice: Choice) -> None:
        delta = choice.delta or choice.message
        if delta is not None:
            self._delta(delta)
        reason = choice.finish_reason
        if reason and type(reason) is str:
            self.raw = reason

    def _delta(self, delta: Delta) -> None:
        thinking = delta.reasoning_content or delta.reasoning or delta.reasoning_details
        if thinking:
            self._reasoned(delta)
        content = delta.content
        if type(content) is str:
            self._say(content)
        elif content and isinstance(content, list):
            self._parts(content, thinking=not thinking)
        if delta.refusal and type(delta.refusal) is str:
            self._declined = True
            self._decline(delta.refusal)
        if delta.tool_calls:
            self._events += self._calls.feed(delta.tool_calls)
        if delta.function_call:
            self._events += self._calls.feed_function(delta.function_call)

    def _reasoned(self, delta: Delta) -> None:
        """The same thinking may stand in three members; the first that has any counts."""
        details = delta.reasoning_details
        details = [item for item in details if isinstance(item, dict)] if isinstance(details, list) else []
        self._keep(details)
        thoughts = "".join(loose.text(item.get(_THOUGHT.get(loose.text(item.get("type")), ""))) for item in details)
        self._think(loose.text(delta.reasoning_content) or loose.text(delta.reasoning) or thoughts)

    def _keep(self, details: list[dict[str, Any]]) -> None:
        """Keeps thinking in the form in which it must be sent back: pieces of one item joined."""
        for item in details:
            if not (self._details and self._details[-1].goes_on(item)):
                self._room.take(things=1)
                self._details.append(Detail())
            self._room.take(self._details[-1].add(item))

    def _parts(self, parts: list[Any], *, thinking: bool) -> None:
        """Content as a list of parts, which is how Mistral sends thinking."""
        for part in parts:
            if isinstance(part, str):
                self._say(part)
            elif isinstance(part, dict) and part.get("type") == "text":
                self._say(loose.text(part.get("text")))
            elif isinstance(part, dict) and part.get("type") == "thinking" and thinking:
                thoughts = part.get("thinking")
                for thought in thoughts if isinstance(thoughts, list) else [{"text": thoughts}]:
                    self._think(loose.text(thought.get("text")) if isinstance(thought, dict) else loose.text(thought))
