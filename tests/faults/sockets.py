"""Connections to the socket without our JavaScript: honest ones, and what dishonest ones are made of."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from websockets.asyncio.client import connect

from .people import Person


def tab(person: Person, **options: Any) -> connect:
    """A tab's connection."""
    return connect(
        f"ws{person.url.removeprefix('http')}/ws/",
        origin=person.url,  # type: ignore[arg-type]
        subprotocols=["chat.v1"],  # type: ignore[list-item]
        additional_headers={"Cookie": person.cookie},
        proxy=None,
        compression=None,
        ping_interval=None,
        close_timeout=1,
        **options,
    )


async def hears_it_all(person: Person, run: str, begun: asyncio.Event | None = None) -> tuple[str, float]:
    """An honest viewer: the text that arrives, and the longest pause in it; `begun` is set with the first piece."""
    text, since, longest = "", time.monotonic(), 0.0
    async with tab(person) as socket:
        await socket.send(json.dumps({"type": "follow", "run": run, "after": 0}))
        async for raw in socket:
            frame = json.loads(raw)
            if frame["n"] % 8 == 0:
                await socket.send(json.dumps({"type": "ack", "n": frame["n"]}))
            if frame["type"] == "events":
                if begun:
                    begun.set()
                longest, since = max(longest, time.monotonic() - since), time.monotonic()
                text += "".join(event["text"] for event in frame["events"] if event["type"] == "text")
                if frame["events"][-1]["type"] == "finished":
                    return text, longest
    raise AssertionError(f"the socket closed after {len(text)} characters")
