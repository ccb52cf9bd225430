"""A person's conversation with models: who may see it, what comes next in it, and its end."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from streaming.overlap import opening

from .message import Message
from .run import Run
from .states import State

if TYPE_CHECKING:
    from chatsite.accounts.models import User
    from streaming.upstreams import Model

UNDO = timedelta(seconds=30)
"""How long a deletion can be taken back, and so how long the words of what is deleted stay at least."""


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Conversations, by what may be done with them."""

    def owned_by(self, user: User) -> ConversationQuerySet:
        """Those that this person sees; what is deleted is gone for them at once."""
        return self.filter(owner=user, deleted_at__isnull=True)

    def restorable_by(self, user: User) -> ConversationQuerySet:
        """Those whose deletion this person may still take back."""
        return self.filter(owner=user, deleted_at__gt=timezone.now() - UNDO)

    def purgeable(self) -> ConversationQuerySet:
        """Those whose words have to go now."""
        keep = max(UNDO, timedelta(days=settings.KEEP_DELETED_DAYS))
        return self.filter(deleted_at__lte=timezone.now() - keep)

    def with_state(self) -> ConversationQuerySet:
        """Each with the state of its newest reply as `newest_state`, for the marks in a list."""
        replies = Message.objects.filter(conversation=OuterRef("pk"), role=Message.Role.ASSISTANT)
        return self.annotate(newest_state=Subquery(replies.order_by("-id").values("state")[:1]))


class Conversation(models.Model):
    """A tree of messages with one owner; `settings` holds the system prompt and sampling."""

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

    objects = ConversationQuerySet.as_manager()

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

    @property
    def answering(self) -> bool:
        """Whether an answer is being written; needs `with_state`."""
        return getattr(self, "newest_state", None) == State.STREAMING

    @property
    def failed(self) -> bool:
        """Whether the newest answer broke; needs `with_state`."""
        return getattr(self, "newest_state", None) in (State.FAILED, State.INTERRUPTED)

    @property
    def newest(self) -> Message | None:
        """What was said last, on whichever branch: always an end of one."""
        return self.messages.order_by("-id").first()

    def path(self, through: uuid.UUID | None = None) -> list[Message]:
        """The newest branch (through this message, if it has it) from the start; two queries whatever the length."""
        return Message.objects.branch(self, through=through)

    @property
    def frame(self) -> str:
        """A word that changes with whatever stands around the turns of a prompt, and tells nothing of what that is."""
        return salted_hmac("chatsite.frame", self.settings.get("system", "")).hexdigest()[:16]

    def say(self, author: User, text: str, client_id: uuid.UUID, parent: Message | None) -> Message:
        """Add what a person said after `parent`."""
        message = self.messages.create(
            role=Message.Role.USER, text=text, author=author, client_id=client_id, parent=parent
        )
        self.touched = message.created
        self.save(update_fields=["touched"])
        return message

    def begin_reply(
        self,
        to: Message,
        model: Model,
        worker: str,
        *,
        author: User | None = None,
        client_id: uuid.UUID | None = None,
        continues: Message | None = None,
    ) -> Message:
        """Add a reply that is being written, and its run, leased by this worker.

        `IntegrityError` if another reply of this conversation is being written (I-3). A reply that was asked
        for by itself carries who asked and their client id, as a person's message does. One that continues another
        holds its text from the start, at the position at which the run's log will have it.
        """
        begun: dict[str, Any] = {}
        if continues:
            begun = {"continues": continues, "text": continues.text, "position": len(opening(continues.text))}
        reply = self.messages.create(
            role=Message.Role.ASSISTANT,
            state=State.STREAMING,
            parent=to,
            author=author,
            client_id=client_id,
            **begun,
        )
        Run.objects.begin(reply, self, model, worker)
        return reply

    def rename(self, title: str) -> None:
        """Give it the title a person chose."""
        self.title, self.titled_by = title, "person"
        self.save(update_fields=["title", "titled_by"])

    def hide(self) -> None:
        """Delete it: gone for its owner at once, for good when it is purged."""
        self.deleted_at = timezone.now()
        self.save(update_fields=["deleted_at"])

    def restore(self) -> None:
        """Take the deletion back."""
        self.deleted_at = None
        self.save(update_fields=["deleted_at"])
