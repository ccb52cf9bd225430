"""How large events are, and how to make them smaller where something must stay bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .events import Event, Reasoning, ReasoningBlock, Refusal, Started, Text, ToolCall

PIECE: Final = 65_536
"""Characters of one event in a log at most, so that no reader has to take more than it can hold at once."""
_FRAME: Final = 64


def words(event: Event) -> str:
    """What an event adds to the answer, in characters that count against its limit."""
    match event:
        case Text() | Reasoning() | Refusal():
            return event.text
        case ToolCall():
            return event.arguments
    return ""


def _texts(event: Event) -> tuple[str, ...]:
    """Every text that an event holds and that a model's server can make as long as it likes."""
    match event:
        case Text() | Reasoning() | Refusal():
            return (event.text,)
        case ToolCall():
            return event.arguments, event.id, event.name, event.extra
        case ReasoningBlock():
            return event.text, event.signature, event.data
        case Started():
            return event.id, event.model, event.request
    return ()


def length(event: Event) -> int:
    """Bytes of all that it says in UTF-8: its words, and what comes beside words."""
    return sum(len(text) if text.isascii() else len(text.encode("utf-8", "replace")) for text in _texts(event))


def size(event: Event) -> int:
    """About how many bytes it takes to keep it."""
    return _FRAME + length(event)


def shortened(event: Event, room: int) -> Event | None:
    """As much of it as fits into so many bytes of UTF-8, cut between characters; None if nothing does."""
    said = words(event).encode("utf-8", "replace")[: max(room, 0)].decode("utf-8", "ignore")
    if not said or isinstance(event, ToolCall):
        return None
    return _with(event, said)


def split(events: Iterable[Event], piece: int = PIECE) -> list[Event]:
    """The same story with no event longer than `piece` characters."""
    return [part for event in events for part in (_parts(event, piece) if len(words(event)) > piece else (event,))]


def _parts(event: Event, piece: int) -> list[Event]:
    said = words(event)
    first, *others = (said[at : at + piece] for at in range(0, len(said), piece))
    if isinstance(event, ToolCall):
        head = ToolCall(event.position, event.id, event.name, first, event.extra)
        return [head, *(ToolCall(event.position, arguments=part) for part in others)]
    return [_with(event, part) for part in (first, *others)]


def _with(event: Event, said: str) -> Event:
    """An event of the same kind with other words."""
    match event:
        case Text():
            return Text(said)
        case Reasoning():
            return Reasoning(said)
        case Refusal():
            return Refusal(said)
    return event
