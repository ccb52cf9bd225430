"""Naming a conversation, deleting it, and taking that back."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase

from chatsite.accounts.models import User
from chatsite.audit.record import record
from chatsite.database import db

from .. import hints
from ..engine import engine
from ..forms import TitleForm
from ..models import Conversation, State
from .answers import done, owned_conversation, post, user_of


@post
async def title(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """Rename."""
    user = user_of(request)
    conversation = await db(owned_conversation)(user, uid)
    words = TitleForm(request.POST).checked()["title"]
    await db(conversation.rename)(words)
    await hints.tell(user.pk, "conversations", uid)
    return await done(request, conversation)


@post
async def deletion(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """Hide it at once and end what is being written in it; its words go when the time to undo is over."""
    user = user_of(request)
    runs = await db(_hide)(user, uid)
    await hints.tell(user.pk, "conversations", uid)
    for run in runs:
        await engine().stop(run, by="deleted")
    return await done(request, None)


@post
async def restoration(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """Take the deletion back, while there is something to bring back."""
    user = user_of(request)
    conversation = await db(_restore)(user, uid)
    await hints.tell(user.pk, "conversations", uid)
    return await done(request, conversation)


def _hide(user: User, uid: UUID) -> list[UUID]:
    """Delete, and say which runs are to be stopped."""
    with transaction.atomic():
        conversation = owned_conversation(user, uid)
        conversation.hide()
        record(user, "conversation.deleted", owner=user, object=conversation)
        live = conversation.messages.filter(state=State.STREAMING, run__isnull=False)
        return list(live.values_list("run__uid", flat=True))


def _restore(user: User, uid: UUID) -> Conversation:
    with transaction.atomic():
        conversation = Conversation.objects.restorable_by(user).select_for_update().filter(uid=uid).first()
        if conversation is None:
            raise Http404
        conversation.restore()
        record(user, "conversation.restored", owner=user, object=conversation)
        return conversation
