"""The one way to other people's words. Every use of it is in the record before the first word is fetched."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Window
from django.db.models.functions import RowNumber

from chatsite.accounts.models import User
from chatsite.audit.record import record
from chatsite.conversations.models import Conversation, Message

ACTION = "conversation.read"
PERMISSION = "review.read_conversation"


@dataclass(frozen=True)
class Reading:
    """Somebody's conversation, opened by somebody else for a reason at a time."""

    conversation: Conversation
    owner: User
    messages: Sequence[Message]
    """All branches, oldest first; each with its `run`, its `number`, and its `place` among its `siblings`."""
    time: datetime
    reason: str


def may_read(user: User | AnonymousUser) -> bool:
    """Whether this person, or a group of theirs, was expressly given it; being a superuser gives nothing here."""
    return isinstance(user, User) and user.granted(PERMISSION)


def read(reviewer: User, uid: uuid.UUID, reason: str) -> Reading:
    """Record that `reviewer` opens a conversation and why, then fetch it.

    The record has a transaction of its own, which is committed first: if it cannot be, nothing is read (I-22).
    """
    if not may_read(reviewer):
        raise PermissionDenied
    if not reason.strip():
        raise ValueError("Reading needs a reason.")
    with transaction.atomic(durable=True):
        asked = Conversation.objects.only("uid", "owner").select_related("owner").get(uid=uid)
        row = record(reviewer, ACTION, owner=asked.owner, object=asked, reason=reason)
    conversation = Conversation.objects.select_related("owner").get(pk=asked.pk)
    return Reading(conversation, conversation.owner, _messages(conversation), row.time, reason)


def _messages(conversation: Conversation) -> Sequence[Message]:
    return list(
        conversation.messages.select_related("conversation", "parent", "run")
        .annotate(
            number=Window(RowNumber(), order_by="id"),
            place=Window(RowNumber(), order_by="id", partition_by="parent"),
            siblings=Window(Count("*"), partition_by="parent"),
        )
        .order_by("id")
    )
