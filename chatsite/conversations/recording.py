"""One answer on its way into the database: the fold of its log, and what of it is not saved yet.

Rows are saved whole, all in one `executemany`. Measured with 50 answers of 20 kB on SQLite: 2.4 ms of CPU for all of
them, most of it outside Python's lock (0.6 ms at 2 kB, 12 ms at 100 kB), so about 0.5 % of a core at two saves a
second; one `UPDATE` each through the ORM took 10 ms, `bulk_update` 27 ms. Segments in a table of their own would take
0.15 ms whatever the length, but then each reader of a streaming row (page, review, export) would have to fold them,
and a snapshot would be two reads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from streaming.dialects.repair import clean, clean_all
from streaming.events import CONTENT, Failed, Finished, Reasoning, Started, Usage, to_dict
from streaming.logs import Batch
from streaming.transcript import Transcript
from streaming.upstreams import Prices

from .models import Message, Run, State
from .models.run import reference

_SAVE = """
UPDATE conversations_message SET text = %s, reasoning = %s, refusal = %s, tool_calls = %s, position = %s
WHERE id = %s AND state = 'streaming'
AND EXISTS (SELECT 1 FROM conversations_run run WHERE run.reply_id = conversations_message.id AND run.fence = %s)
"""
COUNTS = ("input", "output", "cache_read", "cache_write", "reasoning")
_MOST_TOKENS = 2**31 - 1
_A_DAY = 86_400
_DEAREST = 10**6


class Snapshot(NamedTuple):
    """What a reply held at a position, taken in one step so that the two belong together (I-7)."""

    recording: Recording
    text: str
    reasoning: str
    refusal: str
    tool_calls: list[Any]
    position: int


class Recording:
    """A live run as it is written down. `dirty`: it has grown since it was last saved, and that at `grown_at`."""

    def __init__(self, run: Run, reply: Message, prices: Prices | None, *, live: bool = True) -> None:
        self.run, self.prices, self.live = run, prices, live
        self.owner = reply.conversation.owner_id
        self.conversation, self.reply = reply.conversation.uid, reply.uid
        self.transcript, self.position, self.dirty = Transcript(), 0, False
        self.grown_at = 0.0
        self.settled = asyncio.Event()
        self.first_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.request = ""
        self._thinking: float | None = None
        self._thought: float | None = None

    def take(self, batch: Batch) -> None:
        """Go on by what the log says next."""
        for event in batch.events:
            self._time(event)
            if isinstance(event, Started | Failed):
                self.request = event.request or self.request
        self.transcript.apply_all(batch.events)
        if not self.dirty:
            self.grown_at = time.monotonic()
        self.position, self.dirty = batch.position, True
        if self.transcript.outcome is not None:
            self.ended_at = timezone.now()

    def _time(self, event: object) -> None:
        if not self.live or not isinstance(event, CONTENT):
            return  # what was said before we came was said at some other time
        self.first_at = self.first_at or timezone.now()
        if isinstance(event, Reasoning):
            self._thinking = self._thinking or time.monotonic()
        elif self._thinking is not None and self._thought is None:
            self._thought = time.monotonic() - self._thinking

    def snapshot(self) -> Snapshot:
        """What there is now; from here on it counts as saved."""
        self.dirty = False
        said = self.transcript
        return Snapshot(self, said.text, said.reasoning, said.refusal, list(said.tool_calls), self.position)

    def settle(self) -> bool:
        """Store the end; False if somebody else has settled the run (I-11)."""
        said = self.transcript
        words = {
            "text": said.text,
            "reasoning": said.reasoning,
            "refusal": said.refusal,
            "tool_calls": clean_all(said.tool_calls),
            "blocks": clean_all([to_dict(block) for block in said.blocks]),
            "position": self.position,
        }
        return self.run.settle(said.state, self._record(), words)

    def _record(self) -> dict[str, Any]:
        said, outcome, usage = self.transcript, self.transcript.outcome, credible(self.transcript.usage)
        if self._thinking is not None and self._thought is None:
            self._thought = time.monotonic() - self._thinking
        broken = said.state in (State.INTERRUPTED, State.FAILED)
        return {
            "kind": said.kind,
            "reason": said.reason[:32],
            "error_id": reference() if broken else "",
            "finish_reason": said.finish_reason,
            "raw_reason": clean(outcome.raw)[:64] if isinstance(outcome, Finished) else "",
            "answer_id": clean(said.id)[:200],
            "answer_model": clean(said.model)[:200],
            "request_id": self.request,
            "retry_at": self._retry_at(),
            "first_at": self.first_at,
            "ended_at": self.ended_at,
            "thought_seconds": self._thought,
            **{f"{name}_tokens": getattr(usage, name) for name in COUNTS},
            "cost": cost(usage, self.prices),
        }

    def _retry_at(self) -> datetime | None:
        """When the upstream wants to be asked again, if it said so and a clock can tell it."""
        outcome, ended = self.transcript.outcome, self.ended_at
        if isinstance(outcome, Failed) and outcome.retry_after and ended and outcome.retry_after < _A_DAY:
            return ended + timedelta(seconds=outcome.retry_after)
        return None


def save(snapshots: Sequence[Snapshot]) -> None:
    """Write them all in one transaction; rows that are final by now, or are another's, stay as they are."""
    rows = [
        (
            *(one.text, one.reasoning, one.refusal),
            connection.ops.adapt_json_value(clean_all(one.tool_calls), None),
            *(one.position, one.recording.run.reply_id, one.recording.run.fence),
        )
        for one in snapshots
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_SAVE, rows)


def credible(usage: Usage | None) -> Usage:
    """The counts that a server can mean; the others are left out, of the columns and of the cost alike."""
    counts = {name: getattr(usage, name, None) for name in COUNTS}
    return Usage(**{name: n if n is not None and 0 <= n <= _MOST_TOKENS else None for name, n in counts.items()})


def cost(usage: Usage, prices: Prices | None) -> Decimal | None:
    """What the answer cost by the upstream's prices a million tokens; what came from a cache is in `input` too.

    None where nobody can know it, and where it is more than the column holds: no answer costs that.
    """
    if prices is None or usage.input is None or usage.output is None:
        return None
    read, write = usage.cache_read or 0, usage.cache_write or 0
    plain = max(usage.input - read - write, 0)
    at = prices.input if prices.cache_read is None else prices.cache_read
    made = prices.input if prices.cache_write is None else prices.cache_write
    total = plain * prices.input + read * at + write * made + usage.output * prices.output
    cost = total / 1_000_000
    return cost.quantize(Decimal("1e-8")) if cost < _DEAREST else None
