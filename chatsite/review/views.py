"""The reviewer's pages. Without the permission they answer as if there were none."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from chatsite.accounts.models import User
from chatsite.conversations.models import Conversation

from .forms import FilterForm, ReasonForm
from .listing import facts, page
from .reading import may_read, read

P = ParamSpec("P")


def for_reviewers(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Only for those who may read; for anybody else the page does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not may_read(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@for_reviewers
def listing(request: HttpRequest) -> HttpResponse:
    """Conversations by person and date."""
    form = FilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = page(asked.get("person", ""), asked.get("before"))
    return render(request, "review/list.html", {"form": form, "page": found, "person": asked.get("person", "")})


@require_http_methods(["GET", "HEAD", "POST"])
@for_reviewers
def conversation(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Ask for the reason; with one, record it and show what was said."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _transcript(request, uid, form.cleaned_data["reason"])
    context = {"form": form, "conversation": get_object_or_404(facts(), uid=uid)}
    return render(request, "review/open.html", context, status=400 if form.errors else 200)


def _transcript(request: HttpRequest, uid: uuid.UUID, reason: str) -> HttpResponse:
    try:
        reading = read(cast(User, request.user), uid, reason)
    except Conversation.DoesNotExist:
        raise Http404 from None
    return render(request, "review/transcript.html", {"reading": reading})
