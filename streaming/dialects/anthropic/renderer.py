"""Events as an answer in Anthropic's dialect, in the form that the official clients of all years accept."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from ...events import (
    Alive,
    Event,
    Failed,
    Finished,
    FinishReason,
    Reasoning,
    ReasoningBlock,
    Refusal,
    Started,
    Stopped,
    Text,
    ToolCall,
    Usage,
)
from .. import refusals
from ..written import raw_object, written

_WORDS: Final[Mapping[FinishReason, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
    "unknown": "end_turn",
}
_ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    "auth": (401, "authentication_error"),
    "permission": (403, "permission_error"),
    "billing": (402, "billing_error"),
    "not_found": (404, "not_found_error"),
    "invalid_request": (400, "invalid_request_error"),
    "context_length": (400, "invalid_request_error"),
    "content_filter": (400, "invalid_request_error"),
    "rate_limited": (429, "rate_limit_error"),
    "overloaded": (529, "overloaded_error"),
    "timeout": (504, "timeout_error"),
}
_PING: Final = b'event: ping\ndata: {"type":"ping"}\n\n'


class Renderer:
    """Events in, bytes out, one block open at a time.

    Tool calls are held until they are whole: clients fail on arguments that are not JSON, and other
    dialects promise no more than text. `include_usage` is there for the likeness; this dialect always counts.
    """

    def __init__(self, id: str, model: str, *, include_usage: bool = False) -> None:
        self._id = id
        self._model = model
        self._usage = Usage()
        self._greeted = False
        self._done = False
        self._open = ""
        self._index = -1
        self._calls: dict[int, _Held] = {}
        self._fresh: list[_Held] = []  # those that nobody has looked at yet

    def feed(self, event: Event) -> bytes:
        """The event as bytes; nothing where the dialect says nothing, or says it later."""
        if self._done or isinstance(event, Alive):
            return b""
        if isinstance(event, Failed | Stopped):
            return self._fail(refusals.kind_of(event), refusals.told(event))
        if isinstance(event, Started):
            return b""  # said with what comes next, because that may be the counts
        if isinstance(event, Usage):
            self._usage = event
            return self._greet()
        return self._greet() + self._content(event)

    def alive(self) -> bytes:
        """What keeps the connection open and every client silent; it may come before everything else."""
        return _PING

    def _content(self, event: Text | Reasoning | Refusal | ReasoningBlock | ToolCall | Finished) -> bytes:
        if isinstance(event, Finished):
            return self._finish(event)
        if isinstance(event, ToolCall) and event.position in self._calls:
            self._calls[event.position].add(event)
            return b""
        called = self._call_whole()
        if isinstance(event, ToolCall):
            self._calls[event.position] = _Held(event)
            self._fresh.append(self._calls[event.position])
            return called
        if isinstance(event, ReasoningBlock):
            return called + self._replay(event)
        if isinstance(event, Reasoning):
            return called + self._turn_to("thinking") + self._delta("thinking_delta", "thinking", event.text)
        return called + self._turn_to("text") + self._delta("text_delta", "text", event.text)

    def _greet(self) -> bytes:
        if self._greeted:
            return b""
        self._greeted = True
        message: dict[str, Any] = {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _usage(self._usage),
        }
        return _event("message_start", message=message)

    def _turn_to(self, kind: str) -> bytes:
        """Opens a block of this kind, unless it is the one that is open."""
        if self._open == kind:
            return b""
        empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}}[kind]
        return self._close() + self._start({"type": kind, **empty}, kind)

    def _start(self, block: dict[str, Any], kind: str = "") -> bytes:
        self._open = kind
        self._index += 1
        return _event("content_block_start", index=self._index, content_block=block)

    def _delta(self, kind: str, member: str, text: str) -> bytes:
        return _event("content_block_delta", index=self._index, delta={"type": kind, member: text})

    def _stop(self) -> bytes:
        self._open = ""
        return _event("content_block_stop", index=self._index)

    def _close(self) -> bytes:
        """Ends the open block. Thinking that nobody signed gets the empty signature that clients expect."""
        signed = self._delta("signature_delta", "signature", "") if self._open == "thinking" else b""
        return signed + self._stop() if self._open else b""

    def _replay(self, block: ReasoningBlock) -> bytes:
        if block.block == "redacted_thinking":
            start = self._close() + self._start({"type": "redacted_thinking", "data": block.data})
            return start + self._stop()
        return self._turn_to("thinking") + self._delta("signature_delta", "signature", block.signature) + self._stop()

    def _call_whole(self) -> bytes:
        """Says those calls that are whole when something else begins. Each is looked at only once before the end."""
        fresh, self._fresh = self._fresh, []
        return b"".join(self._call(call) for call in fresh if call.is_object())

    def _call(self, call: _Held) -> bytes:
        call.said = True
        start = self._close() + self._start({"type": "tool_use", "id": call.id, "name": call.name, "input": {}})
        arguments = call.arguments
        given = self._delta("input_json_delta", "partial_json", arguments) if arguments not in ("", "{}") else b""
        return start + given + self._stop()

    def _finish(self, event: Finished) -> bytes:
        unsaid = [call for call in self._calls.values() if not call.said]
        if any(call.more for call in self._calls.values()) or not all(call.is_whole() for call in unsaid):
            return self._close() + self._fail("protocol", "The model called a tool with arguments that are not JSON.")
        end = self._close() + b"".join(self._call(call) for call in unsaid)
        self._done = True
        delta = {"stop_reason": _WORDS[event.reason], "stop_sequence": None}
        return end + _event("message_delta", delta=delta, usage=_usage(self._usage)) + _event("message_stop")

    def _fail(self, kind: str, message: str) -> bytes:
        self._done = True
        return _event("error", error=_error(kind, message), request_id=self._id)


class _Held:
    """A tool call that is held until it is whole."""

    def __init__(self, event: ToolCall) -> None:
        self.id = event.id or f"toolu_{uuid.uuid4().hex}"
        self.name = event.name
        self.said = False
        self.more = False  # whether anything came after it was said
        self._pieces = [event.arguments]

    def add(self, event: ToolCall) -> None:
        self.name = self.name or event.name
        self.more = self.more or (self.said and bool(event.arguments.strip()))
        self._pieces.append(event.arguments)

    @property
    def arguments(self) -> str:
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces[0].strip() else ""

    def is_object(self) -> bool:
        return raw_object(self.arguments) is not None

    def is_whole(self) -> bool:
        return not self.arguments or self.is_object()


def render_error(failed: Failed) -> tuple[int, dict[str, str], bytes]:
    """A failure before the first byte of the answer: status, headers, body."""
    status = refusals.status_of(failed, {kind: status for kind, (status, _) in _ERRORS.items()})
    body = {"type": "error", "error": _error(failed.kind, failed.message), "request_id": None}
    return status, refusals.headers_of(failed), written(body)


def _error(kind: str, message: str) -> dict[str, str]:
    return {"type": _ERRORS.get(kind, (0, "api_error"))[1], "message": message}


def _event(kind: str, **members: Any) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + written({"type": kind, **members}) + b"\n\n"


def _usage(usage: Usage) -> dict[str, Any]:
    """The counts; input here is what was neither read from the cache nor written to it."""
    cached = (usage.cache_read or 0) + (usage.cache_write or 0)
    plain: dict[str, Any] = {
        "input_tokens": max(0, (usage.input or 0) - cached),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output or 0,
        "output_tokens_details": None if usage.reasoning is None else {"thinking_tokens": usage.reasoning},
    }
    return {name: value for name, value in plain.items() if value is not None}
