"""What is kept: conversations, their messages, and the runs that wrote the replies."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """What became of a reply, or of the run that wrote it; all but the first are for ever (I-11)."""

    STREAMING = "streaming", _("being written")
    COMPLETE = "complete", _("complete")
    STOPPED = "stopped", _("stopped")
    INTERRUPTED = "interrupted", _("interrupted")
    FAILED = "failed", _("failed")


class Conversation(models.Model):
    """A person's conversation with models; `settings` holds the system prompt and sampling."""

    class Source(models.TextChoices):
        PAGE = "page", _("page")
        KEY = "key", _("API key")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations")
    title = models.CharField(_("title"), max_length=200)
    titled_by = models.CharField(max_length=8, default="words", editable=False)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.PAGE)
    settings: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    touched = models.DateTimeField(_("last used"), default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes: ClassVar = [
            models.Index(fields=["owner", "-touched"], name="conversation_recent"),
            models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="conversation_deleted"),
        ]
        permissions: ClassVar = []

    def __str__(self) -> str:
        return self.title


class Message(models.Model):
    """One thing said. A reply's text and `position` in its run's log are always saved together (I-7)."""

    class Role(models.TextChoices):
        USER = "user", _("person")
        ASSISTANT = "assistant", _("model")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="replies")
    role = models.CharField(max_length=10, choices=Role.choices)
    text = models.TextField(blank=True)
    parts: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    reasoning = models.TextField(blank=True)
    blocks: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    tool_calls: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    refusal = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.COMPLETE)
    continues = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="continued_by")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="messages"
    )
    client_id = models.UUIDField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(state="streaming"), name="message_one_streaming"
            ),
            models.UniqueConstraint(
                fields=["author", "client_id"], condition=Q(client_id__isnull=False), name="message_client_id"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="message_state"),
            models.CheckConstraint(
                condition=Q(role="assistant") | ~Q(state="streaming"), name="message_only_replies_stream"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.uid}"


class Run(models.Model):
    """One answer being generated, or the record that it was; `uid` names its log. It holds no words."""

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
    worker = models.CharField(max_length=100, blank=True)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)

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
