"""What others tell us about people, for the record: signing in and out, groups and permissions, and the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, pre_delete
from django.dispatch import receiver

from chatsite.audit.record import record

from .models import User
from .rights import acting, end_sessions


@receiver(user_logged_in)
def signed_in(user: User, **_: Any) -> None:
    """Somebody is in."""
    record(user, "sign_in", owner=user)


@receiver(user_login_failed)
def sign_in_failed(credentials: dict[str, Any], **_: Any) -> None:
    """Somebody is not. An unknown address is not kept: people type passwords into that box."""
    owner = User.objects.filter(email=str(credentials.get("email") or "").lower()).first()
    record(None, "sign_in.failed", owner=owner)


@receiver(user_logged_out)
def signed_out(user: User | None, **_: Any) -> None:
    """Somebody has left."""
    if user is not None:
        record(user, "sign_out", owner=user)


@receiver(post_delete, sender=User)
def account_deleted(instance: User, **_: Any) -> None:
    """An account is gone; its name stays in the record."""
    record(acting(), "account.deleted", owner=instance)


@receiver(m2m_changed, sender=User.groups.through)
@receiver(m2m_changed, sender=User.user_permissions.through)
def rights_given(
    instance: Model, action: str, reverse: bool, model: type[Model], pk_set: set[int] | None, **_: Any
) -> None:
    """A person's groups or permissions have changed, from whichever end."""
    verb = _VERBS.get(action)
    if verb is None:
        return
    if isinstance(instance, User):
        people: Iterable[User] = [instance]
        things = model._default_manager.filter(pk__in=pk_set) if pk_set is not None else []
        names = sorted(map(str, things)) if pk_set is not None else ["all"]
    else:
        members = User.objects.filter(pk__in=pk_set) if pk_set is not None else instance.user_set.all()  # type: ignore[attr-defined]
        people, names = list(members), [str(instance)]
    end_sessions(people)
    for person in people:
        record(acting(), "role.changed", owner=person, detail={verb: names})


@receiver(m2m_changed, sender=Group.permissions.through)
def group_changed(instance: Model, action: str, pk_set: set[int] | None, model: type[Model], **_: Any) -> None:
    """What a group may do has changed, and so what its people may do."""
    verb = _VERBS.get(action)
    if verb is None or not isinstance(instance, Group):
        return
    names = ["all"] if pk_set is None else sorted(map(str, model._default_manager.filter(pk__in=pk_set)))
    end_sessions(User.objects.filter(groups=instance))
    record(acting(), "group.changed", object=instance, detail={"group": instance.name, verb: names})


@receiver(pre_delete, sender=Group)
def group_deleted(instance: Group, **_: Any) -> None:
    """A group goes, and with it what its people were allowed by it."""
    end_sessions(User.objects.filter(groups=instance))
    record(acting(), "group.deleted", object=instance, detail={"group": instance.name})


_VERBS = {"post_add": "added", "post_remove": "removed", "pre_clear": "removed"}
