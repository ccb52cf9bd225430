"""The body of a Messages request as a prompt."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from ...errors import PromptError
from ...events import ReasoningBlock
from ...prompts import Asked, CallPart, ImagePart, Part, Prompt, ResultPart, TextPart, Tool, Turn
from .. import loose
from ..asking import joined, picture, read, shaped

_Count: TypeAlias = Annotated[int, Meta(ge=1, lt=2**31)]


class _Source(msgspec.Struct):
    type: Literal["base64", "url"]
    media_type: str | None = None
    data: str | None = None
    url: str | None = None


class _Text(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class _Image(msgspec.Struct, tag_field="type", tag="image"):
    source: _Source


class _Call(msgspec.Struct, tag_field="type", tag="tool_use"):
    id: str
    name: str
    input: dict[str, Any] = {}


class _Result(msgspec.Struct, tag_field="type", tag="tool_result"):
    tool_use_id: str
    content: str | list[_Text | _Image] | None = None
    is_error: bool | None = None


class _Thinking(msgspec.Struct, tag_field="type", tag="thinking"):
    thinking: str = ""
    signature: str | None = None


class _Redacted(msgspec.Struct, tag_field="type", tag="redacted_thinking"):
    data: str


_Block: TypeAlias = _Text | _Image | _Call | _Result | _Thinking | _Redacted
_SHAPE: Final[Any] = _Block
_KINDS: Final = frozenset(("text", "image", "tool_use", "tool_result", "thinking", "redacted_thinking"))


class _Message(msgspec.Struct):
    role: Literal["user", "assistant", "system"]
    content: str | list[dict[str, Any]]


class _Tool(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1)]
    input_schema: dict[str, Any] = {}
    description: str | None = None
    type: Literal["custom"] | None = None


class _Choice(msgspec.Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _Thought(msgspec.Struct):
    type: str
    budget_tokens: _Count | None = None


class _Output(msgspec.Struct):
    effort: str | None = None


class _Metadata(msgspec.Struct):
    user_id: str | None = None


class _Request(msgspec.Struct):
    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[_Message], Meta(min_length=1)]
    max_tokens: _Count
    system: str | list[_Text] | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop_sequences: list[str] | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None
    thinking: _Thought | None = None
    output_config: _Output | None = None
    metadata: _Metadata | None = None


def parse_prompt(body: bytes) -> Asked:
    """What a program asks. Members that we do not know are ignored. Raises `PromptError`."""
    asked = read(body, _Request)
    try:
        prompt = _prompt(asked)
    except RecursionError:
        raise PromptError("The body is nested too deep.") from None
    if not prompt.turns:
        raise PromptError("There is no message to answer.")
    return Asked(asked.model, prompt, stream=bool(asked.stream), include_usage=True)


def _prompt(asked: _Request) -> Prompt:
    choice = asked.tool_choice
    thinking = asked.thinking or _Thought("disabled")
    return Prompt(
        turns=joined([turn for message in asked.messages if message.role != "system" for turn in _turns(message)]),
        system="\n\n".join(_system(asked)),
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        stop=tuple(asked.stop_sequences or ()),
        effort=asked.output_config.effort if asked.output_config else None,
        thinking_tokens=thinking.budget_tokens if thinking.type == "enabled" else None,
        tools=tuple(Tool(tool.name, tool.description or "", tool.input_schema) for tool in asked.tools or ()),
        tool_choice=(choice.name if choice.type == "tool" else choice.type) if choice else None,
        parallel_tool_calls=False if choice and choice.disable_parallel_tool_use else None,
        user=asked.metadata.user_id if asked.metadata else None,
    )


def _system(asked: _Request) -> list[str]:
    """What stands at the top, and what newer clients put between the messages."""
    top = asked.system
    found = [top] if isinstance(top, str) else [block.text for block in top or ()]
    for message in asked.messages:
        if message.role == "system":
            found += [turn.text for turn in _turns(message)]
    return [text for text in found if text]


def _turns(message: _Message) -> list[Turn]:
    """A message as turns: a new one wherever thinking follows other things, so that it is sent back in its place."""
    role: Literal["user", "assistant"] = "assistant" if message.role == "assistant" else "user"
    if isinstance(message.content, str):
        return [Turn(role, (TextPart(message.content),))] if message.content else []
    turns: list[tuple[list[ReasoningBlock], list[Part]]] = []
    for plain in message.content:
        block = _block(plain, role)
        if isinstance(block, ReasoningBlock):
            if not turns or turns[-1][1]:
                turns.append(([], []))
            turns[-1][0].append(block)
        elif block is not None:
            turns = turns or [([], [])]
            turns[-1][1].append(block)
    return [Turn(role, tuple(parts), tuple(blocks), "".join(block.text for block in blocks)) for blocks, parts in turns]


def _block(plain: dict[str, Any], role: str) -> Part | ReasoningBlock | None:
    """A block as a part; None for what the provider's own tools left in an answer, and for unsigned thinking."""
    kind = loose.text(plain.get("type"))
    if kind not in _KINDS:
        if role == "assistant":
            return None
        raise PromptError("A message holds a kind of block that cannot be sent on.")
    block: _Block = shaped(plain, _SHAPE, f"{kind}: ")
    match block:
        case _Thinking():
            signature = block.signature or ""
            return ReasoningBlock("thinking", block.thinking, signature) if signature else None
        case _Redacted():
            return ReasoningBlock("redacted_thinking", data=block.data)
        case _Call():
            return CallPart(block.id, block.name, loose.compact(block.input))
        case _Result():
            return _result(block)
        case _Image():
            return _image(block.source)
        case _Text():
            return TextPart(block.text)


def _image(source: _Source) -> ImagePart:
    if source.type == "url":
        return picture(source.url or "")
    return picture(f"data:{source.media_type};base64,{source.data}")


def _result(block: _Result) -> ResultPart:
    content = [_Text(block.content)] if isinstance(block.content, str) else block.content or []
    return ResultPart(
        block.tool_use_id,
        "".join(part.text for part in content if isinstance(part, _Text)),
        tuple(_image(part.source) for part in content if isinstance(part, _Image)),
        bool(block.is_error),
    )
