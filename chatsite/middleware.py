"""What every answer carries, and which requests from other sites are turned away."""

from __future__ import annotations

import inspect
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import get_callable

from chatsite import policies
from chatsite.logs import request_id
from chatsite.origin import Application, Receive, Scope, Send

SAFE = ("GET", "HEAD", "OPTIONS")
OURS = ("same-origin", "none")
LEAVING = "account_logout"
MACHINES = ("/healthz", "/readyz", "/metrics")
"""What is asked by programs on this machine, by whatever name; nothing of the answer depends on it."""
PLAIN = re.compile(r"[A-Za-z0-9_.-]{8,64}")

Handler = Callable[[HttpRequest], Any]


class PolicyMiddleware:
    """Gives every answer the headers of its policy, and refuses what another site's page would change here."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.is_async = inspect.iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """One request."""
        if request.path_info in MACHINES:
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        if self.is_async:
            return self._later(request)
        return dress(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return dress(request, await self.get_response(request))

    async def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Refuse a change that another site's page asks for, where the browser says so; with Django's CSRF page.

        A view that is exempt from the CSRF check acts for nobody's cookie, so it is from this one, too.
        """
        if request.method in SAFE or getattr(view, "csrf_exempt", False):
            return None
        if request.headers.get("Sec-Fetch-Site", "none") in OURS:
            return None
        failure = get_callable(settings.CSRF_FAILURE_VIEW)
        refused = await sync_to_async(failure)(request, reason="Sec-Fetch-Site")
        return cast(HttpResponseBase, refused)


def dress(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer with its headers."""
    for name, value in policies.headers(policies.policy(request.path_info)).text:
        response.headers[name] = value
    kind = response.headers.get("Content-Type", "")
    if "Cache-Control" not in response.headers or kind.startswith(("text/html", "application/json")):
        response.headers["Cache-Control"] = "no-store"
    if _has_left(request, response):
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def requested(scope: Scope) -> str:
    """The request's id: the one that a proxy of ours has given it, or a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if settings.TRUSTED_PROXIES and PLAIN.fullmatch(given) else secrets.token_hex(8)


def _has_left(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether this answers a sign-out that the person asked for; one whose session merely ends keeps the drafts."""
    match = request.resolver_match
    asked = request.method == "POST" and match is not None and match.view_name == LEAVING
    return asked and response.status_code < 400


class Dressed:
    """An ASGI application whose every answer has a policy: static files and Django's first errors see no middleware."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return

        id = requested(scope)
        request_id.set(id)

        async def dressed(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-request-id", id.encode())]}
                present = {name.lower() for name, _ in message["headers"]}
                wanted = policies.headers(policies.policy(scope["path"])).raw
                if b"content-security-policy" not in present:
                    more = [pair for pair in wanted if pair[0] not in present]
                    message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.application(scope, receive, dressed)
