"""A run's log by HTTP, for pages that no socket reaches (B-16): the same events at the same positions."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from chatsite.accounts.models import User
from chatsite.database import db
from streaming.errors import Gone
from streaming.events import TERMINAL, to_dict
from streaming.logs import Batch
from streaming.watch import Periods

from ..engine import engine
from .answers import owned_message, user_of

PATIENCE: Final = 2.0
"""Seconds for which it is worth waiting for news; then the page asks again."""
AT_ONCE: Final = Periods.each
"""Pages of one person that may wait at this process: as many as may have a socket (B-13)."""
_DIGITS: Final = 16
_waiting: Counter[int] = Counter()


@require_safe
async def events(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """What came of the reply's run after a position: 200 with a batch, 204 for nothing yet, 410: fetch the reply."""
    person = user_of(request)
    run = await db(_run)(person, uid)
    after = request.GET.get("after", "")
    if not (after.isascii() and after.isdigit() and len(after) <= _DIGITS):
        return HttpResponse(status=400)
    with _place(person.pk) as there_is_one:
        return await _told(run, int(after)) if there_is_one else HttpResponse(status=429, headers={"Retry-After": "2"})


@contextmanager
def _place(person: int) -> Iterator[bool]:
    """Whether there is a place for one more of this person's pages, which takes it for as long as it waits."""
    _waiting[person] += 1
    try:
        yield _waiting[person] <= AT_ONCE
    finally:
        _waiting[person] -= 1
        if not _waiting[person]:
            del _waiting[person]


async def _told(run: str, after: int) -> HttpResponseBase:
    try:
        batch = await _next(run, after)
    except TimeoutError:
        return HttpResponse(status=204)
    except Gone:
        batch = None
    if batch is None:
        return HttpResponse(status=410)
    if isinstance(batch.events[-1], TERMINAL):
        # As by socket: the end is told when the row has it.
        await engine().recorder.persist(run)
    told = [to_dict(event) for event in batch.events]
    return JsonResponse({"run": run, "after": batch.after, "position": batch.position, "events": told})


async def _next(run: str, after: int) -> Batch | None:
    """The next events, as soon as there are any; None if there can be none."""
    async with asyncio.timeout(PATIENCE), aclosing(engine().log.read(run, after)) as batches:
        async for batch in batches:
            if batch.events:
                return batch
    return None


def _run(user: User, uid: UUID) -> str:
    """The run of this person's reply, or 404 as for one that does not exist."""
    reply = owned_message(user, uid)
    if not reply.is_reply or getattr(reply, "run", None) is None:
        raise Http404
    return str(reply.run.uid)
