"""`manage.py upstreams`: what can be asked, and whether it answers."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import aclosing
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from streaming.errors import UpstreamError
from streaming.events import CONTENT, TERMINAL, Event, Failed, Finished
from streaming.prompts import Prompt, TextPart, Turn
from streaming.upstream import Client, Timeouts
from streaming.upstreams import Catalogue, Model

from ...engine import catalogue

PATIENCE = 30.0
"""Seconds that a model has for a word."""
AT_ONCE = 4
QUESTION = Prompt(turns=(Turn(role="user", parts=(TextPart("Say one word."),)),), max_tokens=64)


class Command(BaseCommand):
    """Lists the upstreams and their models, and asks each model for a word. Keys are never shown."""

    help = "List all upstreams and models, and ask each model for a word; ends with 1 if one does not answer."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """How much to do."""
        parser.add_argument("--list", action="store_true", dest="only_list", help="only list them")
        parser.add_argument("--seconds", type=float, default=PATIENCE, help="time for each model (%(default)s)")

    def handle(self, *, only_list: bool, seconds: float, **options: Any) -> None:
        """Print a line for each upstream, and one for each model as it answers."""
        try:
            known = catalogue()
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        if only_list:
            self._list(known)
        elif asyncio.run(self._ask_all(known, seconds)):
            sys.exit(1)

    def _list(self, known: Catalogue) -> None:
        for upstream in known.upstreams:
            self._say(
                f"{upstream.name}: {upstream.dialect}, {upstream.base_url}, {'key set' if upstream.key else 'no key'}"
            )
            for model in known.models:
                if model.upstream is upstream:
                    self._say(f"  {model.id}")

    async def _ask_all(self, known: Catalogue, seconds: float) -> int:
        """Ask a few at a time, and tell in the order of the list; how many failed."""
        client, turn = Client(Timeouts(connect=settings.CONNECT_SECONDS)), asyncio.Semaphore(AT_ONCE)
        asked = [(model, asyncio.create_task(_ask(client, model, seconds, turn))) for model in known.models]
        failed, last = 0, None
        for model, answer in asked:
            if model.upstream is not last:
                last = model.upstream
                self._say(f"{last.name}: {last.dialect}, {last.base_url}")
            reason, took = await answer
            failed += bool(reason)
            self._say(f"  {model.id}: {f'failed, {reason}' if reason else f'ok, {took:.1f} s'}")
        await client.aclose()
        return failed

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


async def _ask(client: Client, model: Model, seconds: float, turn: asyncio.Semaphore) -> tuple[str, float]:
    """Why the model gave no word, which is empty if it did, and how long it took."""
    async with turn:
        began = time.monotonic()
        return await _reason(client, model, seconds), time.monotonic() - began


async def _reason(client: Client, model: Model, seconds: float) -> str:
    seen: list[Event] = []
    try:
        async with asyncio.timeout(seconds), aclosing(client.ask(model, QUESTION)) as reads:
            async for events in reads:
                seen += events
                if isinstance(events[-1], TERMINAL):
                    break
    except TimeoutError:
        return UpstreamError("first_token_timeout").reason if not seen else UpstreamError("too_slow").reason
    last = seen[-1] if seen else None
    if isinstance(last, Failed):
        status = f" (HTTP {last.status})" if last.status else ""
        return f"{last.reason}{status}: {last.message}"
    answered = isinstance(last, Finished) and any(isinstance(event, CONTENT) for event in seen)
    return "" if answered else "bad_response: it ended without a word."
