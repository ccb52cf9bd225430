"""What has to happen by itself: settling what a dead process left (D-03, D-04), and purging what was deleted (I-23)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from chatsite.audit.record import record
from chatsite.database import db
from streaming.errors import Lost, UpstreamError
from streaming.events import Failed
from streaming.logs import Log

from . import hints
from .ledger import Ledger
from .models import Conversation, Run, State
from .recorder import Recorder

logger = logging.getLogger(__name__)

EVERY: Final = 10.0
"""Seconds between two rounds at most, in every process."""
AT_ONCE: Final = 500


class Settled(NamedTuple):
    """A run that was given up, and who should hear of it."""

    run: UUID
    owner: int
    conversation: UUID
    reply: UUID


class Keeper:
    """Makes its rounds for as long as the process lives, the first one at its start, three or more in a lease.

    `made` counts them.
    """

    def __init__(self, log: Log, recorder: Recorder, ledger: Ledger) -> None:
        self.log, self.recorder, self.ledger = log, recorder, ledger
        self.made = 0

    async def rounds(self) -> None:
        """Sweep, stop and purge, again and again, whatever becomes of one of them."""
        there = True
        while True:
            # Nobody could renew a lease while the database was away: now they come first (D-09).
            there = await self.quietly(self.sweep if there else self.look)
            await self.quietly(self.stop)
            await self.quietly(self.purge)
            self.made += 1
            await asyncio.sleep(min(EVERY, settings.LEASE_SECONDS / 3))

    async def quietly(self, work: Callable[[], Awaitable[object]]) -> bool:
        """One part of a round; whatever breaks it, as a database that is away, the next round comes soon."""
        try:
            await work()
        except Exception as error:
            logger.warning("a round was left out: %s", type(error).__name__)
            return False
        return True

    async def look(self) -> None:
        """See whether the database is there."""
        await db(Run.objects.live().exists)()

    async def sweep(self) -> int:
        """Settle the runs that nobody answers for any more, their text kept; how many there were."""
        # What is being stored right now has ended, so nobody else renews it.
        waiting = {uid: one.run.fence for uid, one in self.recorder.live.items() if uid not in self.ledger.held}
        await self.ledger.renew(waiting)
        given_up = await db(self._unsaved)()
        lost = await db(self._lost)({*self.ledger.held, *self.recorder.live})
        left = [run for run in lost if not await self._inherit(run)]
        given_up += await db(_give_up)(left)
        for one in given_up:
            await self.log.close(str(one.run))  # who follows it anywhere is sent to the row
            await hints.tell(one.owner, "message", one.reply)
            await hints.tell(one.owner, "conversations", one.conversation)
        return len(given_up) + len(lost) - len(left)

    def _unsaved(self) -> list[Settled]:
        given_up = []
        for uid, run in list(self.recorder.unsaved.items()):
            given_up += _settled(run) if run.give_up("not_stored") else []
            del self.recorder.unsaved[uid]
        return given_up

    def _lost(self, ours: Collection[str]) -> list[Run]:
        """Those that nobody answers for; from now on we do."""
        lost = Run.objects.lost().exclude(uid__in=ours).select_related("reply__conversation")[:AT_ONCE]
        return [run for run in lost if run.take_over(self.ledger.worker)]

    async def _inherit(self, run: Run) -> bool:
        """End it in its log, if that has outlived its process, and write down all that was said (D-03).

        A log in Redis has what was shown after the row was last saved, and maybe an end that nobody came to store.
        """
        uid = str(run.uid)
        if run.reply is None:
            return False
        try:
            position = await self.log.open(uid, run.fence)
            if position <= run.reply.position:
                return False
            await self.log.append(uid, run.fence, position, [Failed.of(UpstreamError("server_lost"))])
        except Lost:
            logger.info("run %s had ended, and was not stored", uid)
        self.recorder.follow(run, run.reply, None, live=False)
        return True

    async def stop(self) -> None:
        """End what is being written here for accounts and conversations that are gone meanwhile (P-03, P-13).

        Who deletes a conversation asks for that at once; but what asks another process may be away (D-07).
        """
        gone = Q(reply__isnull=True) | Q(reply__conversation__deleted_at__isnull=False)
        nobodys = Run.objects.live().filter(Q(owner__is_active=False) | gone)
        ours = nobodys.filter(uid__in=list(self.recorder.live)).values_list("uid", "owner__is_active")
        for run, active in await db(list)(ours) if self.recorder.live else ():
            await self.log.ask_to_stop(str(run), "account_disabled" if active is False else "deleted")

    async def purge(self) -> int:
        """Remove for good what was deleted long enough ago, words and buffers; how many conversations."""
        gone = await db(list)(Conversation.objects.purgeable().exclude(messages__state=State.STREAMING)[:AT_ONCE])
        for conversation in gone:
            for run in await db(_purge)(conversation):
                await self.log.close(str(run))
        return len(gone)


def _give_up(runs: Collection[Run]) -> list[Settled]:
    return [settled for run in runs if run.give_up("server_lost") for settled in _settled(run)]


def _settled(run: Run) -> list[Settled]:
    logger.warning("run %s was given up", run.uid)
    if run.reply is None:
        return []
    conversation = run.reply.conversation
    return [Settled(run.uid, conversation.owner_id, conversation.uid, run.reply.uid)]


@transaction.atomic
def _purge(conversation: Conversation) -> list[UUID]:
    """Remove one conversation; the runs whose logs have to go with it."""
    runs = list(Run.objects.filter(reply__conversation=conversation).values_list("uid", flat=True))
    record(None, "conversation.purged", owner=conversation.owner, object=conversation)
    conversation.delete()
    return runs
