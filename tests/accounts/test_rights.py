"""When it changes what somebody may do, their sockets learn of it and the record says it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client

from chatsite.accounts.models import User
from chatsite.audit.models import Audit

pytestmark = [pytest.mark.django_db, pytest.mark.store]


def epoch(user: User) -> int:
    """As the database has it."""
    return User.objects.values_list("auth_epoch", flat=True).get(pk=user.pk)


def said(user: User) -> list[tuple[str, Any]]:
    """What the record holds about this person."""
    return list(Audit.objects.filter(owner_id=str(user.uid)).order_by("id").values_list("action", "detail"))


def permission() -> Permission:
    return Permission.objects.get(codename="read_conversation")


@pytest.mark.parametrize(
    ("field", "value", "action", "detail"),
    [
        ("is_active", False, "account.deactivated", {}),
        ("is_staff", True, "role.changed", {"is_staff": True}),
        ("is_superuser", True, "role.changed", {"is_superuser": True}),
    ],
)
def test_deactivation_and_roles_raise_the_epoch_and_are_recorded(
    alice: User, field: str, value: bool, action: str, detail: dict[str, bool]
) -> None:
    setattr(alice, field, value)
    alice.save()
    assert epoch(alice) == alice.auth_epoch == 1
    assert said(alice) == [(action, detail)]
    setattr(alice, field, not value)
    alice.save(update_fields=[field])
    assert epoch(alice) == 2
    assert len(said(alice)) == 2


def test_a_new_password_raises_the_epoch(alice: User) -> None:
    alice.set_password("quite another sentence")
    alice.save()
    assert epoch(alice) == 1


def test_other_changes_do_not(alice: User, client: Client) -> None:
    alice.name, alice.theme, alice.model = "Alice Chen", "dark", "tour"
    alice.save()
    client.force_login(alice)
    assert epoch(alice) == 0


def test_a_stale_copy_of_the_row_takes_no_epoch_back(alice: User) -> None:
    stale = User.objects.get(pk=alice.pk)
    alice.is_staff = True
    alice.save()
    stale.is_active = False
    stale.save(update_fields=["is_active"])
    assert epoch(alice) == stale.auth_epoch == 2


def test_a_group_or_a_permission_given_or_taken_counts_as_a_role(alice: User) -> None:
    teachers = Group.objects.create(name="Teachers")
    alice.groups.add(teachers)
    assert epoch(alice) == 1
    alice.groups.remove(teachers)
    assert epoch(alice) == 2
    teachers.user_set.add(alice)
    assert epoch(alice) == 3
    teachers.user_set.clear()
    assert epoch(alice) == 4
    alice.user_permissions.add(permission())
    assert epoch(alice) == 5
    alice.user_permissions.clear()
    assert epoch(alice) == 6
    verbs = [next(iter(detail)) for _, detail in said(alice)]
    assert verbs == ["added", "removed", "added", "removed", "added", "removed"]
    assert said(alice)[0] == ("role.changed", {"added": ["Teachers"]})


def test_what_a_group_may_do_is_what_its_people_may_do(alice: User, charlie: User) -> None:
    teachers = Group.objects.create(name="Teachers")
    alice.groups.add(teachers)
    before = epoch(alice)
    teachers.permissions.add(permission())
    assert epoch(alice) == before + 1
    teachers.permissions.clear()
    assert epoch(alice) == before + 2
    teachers.delete()
    assert epoch(alice) == before + 3
    assert epoch(charlie) == 0
    rows = Audit.objects.filter(action__startswith="group.").order_by("id").values_list("action", "detail__group")
    assert list(rows) == [("group.changed", "Teachers"), ("group.changed", "Teachers"), ("group.deleted", "Teachers")]


def test_an_administrator_made_by_a_command_is_recorded() -> None:
    call_command("createsuperuser", email="dora@example.com", interactive=False, verbosity=0)
    dora = User.objects.get()
    assert said(dora) == [("role.changed", {"is_staff": True, "is_superuser": True})]
    assert epoch(dora) == 0


def test_the_end_of_an_account_is_recorded(alice: User) -> None:
    uid = str(alice.uid)
    alice.delete()
    assert Audit.objects.get(owner_id=uid).action == "account.deleted"


def test_superusers_have_every_permission_but_to_review(alice: User) -> None:
    alice.is_superuser = True
    alice.save()
    assert alice.has_perm("accounts.change_user")
    assert not alice.has_perm("review.read_conversation")
    alice.user_permissions.add(permission())
    assert alice.has_perm("review.read_conversation")
    alice.is_active = False
    assert not alice.has_perm("review.read_conversation")
