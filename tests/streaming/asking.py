"""Asking a model once, and what came of it."""

from __future__ import annotations

import asyncio

from streaming.events import Alive, Event, Failed, merge
from streaming.prompts import ask
from streaming.upstream import Client
from streaming.upstreams import Model


async def reads(client: Client, asked: Model) -> list[list[Event]]:
    """The events of each read."""
    async with asyncio.timeout(60):
        return [events async for events in client.ask(asked, ask("Hi"))]


async def answered(client: Client, asked: Model) -> list[Event]:
    """Everything one attempt brings, neighbours merged, signs of life left out."""
    events = [event for events in await reads(client, asked) for event in events]
    return merge([event for event in events if not isinstance(event, Alive)])


async def failed(client: Client, asked: Model) -> Failed:
    """The failure in which it ends."""
    last = (await answered(client, asked))[-1]
    assert isinstance(last, Failed), last
    return last
