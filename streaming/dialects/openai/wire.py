"""The members of OpenAI's chunks that we read. Everything else is skipped without being built."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ...events import Usage
from .. import loose


class Delta(msgspec.Struct, gc=False):
    """What a chunk adds to the answer; in a whole turn, the answer."""

    content: Any = None
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    reasoning_details: Any = None
    tool_calls: Any = None
    function_call: Any = None


class Choice(msgspec.Struct, gc=False):
    """One of the answers; we ask for one and read one."""

    index: Any = None
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: Any = None
    error: Any = None


class Chunk(msgspec.Struct, gc=False):
    """One event. The last members are those of errors."""

    id: Any = None
    model: Any = None
    choices: list[Choice] | None = None
    usage: Any = None
    x_groq: Any = None
    object: Any = None
    error: Any = None
    message: Any = None
    type: Any = None
    code: Any = None


CHUNK: Final = loose.Reader(Chunk)


def usage_of(chunk: Chunk) -> Usage | None:
    """The chunk's counts, if it has any; Groq keeps them in a place of its own."""
    usage = chunk.usage
    if usage is None and isinstance(chunk.x_groq, dict):
        usage = chunk.x_groq.get("usage")
    if not isinstance(usage, dict):
        return None
    read, spent = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    read, spent = (details if isinstance(details, dict) else {} for details in (read, spent))
    return Usage(
        input=loose.count(usage.get("prompt_tokens")),
        output=loose.count(usage.get("completion_tokens")),
        cache_read=loose.count(read.get("cached_tokens")),
        cache_write=loose.count(read.get("cache_write_tokens")),
        reasoning=loose.count(spent.get("reasoning_tokens")),
    )


def report_of(chunk: Chunk) -> dict[str, Any]:
    """The chunk as a report of the fault that it holds."""
    error = chunk.error or next((choice.error for choice in chunk.choices or () if choice.error), None)
    return {"error": error, "message": chunk.message, "type": chunk.type, "code": chunk.code}
