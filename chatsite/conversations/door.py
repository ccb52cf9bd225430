"""Whom the relay lets in, and what they may follow: asked of the database, each time (S-04, S-12, I-14)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Exists, QuerySet
from django.http import HttpRequest, parse_cookie
from django.utils import timezone

from chatsite.accounts.models import User
from chatsite.accounts.strangers import Strangers
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

    def __init__(self, persist: Callable[[str], Awaitable[None]], begin: Callable[[], object]) -> None:
        self._persist, self._begin = persist, begin
        self._strangers = Strangers()

    async def may_open(self, scope: MutableMapping[str, Any]) -> str | None:
        """The group for hints to whoever is signed in by this handshake's cookie, or None."""
        self._begin()  # a process's rounds start with its first socket at the latest, whatever server it lives in
        key, tries = _session_key(scope), self._strangers.bucket(scope)
        visitor = await db(_visitor)(key) if tries.take() and key else None
        scope[VISITOR] = visitor
        if visitor is None:
            return None
        tries.give_back()
        return audience(visitor.user)

    async def may_follow(self, scope: Mapping[str, Any], run: str) -> bool:
        """Whether this is a run of a conversation that the person sees, who is still who they were and signed in."""
        visitor, uid = scope.get(VISITOR), uid_of(run)
        if visitor is None or uid is None:
            return False
        theirs = Run.objects.filter(
            Exists(_sessions({visitor.session})),
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
    """What the session cookie of these headers holds, read as Django reads it for a page."""
    lines = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"cookie"]
    return parse_cookie("; ".join(lines)).get(settings.SESSION_COOKIE_NAME, "")


class _Seen(dict[str, Any]):
    """A session's content. What Django would write back is not: a socket cannot give the browser its new cookie."""

    def cycle_key(self) -> None:
        """Nothing: the next page does it, which can set the cookie."""

    def flush(self) -> None:
        """Nothing: whoever holds the cookie is told by the next page."""


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore


def _visitor(key: str) -> Visitor | None:
    # Django's own check of a session, so that what ends one for a page ends it here, key rotation included.
    request = HttpRequest()
    request.session = cast(Any, _Seen(_store()(key).load()))
    user = get_user(request)
    return Visitor(user.pk, key, user.auth_epoch) if isinstance(user, User) and user.is_active else None


def _sessions(keys: set[str]) -> QuerySet[Any]:
    """Those of these sessions that stand."""
    sessions: QuerySet[Any] = _store().get_model_class().objects
    return sessions.filter(session_key__in=keys, expire_date__gt=timezone.now())


def _good(visitors: set[Visitor]) -> set[Visitor]:
    if not visitors:
        return set()
    alive = set(_sessions({visitor.session for visitor in visitors}).values_list("session_key", flat=True))
    people = User.objects.filter(pk__in={visitor.user for visitor in visitors}, is_active=True)
    epochs = dict(people.values_list("pk", "auth_epoch"))
    return {one for one in visitors if one.session in alive and epochs.get(one.user) == one.epoch}
