"""What we ask a model, in no vendor's dialect: turns of parts, and the few knobs that all of them know."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from .events import ReasoningBlock


class TextPart(msgspec.Struct, frozen=True, tag_field="type", tag="text", omit_defaults=True):
    """Words."""

    text: str


class ImagePart(msgspec.Struct, frozen=True, tag_field="type", tag="image", omit_defaults=True):
    """A picture: either base64 `data` with its `media_type`, or an https `url`."""

    media_type: str = ""
    data: str = ""
    url: str = ""
    detail: str = "auto"


class CallPart(msgspec.Struct, frozen=True, tag_field="type", tag="tool_call", omit_defaults=True):
    """A tool call that the model made; `arguments` is JSON text, `extra` unknown members to send back."""

    id: str
    name: str
    arguments: str = "{}"
    extra: str = ""


class ResultPart(msgspec.Struct, frozen=True, tag_field="type", tag="tool_result", omit_defaults=True):
    """What a tool returned for the call `id`."""

    id: str
    text: str = ""
    images: tuple[ImagePart, ...] = ()
    is_error: bool = False


Part: TypeAlias = TextPart | ImagePart | CallPart | ResultPart


class Turn(msgspec.Struct, frozen=True, omit_defaults=True):
    """One side's contribution. `reasoning` are blocks to send back unchanged, where the model may read them."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...] = ()
    reasoning: tuple[ReasoningBlock, ...] = ()
    reasoning_text: str = ""

    @property
    def text(self) -> str:
        """The words of this turn, joined with nothing between them."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


class Tool(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool that the model may ask for; `schema` is JSON Schema."""

    name: str
    description: str = ""
    schema: dict[str, Any] = {}


class Prompt(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that is sent to a model. What is None was not asked for and is not sent.

    `tool_choice` is `auto`, `any`, `none` or a tool's name; `effort` is the dialect's own word for
    how much to think; `user` is a pseudonym for the provider's abuse control.
    """

    turns: tuple[Turn, ...]
    system: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    effort: str | None = None
    thinking_tokens: int | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A prompt as a program sent it, with what it says about the answer."""

    model: str
    prompt: Prompt
    stream: bool = False
    include_usage: bool = False


def ask(text: str, *, system: str = "") -> Prompt:
    """The simplest prompt: one question."""
    return Prompt(turns=(Turn(role="user", parts=(TextPart(text),)),), system=system)


class Quirks(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one server, or one model of it, wants to be asked, where its dialect leaves a choice.

    `auth` is the header that carries the key: `bearer`, `x-api-key` or `api-key`. `token_limit` is the
    name of the limit in OpenAI's dialect. `max_tokens` is sent where the dialect demands a limit and
    the prompt has none. `version` is Anthropic's. `sampling` says whether temperature and top_p are
    accepted. `thinking` is Anthropic's mode (`adaptive`, `enabled` or none). `prefill` says whether a
    final assistant turn is continued. `reasoning_back` is how OpenAI-dialect servers want their
    reasoning returned (`content`, `details` or not at all). `headers` and `query` are sent as they are.
    """

    auth: Literal["", "bearer", "x-api-key", "api-key"] = ""
    token_limit: Literal["max_completion_tokens", "max_tokens"] = "max_tokens"
    max_tokens: int = 8192
    stream_options: bool = True
    system_role: Literal["system", "developer"] = "system"
    version: str = "2023-06-01"
    sampling: bool = True
    thinking: Literal["", "adaptive", "enabled"] = ""
    prefill: bool = False
    reasoning_back: Literal["", "content", "details"] = ""
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
