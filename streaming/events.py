"""What can happen during a run, and the one JSON form of it.

A log entry, a socket frame, a fixture and a stored row all hold these values in this form: an object
whose `type` is the event's name in lower case with underscores, and whose members at their default
are left out. Exactly one of `Finished`, `Stopped` and `Failed` ends a run, and nothing follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from .errors import UpstreamError

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "unknown"]


class _Event(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """A frozen value; subclasses name the event."""


class Started(_Event, tag="started", frozen=True):
    """The upstream has begun to answer: its own id for the answer, the model it says it is, its id of the request."""

    id: str = ""
    model: str = ""
    request: str = ""


class Text(_Event, tag="text", frozen=True):
    """More of the answer's words."""

    text: str


class Reasoning(_Event, tag="reasoning", frozen=True):
    """More of the model's visible thinking."""

    text: str


class ReasoningBlock(_Event, tag="reasoning_block", frozen=True):
    """A finished block of thinking, kept exactly as received so that it can be sent back.

    `block` is `thinking` (then `text` and `signature` count) or `redacted_thinking` (then `data`).
    """

    block: Literal["thinking", "redacted_thinking"]
    text: str = ""
    signature: str = ""
    data: str = ""


class Refusal(_Event, tag="refusal", frozen=True):
    """More of the words with which the model declines."""

    text: str


class ToolCall(_Event, tag="tool_call", frozen=True):
    """A piece of a tool call: id and name come with the first piece, arguments in any number of pieces.

    `position` counts the calls of one answer from 0. `extra` is JSON text of members that we do not
    know and that the provider wants back.
    """

    position: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    extra: str = ""


class Usage(_Event, tag="usage", frozen=True):
    """Tokens counted so far by the upstream; each one replaces the one before it."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


class Alive(_Event, tag="alive", frozen=True):
    """The upstream is there but says nothing. Resets timers; never logged, sent or stored."""


class Finished(_Event, tag="finished", frozen=True):
    """The answer is complete. `raw` is the upstream's own word for the reason."""

    reason: FinishReason
    raw: str = ""


class Stopped(_Event, tag="stopped", frozen=True):
    """Somebody ended the run on purpose; written by the run, never by a parser.

    `by` is `person`, or the reason (a key of `errors.KIND`) for which we ended it ourselves.
    """

    by: str = "person"


class Failed(_Event, tag="failed", frozen=True):
    """The run broke: `kind` and `reason` as in `errors`, `message` for people, `request` for the upstream's own."""

    kind: str
    reason: str
    message: str
    retryable: bool = False
    status: int | None = None
    raw_code: str | None = None
    retry_after: float | None = None
    request: str = ""

    @classmethod
    def of(cls, error: UpstreamError) -> Failed:
        """The event that tells of this error."""
        return cls(
            kind=error.kind,
            reason=error.reason,
            message=error.message,
            retryable=error.retryable,
            status=error.status,
            raw_code=error.raw_code,
            retry_after=error.retry_after,
        )


class Waiting(msgspec.Struct, frozen=True):
    """The upstream was too busy, and is asked again in so many seconds. A notice for who looks on, never logged or
    stored: it is over as soon as it is not true any more (U-07). `reason` is the failure's kind."""

    seconds: float
    reason: str


Event: TypeAlias = (
    Started | Text | Reasoning | ReasoningBlock | Refusal | ToolCall | Usage | Alive | Finished | Stopped | Failed
)
Terminal: TypeAlias = Finished | Stopped | Failed
TERMINAL: Final = (Finished, Stopped, Failed)
CONTENT: Final = (Text, Reasoning, Refusal, ToolCall)
"""What a person can see: once one of these was shown, a broken run is *interrupted*, not *failed*."""

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(list[Event])


def encode(events: Sequence[Event]) -> bytes:
    """The JSON array of these events."""
    return _encoder.encode(events)


def decode(data: bytes | str) -> list[Event]:
    """The events of a JSON array; `msgspec.ValidationError` if it is not one."""
    return _decoder.decode(data)


def to_dict(event: Event) -> dict[str, Any]:
    """The event's JSON form as plain values."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return plain


def from_dict(plain: dict[str, Any]) -> Event:
    """The event of a JSON form; `msgspec.ValidationError` if it is none."""
    event: Event = msgspec.convert(plain, Event)
    return event


def merge(events: Iterable[Event]) -> list[Event]:
    """The same story in fewer events: neighbouring pieces of one channel are joined, counts keep the last.

    Order between different channels is kept, so readers see what they would have seen.
    """
    groups: list[list[Event]] = []
    for event in events:
        if groups and _continues(groups[-1][0], event):
            groups[-1].append(event)
        else:
            groups.append([event])
    return [group[0] if len(group) == 1 else _joined(group) for group in groups]


def _continues(first: Event, event: Event) -> bool:
    """Whether this can be told in one event with the first of its neighbours."""
    match first, event:
        case (Text(), Text()) | (Reasoning(), Reasoning()) | (Refusal(), Refusal()) | (Usage(), Usage()):
            return True
        case ToolCall(), ToolCall():
            return first.position == event.position and not event.id and not event.extra
    return False


def _joined(group: Sequence[Any]) -> Event:
    """Neighbours that belong together, as one event."""
    match first := group[0]:
        case Text() | Reasoning() | Refusal():
            return type(first)("".join(event.text for event in group))
        case ToolCall():
            name = next((event.name for event in group if event.name), "")
            return ToolCall(first.position, first.id, name, "".join(event.arguments for event in group), first.extra)
    last: Event = group[-1]
    return last
