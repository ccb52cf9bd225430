"""Events as an answer in OpenAI's dialect, in the form that the official clients of all years accept."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from ...events import (
    Event,
    Failed,
    Finished,
    FinishReason,
    Reasoning,
    Refusal,
    Started,
    Stopped,
    Text,
    ToolCall,
    Usage,
)
from ...sse import comment
from .. import loose, refusals
from ..written import written

_WORDS: Final[Mapping[FinishReason, str]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "pause": "stop",
    "unknown": "stop",
}
_ERRORS: Final[Mapping[str, tuple[int, str, str]]] = {
    "auth": (401, "invalid_request_error", "invalid_api_key"),
    "permission": (403, "invalid_request_error", "permission_error"),
    "billing": (429, "insufficient_quota", "insufficient_quota"),
    "not_found": (404, "invalid_request_error", "model_not_found"),
    "invalid_request": (400, "invalid_request_error", "invalid_request_error"),
    "context_length": (400, "invalid_request_error", "context_length_exceeded"),
    "content_filter": (400, "invalid_request_error", "content_filter"),
    "rate_limited": (429, "requests", "rate_limit_exceeded"),
    "overloaded": (503, "server_error", "server_is_overloaded"),
    "server_error": (500, "server_error", "server_error"),
    "timeout": (504, "server_error", "timeout_error"),
    "connection": (502, "server_error", ""),
    "truncated": (502, "server_error", ""),
    "protocol": (502, "server_error", ""),
}
_OURS: Final = ("index", "id", "type", "function", "reasoning_details")
_ALIVE: Final = comment("keep-alive")
_DONE: Final = b"data: [DONE]\n\n"


class Renderer:
    """Events in, bytes out. `ReasoningBlock` has no place in this dialect, and `Usage` only if it was asked for."""

    def __init__(self, id: str, model: str, *, include_usage: bool = False) -> None:
        self._include_usage = include_usage
        self._usage: Usage | None = None
        self._greeted = False
        self._declined = False
        self._done = False
        self._indices: dict[int, int] = {}
        self._said: dict[int, set[str]] = {}  # by position: the members that were said, or never are
        frame = {"id": id, "object": "chat.completion.chunk", "created": int(time.time()), "model": model}
        self._frame = b"data: " + written(frame)[:-1]
        self._head = self._frame + b',"choices":[{"index":0,"delta":'

    def feed(self, event: Event) -> bytes:
        """The event as bytes; nothing where the dialect says nothing, or says it at the end."""
        if self._done:
            return b""
        match event:
            case Text():
                return self._greet() + self._member(b"content", event.text)
            case Reasoning():
                return self._greet() + self._member(b"reasoning_content", event.text)
            case Refusal():
                self._declined = True
                return self._greet() + self._member(b"refusal", event.text)
            case ToolCall():
                return self._greet() + self._call(event)
            case Usage():
                self._usage = event
            case Started():
                return self._greet()
            case Finished():
                return self._greet() + self._finish(event)
            case Failed() | Stopped():
                return self._fail(event)
        return b""

    def alive(self) -> bytes:
        """What keeps the connection open and every client silent."""
        return _ALIVE

    def _greet(self) -> bytes:
        """The role, in the first chunk and only there."""
        if self._greeted:
            return b""
        self._greeted = True
        return self._chunk(b'{"role":"assistant","content":""}')

    def _chunk(self, delta: bytes, reason: bytes = b"null") -> bytes:
        return self._head + delta + b',"finish_reason":' + reason + b"}]}\n\n"

    def _member(self, name: bytes, text: str) -> bytes:
        return self._chunk(b'{"' + name + b'":' + written(text) + b"}")

    def _call(self, event: ToolCall) -> bytes:
        """A piece of a call; what is not its arguments is said once, or clients would join it to itself."""
        first = event.position not in self._indices
        index = self._indices.setdefault(event.position, len(self._indices))
        said = self._said.setdefault(event.position, set(_OURS))
        piece = {name: value for name, value in loose.members(event.extra).items() if name not in said}
        said.update(piece)
        if not (first or piece or event.arguments):
            return b""
        piece |= {"index": index, "function": {"arguments": event.arguments}}
        if first:
            piece |= {"id": event.id or f"call_{uuid.uuid4().hex}", "type": "function"}
            piece["function"] = {"name": event.name, "arguments": event.arguments}
        return self._chunk(written({"tool_calls": [piece]}))

    def _finish(self, event: Finished) -> bytes:
        self._done = True
        word = "stop" if event.reason == "refusal" and self._declined else _WORDS[event.reason]
        end = self._chunk(b"{}", written(word))
        if self._include_usage:
            end += self._frame + b',"choices":[],"usage":' + written(_usage(self._usage or Usage())) + b"}\n\n"
        return end + _DONE

    def _fail(self, event: Failed | Stopped) -> bytes:
        self._done = True
        _, _, code = _ERRORS.get(refusals.kind_of(event), (0, "", ""))
        error = {
            "message": refusals.told(event),
            "type": "server_error",
            "param": None,
            "code": code or refusals.reason_of(event),
        }
        return b"data: " + written({"error": error}) + b"\n\n" + _DONE


def render_error(failed: Failed) -> tuple[int, dict[str, str], bytes]:
    """A failure before the first byte of the answer: status, headers, body."""
    _, kind, code = _ERRORS.get(failed.kind, (0, "server_error", ""))
    error = {"message": failed.message, "type": kind, "param": None, "code": code or failed.reason}
    status = refusals.status_of(failed, {kind: status for kind, (status, _, _) in _ERRORS.items()})
    return status, refusals.headers_of(failed), written({"error": error})


def _usage(usage: Usage) -> dict[str, Any]:
    spent, answered = usage.input or 0, usage.output or 0
    plain: dict[str, Any] = {
        "prompt_tokens": spent,
        "completion_tokens": answered,
        "total_tokens": spent + answered,
    }
    cached = {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write}
    cached = {name: value for name, value in cached.items() if value is not None}
    if cached:
        plain["prompt_tokens_details"] = cached
    if usage.reasoning is not None:
        plain["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning}
    return plain
