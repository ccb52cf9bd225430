"""Hints to a person's open tabs that something is worth another look.

They travel by the channel layer, which may lose them at any time: everything they tell of is in the database,
and a page that missed one finds it there.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from streaming import ear


def audience(user_id: int) -> str:
    """The name by which all sockets of this person hear of something."""
    return f"user-{user_id}"


async def tell(user_id: int, what: Literal["conversation", "conversations", "message"], id: UUID) -> None:
    """Say that this has changed. Never raises: a hint that is lost costs nothing."""
    await ear.tell(audience(user_id), what, str(id))
