"""What is only looked at."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ..groups import groups_of
from . import answers


@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """A conversation that has not begun."""
    return answers.page(request)


@require_safe
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A conversation along its newest branch."""
    return answers.page(request, answers.owned_conversation(answers.user_of(request), uid))


@require_safe
def message(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One message as it stands: text and position together, to be followed from there (I-7).

    With `readonly` in the address it is without what would change the conversation.
    """
    found = answers.owned_message(answers.user_of(request), uid)
    context = {"message": found, "conversation": found.conversation, "readonly": "readonly" in request.GET}
    return answers.fragment(request, "_message", context)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The sidebar's list."""
    return answers.fragment(request, "_listing", {"groups": groups_of(answers.user_of(request))})
