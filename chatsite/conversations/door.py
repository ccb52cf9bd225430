"""Whom the relay lets in, and what they may follow: asked of the database, each time (S-04, S-12, I-14)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils import timezone

from chatsite.accounts.models import User
from chatsite.database import db

from .forms import uid_of
from .hints import audience
from .models import Run

VISITOR = "chatsite.visitor"


class Visitor(NamedTuple):
    """Who opened a socket, by which session, and how often their sessions had been ended by then."""

    user: int
    session: str
    epoch: int


class Door:
    """The engine's `Door`. It trusts nothing in the scope but the cookie and what it wrote there itself."""

    def __init__(self, persist: Callable[[str], Awaitable[None]]) -> None:
        self._persist = persist

    async def may_open(self, scope: MutableMapping[str, Any]) -> str | None:
        """The group for hints to whoever is signed in by this handshake's cookie, or None."""
        key = _session_key(scope)
        visitor = await db(_visitor)(key) if key else None
        scope[VISITOR] = visitor
        return audience(visitor.user) if visitor else None

    async def may_follow(self, scope: Mapping[str, Any], run: str) -> bool:
        """Whether this is a run of a conversation that the person sees, who is still who they were."""
        visitor, uid = scope.get(VISITOR), uid_of(run)
        if visitor is None or uid is None:
            return False
        theirs = Run.objects.filter(
            uid=uid,
            reply__conversation__owner_id=visitor.user,
            reply__conversation__deleted_at__isnull=True,
            reply__conversation__owner__is_active=True,
            reply__conversation__owner__auth_epoch=visitor.epoch,
        )
        return await db(theirs.exists)()

    async def still_valid(self, scopes: Sequence[Mapping[str, Any]]) -> Sequence[bool]:
        """For each socket whether its session stands and its person is still let in; two queries for all of them."""
        visitors = [scope.get(VISITOR) for scope in scopes]
        good = await db(_good)({visitor for visitor in visitors if visitor is not None})
        return [visitor in good for visitor in visitors]

    async def persist(self, run: str) -> None:
        """Return when the rows of this run are final."""
        await self._persist(run)


def _session_key(scope: Mapping[str, Any]) -> str:
    """What the session cookie of these headers holds."""
    lines = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"cookie"]
    try:
        cookies = SimpleCookie("; ".join(lines))
    except CookieError:
        return ""
    found = cookies.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else ""


def _visitor(key: str) -> Visitor | None:
    # Django's own check of a session, so that what ends one for a page ends it here, key rotation included.
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    return Visitor(user.pk, key, user.auth_epoch) if isinstance(user, User) and user.is_active else None


def _good(visitors: set[Visitor]) -> set[Visitor]:
    if not visitors:
        return set()
    sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects
    alive = set(
        sessions.filter(
            session_key__in={visitor.session for visitor in visitors}, expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    people = User.objects.filter(pk__in={visitor.user for visitor in visitors}, is_active=True)
    epochs = dict(people.values_list("pk", "auth_epoch"))
    return {one for one in visitors if one.session in alive and epochs.get(one.user) == one.epoch}
