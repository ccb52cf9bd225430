"""How everything here is answered: a page, a piece of one for the page's script, or a problem in either form."""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias, cast

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from chatsite.accounts.models import User
from chatsite.database import db

from ..engine import engine
from ..forms import uid_of
from ..groups import groups_of
from ..models import Conversation, Message
from ..problems import Missing, Problem, Storage

logger = logging.getLogger(__name__)

View: TypeAlias = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


def user_of(request: HttpRequest) -> User:
    """Who asks; the middleware lets nobody else through."""
    return cast(User, request.user)


def is_fragment(request: HttpRequest) -> bool:
    """Whether the page's script asks, which wants a piece of a page and no redirect."""
    return request.headers.get("X-Fragment") == "1"


def fragment(request: HttpRequest, name: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A document with only this piece in it."""
    return HttpResponse(render_to_string(f"conversations/{name}.html", dict(context), request), status=status)


def page(
    request: HttpRequest,
    conversation: Conversation | None = None,
    problem: Problem | None = None,
    draft: str = "",
    model: str = "",
) -> HttpResponse:
    """The whole page of a conversation, or of a new one; with a problem, what was typed is still in the box.

    `version` in the address is the id of a message that the branch to be shown goes through.
    """
    user, catalogue = user_of(request), engine().catalogue
    offered = {one.id for one in catalogue.models}
    context = {
        "conversation": conversation,
        "messages": conversation.path(uid_of(request.GET.get("version"))) if conversation else [],
        "groups": groups_of(user),
        "models": catalogue.models,
        "model": next((id for id in (model, user.model) if id in offered), catalogue.default.id),
        "client_id": uuid.uuid4(),
        "problem": {"reason": problem.reason, "sentence": problem.sentence} if problem else None,
        "draft": draft,
        "demo": catalogue.demo,
        "site_name": settings.SITE_NAME,
        "organisation": settings.ORGANISATION,
    }
    return fragment(request, "page", context, problem.status if problem else 200)


async def done(request: HttpRequest, conversation: Conversation | None) -> HttpResponseBase:
    """It is done and there is nothing to show: 204 for the script, else on to the conversation."""
    if is_fragment(request):
        return HttpResponse(status=204)
    response = redirect("conversations:page", conversation.uid) if conversation else redirect("conversations:new")
    response.status_code = 303
    return response


def post(view: View) -> View:
    """A view that does something, with whatever keeps it from that told in the form that was asked for."""

    @functools.wraps(view)
    async def answer(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            return await view(request, **kwargs)
        except Problem as error:
            problem = error
        except Http404:
            if not is_fragment(request):
                raise
            problem = Missing()
        except (OperationalError, InterfaceError) as error:
            logger.error("nothing could be stored: %s", _cause(error))
            problem = Storage()
        return await db(refuse)(request, problem, kwargs.get("uid"))

    return cast(View, require_POST(answer))


def _cause(error: Exception) -> str:
    """What the database calls it, without its message, which may hold words."""
    cause = error.__cause__
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(error).__name__} {name or ''}".strip()


def refuse(request: HttpRequest, problem: Problem, uid: uuid.UUID | None) -> HttpResponse:
    """The problem as a piece, or the page again with it at the foot and the text in the box."""
    said = {"problem": {"reason": problem.reason, "sentence": problem.sentence}}
    if is_fragment(request):
        return fragment(request, "_problem", said, problem.status)
    try:
        mine = Conversation.objects.owned_by(user_of(request))
        conversation = mine.filter(uid=uid).first() or mine.filter(messages__uid=uid).first() if uid else None
        return page(request, conversation, problem, request.POST.get("text", ""), request.POST.get("model", ""))
    except (OperationalError, InterfaceError):
        # Without the database there is no page: only the sentence.
        return fragment(request, "_problem", said, problem.status)


def owned_message(user: User, uid: uuid.UUID) -> Message:
    """This person's message, or 404 as for one that does not exist."""
    message = Message.objects.owned_by(user).filter(uid=uid).first()
    if message is None:
        raise Http404
    return message


def owned_conversation(user: User, uid: uuid.UUID) -> Conversation:
    """This person's conversation, or 404 as for one that does not exist."""
    conversation = Conversation.objects.owned_by(user).filter(uid=uid).first()
    if conversation is None:
        raise Http404
    return conversation
