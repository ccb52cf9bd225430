"""Turns of a conversation, written down."""

from __future__ import annotations

from typing import Any

from streaming.prompts import Part, Turn


def user(*parts: Part) -> Turn:
    """What Alice says, or what a tool returned."""
    return Turn("user", parts)


def model(*parts: Part, **more: Any) -> Turn:
    """What the model says."""
    return Turn("assistant", parts, **more)
