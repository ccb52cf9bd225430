"""Answers in Anthropic's dialect, written down."""

from __future__ import annotations

import json
from typing import Any

from streaming.events import Event, Failed, Finished, Started

from .wires import anonymous, heard, told


def event(kind: str, **members: Any) -> str:
    """One event, named twice as the dialect wants it."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n"


def start(**block: Any) -> str:
    """A block begins."""
    return event("content_block_start", index=block.pop("index", 0), content_block=block)


def delta(kind: str, index: Any = 0, **members: Any) -> str:
    """A piece of a block."""
    return event("content_block_delta", index=index, delta={"type": kind, **members})


def text(words: str, index: Any = 0) -> str:
    """A piece of text."""
    return delta("text_delta", index, text=words)


def stop(index: Any = 0) -> str:
    """A block ends."""
    return event("content_block_stop", index=index)


def ends(reason: Any = "end_turn", **usage: Any) -> str:
    """The reason for the end, and the counts."""
    return event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=usage)


HELLO = event("message_start", message={"id": "msg", "model": "m", "content": []})
OVER = event("message_stop")
STARTED = Started("msg", "m")
FINISHED = Finished("stop", "end_turn")
HI = start(type="text", text="") + text("Hi")


def said(*wire: str) -> list[Event]:
    """What an answer of these events says between its start and its end."""
    events = heard(HELLO + "".join(wire) + ends() + OVER, "anthropic")
    assert events[0] == STARTED
    assert events[-1] == FINISHED
    return anonymous(events[1:-1])


def broken(wire: str, words: str = "Hi") -> Failed:
    """The failure that ended this answer, after these words."""
    events = heard(wire, "anthropic")
    assert told(events).text == words
    assert isinstance(events[-1], Failed)
    return events[-1]
