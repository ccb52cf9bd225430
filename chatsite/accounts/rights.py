"""What happens when it changes what somebody may do: their sessions end, and the record says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from allauth.core import context
from django.db import transaction
from django.db.models import F

from chatsite.audit.record import record

if TYPE_CHECKING:
    from .models import User

FLAGS = ("is_active", "is_staff", "is_superuser")
# What a row that is not there yet counts as.
_NOBODY = {"is_active": True, "is_staff": False, "is_superuser": False, "password": None}


def acting() -> User | None:
    """Who asks now; None outside requests, and while nobody has signed in."""
    user = getattr(context.request, "user", None)
    return user if user is not None and user.is_authenticated else None


@contextmanager
def watched(user: User, fields: Collection[str] | None) -> Iterator[None]:
    """Look at a person's row before and after it is saved; `fields` are those to be saved, None being all."""
    if fields is not None and not {*FLAGS, "password"} & set(fields):
        yield
        return
    people = type(user).objects
    with transaction.atomic():
        old = None if user._state.adding else people.filter(pk=user.pk).values(*_NOBODY).first()
        yield
        new = people.values(*_NOBODY).get(pk=user.pk)
        flags = {flag: new[flag] for flag in FLAGS if new[flag] != (old or _NOBODY)[flag]}
        if old is not None and (flags or new["password"] != old["password"]):
            end_sessions([user])
            user.refresh_from_db(fields=["auth_epoch"])
        _record(user, flags, password=old is not None and new["password"] != old["password"])


def end_sessions(people: Iterable[User]) -> None:
    """Raise `auth_epoch`, by which sockets and the like see that they are out of date."""
    for person in people:
        type(person).objects.filter(pk=person.pk).update(auth_epoch=F("auth_epoch") + 1)


def _record(user: User, flags: dict[str, Any], password: bool) -> None:
    if "is_active" in flags:
        record(acting(), "account.reactivated" if flags["is_active"] else "account.deactivated", owner=user)
    if roles := {flag: flags[flag] for flag in FLAGS[1:] if flag in flags}:
        record(acting(), "role.changed", owner=user, detail=roles)
    if password and context.request is None:
        # By a command. On the page the adapter records it, who knows whether it was changed or reset; a hash that is
        # merely brought up to date at sign-in is no change.
        record(None, "password.changed", owner=user)
