"""Hints to a person's open tabs that something is worth another look.

They travel by the channel layer, which may lose them at any time: everything they tell of is in the database,
and a page that missed one finds it there.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Literal
from uuid import UUID

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds after which a channel layer that does not answer is left alone."""


def audience(user_id: int) -> str:
    """The channel layer's group of all sockets of this person."""
    return f"user-{user_id}"


async def tell(user_id: int, what: Literal["conversation", "conversations", "message"], id: UUID) -> None:
    """Say that this has changed. Never raises: a hint that is lost costs nothing."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await layer.group_send(audience(user_id), {"type": "changed", "what": what, "id": str(id)})
    except Exception as error:  # Whatever a layer raises (Redis has its own tree), the caller's work is done.
        logger.warning("a hint was lost: %s", type(error).__name__)
