"""A prompt as the body of a chat completion request."""

from __future__ import annotations

from typing import Any

from ...prompts import CallPart, ImagePart, Prompt, Quirks, ResultPart, TextPart, Tool, Turn
from .. import loose
from ..keys import headers_for
from ..written import written

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def headers(key: str, quirks: Quirks) -> dict[str, str]:
    """The headers of a request."""
    return headers_for(key, quirks, "bearer")


def render_prompt(prompt: Prompt, model: str, quirks: Quirks, *, stream: bool = True) -> bytes:
    """The JSON body. What the prompt leaves open is not sent; servers reject what they do not know."""
    body: dict[str, Any] = {"model": model, "messages": _messages(prompt, quirks)}
    if stream:
        body["stream"] = True
        if quirks.stream_options:
            body["stream_options"] = {"include_usage": True}
    if quirks.sampling:
        body |= {"temperature": prompt.temperature, "top_p": prompt.top_p}
    body |= {
        quirks.token_limit: prompt.max_tokens,
        "stop": list(prompt.stop) or None,
        "seed": prompt.seed,
        "reasoning_effort": prompt.effort,
        "tools": [_tool(tool) for tool in prompt.tools] or None,
        "tool_choice": _choice(prompt.tool_choice) if prompt.tools else None,
        "parallel_tool_calls": prompt.parallel_tool_calls if prompt.tools else None,
        "response_format": prompt.response_format,
        "user": prompt.user,
    }
    return written({name: value for name, value in body.items() if value is not None})


def _messages(prompt: Prompt, quirks: Quirks) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if prompt.system:
        messages.append({"role": quirks.system_role, "content": prompt.system})
    for turn in prompt.turns:
        messages += _answer(turn, quirks) if turn.role == "assistant" else _question(turn)
    return messages


def _question(turn: Turn) -> list[dict[str, Any]]:
    """What tools returned, each as a message of its own, and then what the person says."""
    results = [part for part in turn.parts if isinstance(part, ResultPart)]
    messages: list[dict[str, Any]] = [
        {"role": "tool", "tool_call_id": result.id, "content": result.text} for result in results
    ]
    spoken = [part for part in turn.parts if isinstance(part, TextPart | ImagePart)]
    shown = [image for result in results for image in result.images]  # a tool's message takes only text
    if spoken or shown or not results:
        messages.append({"role": "user", "content": _content([*shown, *spoken])})
    return messages


def _content(parts: list[TextPart | ImagePart]) -> str | list[dict[str, Any]]:
    """Plain text wherever there is only text: some servers know nothing else."""
    if all(isinstance(part, TextPart) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, TextPart))
    return [_part(part) for part in parts]


def _part(part: TextPart | ImagePart) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    url = part.url or f"data:{part.media_type};base64,{part.data}"
    return {"type": "image_url", "image_url": {"url": url, "detail": part.detail}}


def _answer(turn: Turn, quirks: Quirks) -> list[dict[str, Any]]:
    """What the model said; nothing, if that was nothing."""
    calls = [part for part in turn.parts if isinstance(part, CallPart)]
    if not turn.text and not calls:
        return []
    message: dict[str, Any] = {"role": "assistant", "content": turn.text if turn.text or not calls else None}
    if calls:
        extras = [loose.members(call.extra) for call in calls]
        details = [extra.pop("reasoning_details", None) for extra in extras]
        message["tool_calls"] = [_call(call, extra) for call, extra in zip(calls, extras, strict=True)]
        if quirks.reasoning_back == "content":
            message["reasoning_content"] = turn.reasoning_text
        elif quirks.reasoning_back == "details" and any(details):
            message["reasoning_details"] = next(filter(None, details))
    return [message]


def _call(call: CallPart, extra: dict[str, Any]) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return extra | {"id": call.id, "type": "function", "function": function}


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.schema}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _choice(choice: str | None) -> Any:
    if choice is None or choice in _CHOICES:
        return _CHOICES.get(choice or "")
    return {"type": "function", "function": {"name": choice}}
