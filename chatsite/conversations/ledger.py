"""Who answers for a run: a lease in the database with a fencing number, so that there is one writer (I-3)."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q

from chatsite.database import db
from streaming.errors import Refused

from .models import Run, leased


class Ledger:
    """The engine's `Ledger` on the table of runs. `held` are the runs that this process answers for."""

    def __init__(self) -> None:
        self.worker = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.held: dict[str, int] = {}

    def granted(self, run: Run) -> None:
        """The transaction that made this run has leased it to us already."""
        self.held[str(run.uid)] = run.fence

    async def lease(self, run: str) -> int:
        """The fence under which this process may write the run's log; `Refused` if another one does."""
        if run not in self.held:
            self.held[run] = await db(self._take)(run)
        return self.held[run]

    async def renew(self, runs: Mapping[str, int]) -> set[str]:
        """Keep these for another while; those of them that are not ours any more."""
        return await db(self._renew)(runs)

    async def release(self, run: str, fence: int) -> None:
        """Its writing is over. The row is left alone: whoever settles it ends the lease, and until then it stands."""
        if self.held.get(run) == fence:
            del self.held[run]

    def _take(self, uid: str) -> int:
        run = Run.objects.live().filter(uid=uid).first()
        if run is None or not run.take_over(self.worker):
            raise Refused(f"run {uid} belongs to somebody else")
        return run.fence

    def _renew(self, runs: Mapping[str, int]) -> set[str]:
        if not runs:
            return set()
        by_fence: dict[int, list[UUID]] = {}
        for uid, fence in runs.items():
            by_fence.setdefault(fence, []).append(UUID(uid))
        ours = reduce(or_, (Q(fence=fence, uid__in=uids) for fence, uids in by_fence.items()))
        mine = Run.objects.live().filter(ours)
        if mine.update(lease_until=leased()) == len(runs):
            return set()
        return set(runs) - {str(uid) for uid in mine.values_list("uid", flat=True)}
