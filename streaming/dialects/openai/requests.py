"""The body of a chat completion request as a prompt."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from ...errors import PromptError
from ...prompts import Asked, CallPart, ImagePart, Part, Prompt, ResultPart, TextPart, Tool, Turn
from .. import loose
from ..asking import joined, picture, read, shaped

_ABOVE: Final = ("system", "developer")
_Count: TypeAlias = Annotated[int, Meta(ge=1, lt=2**31)]


class _Text(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class _Refusal(msgspec.Struct, tag_field="type", tag="refusal"):
    refusal: str


class _Address(msgspec.Struct):
    url: str
    detail: str | None = None


class _Image(msgspec.Struct, tag_field="type", tag="image_url"):
    image_url: _Address | str


class _Function(msgspec.Struct):
    name: str = ""
    arguments: str | dict[str, Any] | None = None


class _Message(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[_Text | _Refusal | _Image] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    function_call: _Function | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Any] | None = None


class _Declaration(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class _Tool(msgspec.Struct):
    function: _Declaration
    type: Literal["function"] = "function"


class _Named(msgspec.Struct):
    name: str


class _Chosen(msgspec.Struct):
    function: _Named


class _Options(msgspec.Struct):
    include_usage: bool | None = None


class _Effort(msgspec.Struct):
    effort: str | None = None
    max_tokens: _Count | None = None


class _Request(msgspec.Struct):
    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[_Message], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: _Options | None = None
    max_completion_tokens: _Count | None = None
    max_tokens: _Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    n: Literal[1] | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    reasoning_effort: str | None = None
    reasoning: _Effort | None = None
    tools: list[_Tool] | None = None
    tool_choice: Literal["auto", "none", "required"] | _Chosen | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None


def parse_prompt(body: bytes) -> Asked:
    """What a program asks. Members that we do not know are ignored. Raises `PromptError`."""
    asked = read(body, _Request)
    try:
        prompt = _prompt(asked)
    except RecursionError:
        raise PromptError("The body is nested too deep.") from None
    if not prompt.turns:
        raise PromptError("There is no message to answer.")
    counted = bool(asked.stream_options and asked.stream_options.include_usage)
    return Asked(asked.model, prompt, stream=bool(asked.stream), include_usage=counted)


def _prompt(asked: _Request) -> Prompt:
    choice = asked.tool_choice
    named = choice.function.name if isinstance(choice, _Chosen) else choice
    effort = asked.reasoning or _Effort()
    return Prompt(
        turns=joined([_turn(message) for message in asked.messages if message.role not in _ABOVE]),
        system="\n\n".join(filter(None, (_words(message) for message in asked.messages if message.role in _ABOVE))),
        max_tokens=asked.max_completion_tokens or asked.max_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        stop=(asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ()),
        seed=asked.seed,
        effort=asked.reasoning_effort or effort.effort,
        thinking_tokens=effort.max_tokens,
        tools=tuple(_tool(tool.function) for tool in asked.tools or ()),
        tool_choice="any" if named == "required" else named,
        parallel_tool_calls=asked.parallel_tool_calls,
        response_format=asked.response_format,
        user=asked.user,
    )


def _turn(message: _Message) -> Turn:
    if message.role in ("tool", "function"):
        return Turn("user", (_result(message),))
    parts = [_part(part) for part in _contents(message)]
    if message.role == "user":
        return Turn("user", tuple(parts))
    calls = [_call(plain) for plain in message.tool_calls or ()]
    if message.function_call is not None:
        function = message.function_call
        calls.append(CallPart(function.name, function.name, _arguments(function.arguments)))
    if message.reasoning_details and calls:
        extra = loose.members(calls[0].extra) | {"reasoning_details": message.reasoning_details}
        calls[0] = msgspec.structs.replace(calls[0], extra=loose.compact(extra))
    thought = message.reasoning_content or message.reasoning or ""
    return Turn("assistant", (*parts, *calls), reasoning_text=thought)


def _contents(message: _Message) -> list[_Text | _Refusal | _Image]:
    content = message.content
    if isinstance(content, str):
        return [_Text(content)] if content else []
    return content or []


def _words(message: _Message) -> str:
    parts = [_part(part) for part in _contents(message)]
    if any(isinstance(part, ImagePart) for part in parts):
        raise PromptError("Only a user's message may hold pictures.")
    return "".join(part.text for part in parts if isinstance(part, TextPart))


def _part(part: _Text | _Refusal | _Image) -> TextPart | ImagePart:
    if isinstance(part, _Image):
        address = part.image_url if isinstance(part.image_url, _Address) else _Address(part.image_url)
        return picture(address.url, address.detail or "auto")
    return TextPart(part.text if isinstance(part, _Text) else part.refusal)


def _result(message: _Message) -> Part:
    return ResultPart(message.tool_call_id or message.name or "", _words(message))


def _call(plain: dict[str, Any]) -> CallPart:
    """A call that the model made, with the members that its server may want back."""
    function = shaped(plain.get("function") or {}, _Function, "tool_calls: ")
    extra = {name: value for name, value in plain.items() if name not in ("index", "id", "type", "function")}
    known = loose.compact(extra) if extra else ""
    return CallPart(loose.text(plain.get("id")), function.name, _arguments(function.arguments), known)


def _arguments(arguments: str | dict[str, Any] | None) -> str:
    return (arguments or "{}") if isinstance(arguments, str) else loose.compact(arguments or {})


def _tool(function: _Declaration) -> Tool:
    return Tool(function.name, function.description or "", function.parameters or {})
