"""One answer being generated, or the record that it was: who asked which model, and how it went."""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from streaming.errors import KIND

from .message import Message
from .states import State

if TYPE_CHECKING:
    from streaming.upstreams import Model

    from .conversation import Conversation

SAMPLING = ("temperature", "top_p", "max_tokens", "stop", "seed", "effort", "thinking_tokens")
"""What a conversation's settings may say of how to answer, besides the system prompt."""

logger = logging.getLogger(__name__)

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def reference() -> str:
    """A few characters that a person can read out and support can look up; nothing that looks like another."""
    return "".join(secrets.choice(_LETTERS) for _ in range(5))


def leased() -> datetime:
    """Until when a run belongs to its worker that gives a sign of life now."""
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


class RunQuerySet(models.QuerySet["Run"]):
    """Runs, by whether somebody still answers for them."""

    def begin(self, reply: Message, conversation: Conversation, model: Model, worker: str) -> Run:
        """The run that writes this reply, leased by this worker from now on."""
        sampling = {name: conversation.settings[name] for name in SAMPLING if name in conversation.settings}
        return self.create(
            reply=reply,
            owner_id=conversation.owner_id,
            model=model.name,
            upstream=model.upstream.name,
            dialect=model.dialect,
            sampling={**sampling, "frame": conversation.frame},
            worker=worker,
            fence=1,
            lease_until=leased(),
        )

    def live(self) -> RunQuerySet:
        """Those that have not ended."""
        return self.filter(state=State.STREAMING)

    def lost(self) -> RunQuerySet:
        """Those that have not ended although nobody answers for them any more."""
        return self.live().filter(Q(lease_until__lt=timezone.now()) | Q(lease_until__isnull=True))


class Run(models.Model):
    """`uid` names the run's log and is never used again. It holds no words, so it outlives its reply."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reply = models.OneToOneField(Message, models.SET_NULL, null=True, blank=True, related_name="run")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="runs")
    model = models.CharField(_("model"), max_length=200)
    upstream = models.CharField(max_length=100)
    dialect = models.CharField(max_length=20)
    sampling: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.STREAMING)
    kind = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    error_id = models.CharField(max_length=12, blank=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    raw_reason = models.CharField(max_length=64, blank=True)
    input_tokens = models.PositiveIntegerField(null=True, blank=True)
    output_tokens = models.PositiveIntegerField(null=True, blank=True)
    cache_read_tokens = models.PositiveIntegerField(null=True, blank=True)
    cache_write_tokens = models.PositiveIntegerField(null=True, blank=True)
    reasoning_tokens = models.PositiveIntegerField(null=True, blank=True)
    cost = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    created = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    first_at = models.DateTimeField(_("first text"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    thought_seconds = models.FloatField(null=True, blank=True)
    answer_id = models.CharField(_("the upstream's id"), max_length=200, blank=True)
    answer_model = models.CharField(_("the upstream's name for the model"), max_length=200, blank=True)
    request_id = models.CharField(_("the upstream's id of the request"), max_length=128, blank=True)
    retry_at = models.DateTimeField(_("busy until"), null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        indexes: ClassVar = [
            models.Index(fields=["owner", "-id"], name="run_owner"),
            models.Index(fields=["lease_until"], condition=Q(state="streaming"), name="run_live"),
        ]
        constraints: ClassVar = [models.CheckConstraint(condition=Q(state__in=State.values), name="run_state")]

    def __str__(self) -> str:
        return f"{self.model} {self.uid}"

    @property
    def seconds(self) -> float | None:
        """How long the whole answer took, once it has ended."""
        return (self.ended_at - self.created).total_seconds() if self.ended_at else None

    def settle(self, state: str, record: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
        """End the run and its reply together; False, and nothing changed, if somebody else has (I-11).

        `record` are columns of the run, `said` of its reply. It counts only under the fence with which we hold it.
        """
        with transaction.atomic():
            mine = Run.objects.live().filter(pk=self.pk, fence=self.fence)
            ended = mine.update(state=state, lease_until=None, **{"ended_at": timezone.now(), **record})
            if ended and self.reply_id:
                Message.objects.filter(pk=self.reply_id, state=State.STREAMING).update(state=state, **said)
        if ended and record.get("error_id"):
            # What a person reads out (I-21): the same reference, and none of the words.
            logger.warning(
                "reference %s: kind=%s reason=%s run=%s upstream=%s model=%s",
                *(record[name] for name in ("error_id", "kind", "reason")),
                *(self.uid, self.upstream, self.model),
            )
        return bool(ended)

    def give_up(self, reason: str) -> bool:
        """End a run that nobody writes any more, keeping what was saved of its reply."""
        reply = Message.objects.filter(run=self).first()
        state = State.INTERRUPTED if reply and reply.shown else State.FAILED
        record = {"kind": KIND[reason], "reason": reason, "error_id": reference()}
        # A tool call that was cut may be half of one: it is never kept.
        return self.settle(state, record, {"tool_calls": [], "blocks": []})

    def take_over(self, worker: str) -> bool:
        """Hold the run in place of a worker that is gone; False if somebody answers for it."""
        free = Run.objects.lost().filter(pk=self.pk, fence=self.fence)
        taken = free.update(worker=worker, lease_until=leased(), fence=self.fence + 1)
        self.fence += taken
        return bool(taken)
