"""Which conversations there are: whose, when, how long, with which model, how they stand. Titles, no other words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from chatsite.conversations.models import Conversation, Message, Run

PAGE = 50


@dataclass(frozen=True)
class Page:
    """Some conversations, newest first; `older` is what to ask for the next ones with, if there are any."""

    conversations: list[Conversation]
    older: uuid.UUID | None


def page(person: str = "", before: uuid.UUID | None = None) -> Page:
    """Conversations of people whose name or address contains `person`, begun before the conversation `before`."""
    found = facts()
    if person:
        found = found.filter(Q(owner__email__icontains=person) | Q(owner__name__icontains=person))
    if before is not None:
        found = found.filter(pk__lt=Conversation.objects.filter(uid=before).values("pk")[:1])
    rows = list(found.order_by("-id")[: PAGE + 1])
    return Page(rows[:PAGE], rows[PAGE - 1].uid if len(rows) > PAGE else None)


def facts() -> QuerySet[Conversation]:
    """Each with its owner, `message_count`, the `model` asked last and `newest_state`; deleted ones until the purge."""
    messages = Message.objects.filter(conversation=OuterRef("pk")).order_by().values("conversation")
    runs = Run.objects.filter(reply__conversation=OuterRef("pk")).order_by("-id")
    return (
        Conversation.objects.with_state()
        .select_related("owner")
        .defer("settings")
        .annotate(
            message_count=Subquery(messages.annotate(count=Count("pk")).values("count")),
            model=Subquery(runs.values("model")[:1]),
        )
    )
