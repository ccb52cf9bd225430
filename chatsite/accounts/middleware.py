"""Every page needs an account, and is shown as that account's person wants it."""

from __future__ import annotations

import contextlib
import zoneinfo
from collections.abc import Callable
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _

from .hashers import Crowded
from .models import User


class PersonMiddleware(LoginRequiredMiddleware):
    """Lets nobody in without an account; the few pages that need none are marked `login_not_required`."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Turn away, or set the person's language and time zone."""
        match = request.resolver_match
        if settings.OPEN_HTTP and match and {"admin", "review"} & set(match.app_names):
            raise Http404  # Over plain http anybody on the way could take the session of somebody who may do much.
        refusal = super().process_view(request, view_func, view_args, view_kwargs)
        if refusal is not None:
            return _refusal(request, refusal)
        _suit(request.user if isinstance(request.user, User) else None)
        return None

    def get_login_url(self, view_func: Callable[..., Any]) -> str:
        """There is one door, also where the admin would show another."""
        return settings.LOGIN_URL

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Too many passwords at once are no fault of ours."""
        if not isinstance(exception, Crowded):
            return None
        answer: HttpResponse = ratelimit.respond_429(request)
        answer["Retry-After"] = "10"
        return answer


def _refusal(request: HttpRequest, sign_in: HttpResponseBase) -> HttpResponseBase:
    """Ask to sign in; a page's script gets a sentence to show instead of another page.

    After signing in one returns to a page, not to an address that only takes what is sent to it.
    """
    if request.headers.get("X-Fragment") == "1":
        words = _("You were signed out. Sign in to go on; what you typed is kept in this tab.")
        alert = format_html('<p role="alert" data-reason="signed_out">{}</p>', words)
        return HttpResponse(alert, status=401)
    return sign_in if request.method in ("GET", "HEAD") else redirect("account_login")


def _suit(user: User | None) -> None:
    """The person's time zone and language, or the place's and the browser's."""
    timezone.deactivate()
    if user is None:
        return
    with contextlib.suppress(ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        # In a zone that this machine does not know it is UTC.
        timezone.activate(zoneinfo.ZoneInfo(user.time_zone))
    if user.language in dict(settings.LANGUAGES):
        translation.activate(user.language)
