"""What machines ask of the server, and what a browser tells it of its own accord."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import re
import uuid
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from chatsite import schema
from chatsite.conversations.engine import log
from chatsite.database import db
from streaming.errors import Gone
from streaming.window import Bucket

logger = logging.getLogger(__name__)

MAX_REPORT_BYTES: Final = 16_384
READY_SECONDS: Final = 5
_reports: Final = Bucket(10, 0.2)
_state = {"stopping": False}


def stop() -> None:
    """From now on this process is not ready: it has been told to end (D-01)."""
    _state["stopping"] = True


@login_not_required
@require_safe
async def manifest(request: HttpRequest) -> HttpResponse:
    """What a device is told that keeps this place among its apps."""
    icons = [("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any")]
    icons.append(("icon-maskable-512.png", "512x512", "maskable"))
    told = {
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "id": "/",
        "start_url": "/",
        "display": "standalone",
        "background_color": "#fcfcfa",
        "theme_color": "#fcfcfa",
        "icons": [{"src": static(name), "sizes": sizes, "purpose": purpose} for name, sizes, purpose in icons],
    }
    return JsonResponse(told, content_type="application/manifest+json")


@login_not_required
@require_safe
async def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Nothing else is asked, so that no other's trouble makes somebody restart it (S-54)."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
async def readyz(request: HttpRequest) -> HttpResponse:
    """Whether this process should be sent people: 200 or 503, and which part is missing."""
    missing = "stopping" if _state["stopping"] else ""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READY_SECONDS):
            missing = missing or await db(_database)() or await _log()
            # Without Redis all workers are as badly off, and people are better served by them than by nobody.
            away = "redis" if log.away else ""
            return JsonResponse(
                {"ready": not missing, "missing": missing, "away": away}, status=503 if missing else 200
            )
    return JsonResponse({"ready": False, "missing": "time"}, status=503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "" if _migrated() else "migrations"
    except DatabaseError:
        return "database"


def _migrated() -> bool:
    """Whether the tables are as this code wants them; once they are, they stay so while it runs."""
    if _seen_migrated.cache_info().currsize:
        return True
    return schema.current() and _seen_migrated()


@functools.cache
def _seen_migrated() -> bool:
    return True


async def _log() -> str:
    """Ask the log for a run that cannot be: to know that it does not have it, it must be there."""
    try:
        async for _batch in log.read(str(uuid.uuid4()), 0):
            break
    except Gone:
        return ""
    except OSError:
        return "log"
    return ""


@login_not_required
@require_safe
async def session(request: HttpRequest) -> HttpResponse:
    """204 while this browser is signed in, else 401: a refused handshake does not tell it."""
    user = await request.auser()
    return HttpResponse(status=204 if user.is_authenticated and user.is_active else 401)


@login_not_required
@csrf_exempt
@require_POST
async def csp_report(request: HttpRequest) -> HttpResponse:
    """A browser has refused something that one of our pages wanted. Kept: the rule and the page's path, no more."""
    if len(request.body) > MAX_REPORT_BYTES:
        return HttpResponse(status=413)
    if not _reports.take():
        return HttpResponse(status=429)
    try:
        found = list(_violations(json.loads(request.body)))
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    for rule, path in found[:3]:
        logger.warning("a browser refused %s on %s", rule, path)
    return HttpResponse(status=204)


def _violations(report: Any) -> Iterator[tuple[str, str]]:
    """Rule and path of each violation, in either of the two forms that browsers send."""
    for entry in report if isinstance(report, list) else [report]:
        body = entry.get("csp-report") or entry.get("body") if isinstance(entry, dict) else None
        if isinstance(body, dict):
            rule = body.get("effectiveDirective") or body.get("effective-directive") or body.get("violated-directive")
            page = body.get("documentURL") or body.get("document-uri")
            yield _plain(rule), _plain(urlsplit(page).path if isinstance(page, str) else "")


def _plain(text: Any) -> str:
    """A word that cannot be anything else in a log."""
    return re.sub(r"[^a-zA-Z0-9/_-]", "?", text)[:80] if isinstance(text, str) else "?"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is too old, or not ours. What a page's script sends is answered with a sentence."""
    if request.headers.get("X-Fragment") == "1":
        words = _("This form was open too long. Load the page again; what you typed is kept.")
        return HttpResponse(format_html('<p role="alert" data-reason="csrf">{}</p>', words), status=403)
    return render(request, "403_csrf.html", status=403)
