"""What is kept: conversations, their messages, and the runs that wrote the replies."""

from __future__ import annotations

from .conversation import UNDO, Conversation
from .message import Message
from .run import Run, leased
from .states import State

__all__ = ["UNDO", "Conversation", "Message", "Run", "State", "leased"]
