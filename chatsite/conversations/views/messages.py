"""Saying something, asking for another reply, and stopping one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url

from chatsite.database import db

from .. import hints
from ..engine import engine
from ..forms import MessageForm, ReplyForm
from ..models import Message, State
from ..problems import Stopping
from ..sending import Sender, Sent
from .answers import done, fragment, is_fragment, owned_message, post, user_of


@post
async def create(request: HttpRequest) -> HttpResponseBase:
    """The first message: makes the conversation, and begins the reply."""
    form = MessageForm(request.POST).checked()
    return await _answer(request, form, lambda sender: sender.send(form["text"]))


@post
async def send(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """A further message, and a reply to it."""
    form = MessageForm(request.POST).checked()
    return await _answer(request, form, lambda sender: sender.send(form["text"], uid, form["parent"]))


@post
async def replies(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """Another reply to what a person said; one that is still being written to the same words is stopped first."""
    form = ReplyForm(request.POST).checked()
    await _make_way(_sender(request, form), uid)
    return await _answer(request, form, lambda sender: sender.ask_again(uid))


@post
async def continuations(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """A reply that goes on where this one was cut, as a new version that begins with its text."""
    form = ReplyForm(request.POST).checked()
    return await _answer(request, form, lambda sender: sender.go_on(uid))


@post
async def stop(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """End a reply; what was written is kept. Asked again, or too late, it changes nothing."""
    reply = await db(owned_message)(user_of(request), uid)
    if not reply.is_reply:
        raise Http404
    if reply.streaming:
        await engine().stop(reply.run.uid)
    return await done(request, reply.conversation)


async def _answer(request: HttpRequest, form: Mapping[str, Any], act: Callable[[Sender], Sent]) -> HttpResponseBase:
    """Store it, start the run, and show both messages: 201 if they are new, 200 if this client id made them before."""
    engine_ = engine()
    if engine_.draining:
        raise Stopping
    sent = await engine_.finish(_begin(act, _sender(request, form)))
    url = resolve_url("conversations:page", sent.message.conversation.uid)
    if not is_fragment(request):
        return HttpResponse(status=303, headers={"Location": url})
    response = await db(_pair)(request, sent)
    response["Location"] = url
    return response


def _sender(request: HttpRequest, form: Mapping[str, Any]) -> Sender:
    engine_ = engine()
    return Sender(user_of(request), form["client_id"], form["model"], engine_.catalogue, engine_.ledger.worker)


async def _begin(act: Callable[[Sender], Sent], sender: Sender) -> Sent:
    """One transaction, then the run, then hints; all of it even if whoever asked hangs up meanwhile."""
    sent = await db(act)(sender)
    if sent.model and sent.prompt:
        await engine().start(sent.reply, sent.model, sent.prompt)
        await hints.tell(sender.user.pk, "conversation", sent.message.conversation.uid)
        await hints.tell(sender.user.pk, "conversations", sent.message.conversation.uid)
    return sent


def _pair(request: HttpRequest, sent: Sent) -> HttpResponse:
    reply = owned_message(user_of(request), sent.reply.uid)
    context = {"conversation": reply.conversation, "messages": [sent.message, reply]}
    return fragment(request, "_messages", context, 201 if sent.new else 200)


async def _make_way(sender: Sender, uid: UUID) -> None:
    """Stop the reply that is to be replaced, if it is still being written, and something will replace it."""
    run = await db(_in_the_way)(sender, uid)
    if run is not None:
        await engine().stop(run)


def _in_the_way(sender: Sender, uid: UUID) -> UUID | None:
    """The live run whose reply another one is asked for; never what a twin of this request has just begun."""
    user, client_id = sender.user, sender.client_id
    message = owned_message(user, uid)
    if message.is_reply:
        raise Http404
    if Message.objects.sent_as(user, client_id):
        return None
    sender.check_model(message)
    live = message.replies.filter(state=State.STREAMING, run__isnull=False)
    live = live.exclude(author=user, client_id=client_id)
    return live.values_list("run__uid", flat=True).first()
