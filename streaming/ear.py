"""Hints by the channel layer: one ear in each process hears for all of its sockets.

Were every socket a member of the layer itself, each would be a subscription more, and none could open while the layer
is away (D-07). A hint may be lost at any time (F8).
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

GROUP: Final = "hints"
PATIENCE: Final = 1.0
"""Seconds after which a channel layer that does not answer is left alone."""
REST: Final = 5.0
"""Seconds before it is tried again: whoever tells of something should not wait for it each time."""
_away: Final = {"until": 0.0}

Heard = Callable[[str, str, str], None]


async def tell(audience: str, what: str, id: str) -> None:
    """Say to all tabs of this audience that something is worth another look. Never raises."""
    layer = get_channel_layer()
    if layer is None or time.monotonic() < _away["until"]:
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await layer.group_send(GROUP, {"type": "changed", "audience": audience, "what": what, "id": id})
    except Exception as error:  # Whatever a layer raises (Redis has its own tree), the caller's work is done.
        logger.warning("a hint was lost: %s", type(error).__name__)
        _away["until"] = time.monotonic() + REST


class Ear:
    """Calls `heard(audience, what, id)` with each hint."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._task: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """From now on, on this loop."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = contextvars.Context().run(loop.create_task, self._listen(), name="hints")

    async def _listen(self) -> None:
        """Be a member of the group, again and again."""
        while True:
            try:
                await self._hear()
            except Exception as error:
                logger.warning("hints are not heard: %s", type(error).__name__)
            await asyncio.sleep(PATIENCE)

    async def _hear(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        async with asyncio.timeout(PATIENCE):
            channel = await layer.new_channel()
            await layer.group_add(GROUP, channel)
        while True:
            hint: dict[str, Any] = await layer.receive(channel)
            self._heard(str(hint["audience"]), str(hint["what"]), str(hint["id"]))
