"""A prompt as the body of a Messages request."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ...events import ReasoningBlock
from ...prompts import CallPart, ImagePart, Part, Prompt, Quirks, ResultPart, TextPart, Turn
from ..keys import headers_for
from ..written import raw_object, written

_LEAST_THINKING: Final = 1024
_WITHOUT_SAMPLING: Final = "2026-10-21"
"""From this version on, temperature and the like are rejected."""

_EMPTY: Final = msgspec.Raw(b"{}")


def headers(key: str, quirks: Quirks) -> dict[str, str]:
    """The headers of a request."""
    return {"anthropic-version": quirks.version} | headers_for(key, quirks, "x-api-key")


def render_prompt(prompt: Prompt, model: str, quirks: Quirks, *, stream: bool = True) -> bytes:
    """The JSON body. What the prompt leaves open is not sent, but for the limit, which is required."""
    limit = prompt.max_tokens or quirks.max_tokens
    thinking = _thinking(prompt, quirks, limit)
    sampling = quirks.sampling and quirks.version < _WITHOUT_SAMPLING and thinking is None
    temperature = None if prompt.temperature is None else min(prompt.temperature, 1.0)
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": limit,
        "system": prompt.system or None,
        "messages": _messages(prompt.turns),
        "stream": stream or None,
        "temperature": temperature if sampling else None,
        "top_p": prompt.top_p if sampling else None,
        "stop_sequences": list(prompt.stop) or None,
        "thinking": thinking,
        "output_config": {"effort": prompt.effort} if prompt.effort else None,
        "tools": [_tool(tool.name, tool.description, tool.schema) for tool in prompt.tools] or None,
        "tool_choice": _choice(prompt) if prompt.tools else None,
        "metadata": {"user_id": prompt.user} if prompt.user else None,
    }
    return written({name: value for name, value in body.items() if value is not None})


def _thinking(prompt: Prompt, quirks: Quirks, limit: int) -> dict[str, Any] | None:
    """How much the model may think: by itself, or up to a budget, which is part of the limit."""
    if quirks.thinking == "adaptive":
        return {"type": "adaptive", "display": "summarized"}
    wanted = prompt.thinking_tokens
    if wanted is None and quirks.thinking == "enabled":
        wanted = limit // 2
    if not wanted or limit <= _LEAST_THINKING or prompt.tool_choice not in (None, "auto", "none"):
        return None
    return {"type": "enabled", "budget_tokens": max(_LEAST_THINKING, min(wanted, limit - 1))}


def _messages(turns: tuple[Turn, ...]) -> list[dict[str, Any]]:
    """Neighbouring turns of one role are one message, and a turn with nothing in it is none."""
    messages: list[dict[str, Any]] = []
    for turn in turns:
        blocks = [*_thoughts(turn), *_blocks(turn)]
        if blocks and messages and messages[-1]["role"] == turn.role:
            messages[-1]["content"] += blocks
        elif blocks:
            messages.append({"role": turn.role, "content": blocks})
    for message in messages:
        content = message["content"]
        if len(content) == 1 and content[0]["type"] == "text":
            message["content"] = content[0]["text"]
    return messages


def _thoughts(turn: Turn) -> list[dict[str, Any]]:
    """Blocks of thinking exactly as they came, and never one that nobody signed."""
    return [_thought(block) for block in turn.reasoning if block.block == "redacted_thinking" or block.signature]


def _thought(block: ReasoningBlock) -> dict[str, Any]:
    if block.block == "redacted_thinking":
        return {"type": "redacted_thinking", "data": block.data}
    return {"type": "thinking", "thinking": block.text, "signature": block.signature}


def _blocks(turn: Turn) -> list[dict[str, Any]]:
    """What tools returned has to come first in its message."""
    parts = sorted(turn.parts, key=lambda part: not isinstance(part, ResultPart))
    return [_block(part) for part in parts if not (isinstance(part, TextPart) and not part.text)]


def _block(part: Part) -> dict[str, Any]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            return _image(part)
        case CallPart():
            arguments = raw_object(part.arguments) or _EMPTY
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}
        case ResultPart():
            return _result(part)


def _image(part: ImagePart) -> dict[str, Any]:
    if part.url:
        return {"type": "image", "source": {"type": "url", "url": part.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": part.data}}


def _result(part: ResultPart) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": part.id, "content": part.text}
    if part.images:
        said = [{"type": "text", "text": part.text}] if part.text else []
        block["content"] = [*said, *(_image(image) for image in part.images)]
    if part.is_error:
        block["is_error"] = True
    return block


def _tool(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    tool: dict[str, Any] = {"name": name, "input_schema": schema or {"type": "object"}}
    if description:
        tool["description"] = description
    return tool


def _choice(prompt: Prompt) -> dict[str, Any] | None:
    choice: dict[str, Any] = {"type": prompt.tool_choice or "auto"}
    if choice["type"] not in ("auto", "any", "none"):
        choice = {"type": "tool", "name": prompt.tool_choice}
    if prompt.parallel_tool_calls is False and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return choice if prompt.tool_choice or len(choice) > 1 else None
