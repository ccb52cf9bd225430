"""One thing said, by a person or by a model, and how a reply is written down while it comes."""

from __future__ import annotations

import uuid
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from streaming.overlap import opening

from .states import State

if TYPE_CHECKING:
    from chatsite.accounts.models import User

    from .conversation import Conversation
    from .run import Run


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, by who may see them and where they stand."""

    def owned_by(self, user: User) -> MessageQuerySet:
        """Those in conversations that this person sees, each with its conversation and run."""
        mine = self.filter(conversation__owner=user, conversation__deleted_at__isnull=True)
        return mine.select_related("conversation", "parent", "run")

    def said_by_people(self) -> MessageQuerySet:
        """Questions."""
        return self.filter(role=Message.Role.USER)

    def replies(self) -> MessageQuerySet:
        """Answers."""
        return self.filter(role=Message.Role.ASSISTANT)

    def sent_as(self, author: User, client_id: uuid.UUID) -> Message | None:
        """What this person has already sent under this id, whatever became of it."""
        mine = self.filter(author=author, client_id=client_id)
        return mine.select_related("conversation", "parent", "run").first()

    def branch(
        self, conversation: Conversation, end: Message | None = None, through: uuid.UUID | None = None
    ) -> list[Message]:
        """What leads to `end`, from the first on, each with its run and its versions.

        Without an end it is the newest branch; of those that hold the message `through`, if there is such a one.
        """
        parents: dict[int, int | None] = {}
        versions: dict[int | None, list[uuid.UUID]] = defaultdict(list)
        within: set[int] = set()
        for pk, before, uid in self.filter(conversation=conversation).order_by("id").values_list("id", "parent", "uid"):
            parents[pk] = before
            versions[before].append(uid)
            if uid == through or before in within:
                within.add(pk)
        at = end.pk if end else max(within or parents, default=None)
        path: list[int] = []
        while at is not None:
            path.append(at)
            at = parents[at]
        messages = list(self.filter(pk__in=path).select_related("run").order_by("id"))
        for message, parent in zip(messages, [None, *messages], strict=False):
            message.conversation, message.parent = conversation, parent
            message.versions = versions[message.parent_id]
        return messages


class Message(models.Model):
    """One thing said. A reply's text and `position` in its run's log are always saved together (I-7)."""

    class Role(models.TextChoices):
        USER = "user", _("person")
        ASSISTANT = "assistant", _("model")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    conversation = models.ForeignKey("conversations.Conversation", models.CASCADE, related_name="messages")
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

    objects = MessageQuerySet.as_manager()

    if TYPE_CHECKING:
        run: Run

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

    @property
    def is_reply(self) -> bool:
        """Whether a model said it."""
        return self.role == self.Role.ASSISTANT

    @property
    def streaming(self) -> bool:
        """Whether it is still being written."""
        return self.state == State.STREAMING

    @property
    def continuable(self) -> bool:
        """Whether it is a reply that was cut, by whatever, and has words to go on from."""
        run: Run | None = getattr(self, "run", None)
        long = self.state == State.COMPLETE and run is not None and run.finish_reason == "length"
        cut = self.state in (State.STOPPED, State.INTERRUPTED) or long
        return self.is_reply and cut and bool(self.text.strip()) and self.parent_id is not None

    @property
    def waiting(self) -> bool:
        """Whether nothing has come of it yet; what it continues is not counted."""
        return self.streaming and (self.position <= len(opening(self.text)) if self.continues_id else not self.shown)

    @property
    def shown(self) -> bool:
        """Whether there is anything of it that a person can see."""
        return bool(self.text or self.reasoning or self.refusal or self.tool_calls)

    @cached_property
    def versions(self) -> list[uuid.UUID]:
        """The ids of all that was said in this place, oldest first, its own included."""
        mine = Message.objects.filter(conversation_id=self.conversation_id, parent_id=self.parent_id)
        return list(mine.order_by("id").values_list("uid", flat=True))

    @property
    def version(self) -> int:
        """Which of its versions it is, from 1."""
        return self.versions.index(self.uid) + 1

    @property
    def previous(self) -> uuid.UUID | None:
        """The version before it."""
        return self.versions[self.version - 2] if self.version > 1 else None

    @property
    def next(self) -> uuid.UUID | None:
        """The version after it."""
        return next(iter(self.versions[self.version :]), None)

    @property
    def path(self) -> list[Message]:
        """What leads to this message, from the first on, itself included."""
        return Message.objects.branch(self.conversation, self)
