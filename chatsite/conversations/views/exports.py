"""A conversation to take along: a page to print, and files."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from .. import export
from ..forms import uid_of
from ..models import Conversation
from .answers import fragment, owned_conversation, user_of


@require_safe
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What is read of a conversation, to be printed or kept, with links to its files."""
    conversation = owned_conversation(user_of(request), uid)
    version = uid_of(request.GET.get("version"))
    context = {"conversation": conversation, "messages": conversation.path(version), "version": version}
    return fragment(request, "export", context)


@require_safe
def markdown(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What is read of it, as text."""
    conversation = owned_conversation(user_of(request), uid)
    words = export.as_markdown(conversation, uid_of(request.GET.get("version")))
    return _file(conversation, words, "md", "text/markdown; charset=utf-8")


@require_safe
def json(request: HttpRequest, uid: UUID) -> HttpResponse:
    """All of it, for programs."""
    conversation = owned_conversation(user_of(request), uid)
    return _file(conversation, export.as_json(conversation), "json", "application/json")


def _file(conversation: Conversation, words: str, ending: str, kind: str) -> HttpResponse:
    name = content_disposition_header(True, export.file_name(conversation, ending))
    return HttpResponse(words, content_type=kind, headers={"Content-Disposition": name})
