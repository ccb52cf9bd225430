"""Answers in OpenAI's dialect, written down."""

from __future__ import annotations

import json
from typing import Any

from streaming.events import Event, Failed, Finished, Started

from .wires import heard, told


def line(plain: Any) -> str:
    """One event."""
    return f"data: {json.dumps(plain)}\n\n"


def chunk(delta: Any = None, finish: Any = None, **members: Any) -> str:
    """One event with one choice."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return line({"id": "c", "model": "m", "choices": [choice], **members})


HI = chunk({"role": "assistant", "content": "Hi"})
STOP = chunk({}, "stop")
DONE = "data: [DONE]\n\n"
STARTED = Started("c", "m")
FINISHED = Finished("stop", "stop")


def said(wire: str) -> list[Event]:
    """What an answer says between its start and its end."""
    events = heard(wire, "openai")
    assert events[0] == STARTED
    return events[1:-1]


def ended(wire: str) -> Event:
    """How an answer ends."""
    return heard(wire, "openai")[-1]


def broken(wire: str, text: str = "Hi") -> Failed:
    """The failure that ended this answer, after this text."""
    events = heard(wire, "openai")
    assert told(events).text == text
    end = events[-1]
    assert isinstance(end, Failed)
    return end
