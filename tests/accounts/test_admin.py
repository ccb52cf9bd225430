"""People in the admin."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client

from chatsite.accounts.models import User
from chatsite.audit.models import Audit

pytestmark = [pytest.mark.django_db, pytest.mark.store]

PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def dora(client: Client, password: str) -> User:
    """She administers, in `client`."""
    dora = User.objects.create_superuser("dora@example.com", password, name="Dora")
    client.force_login(dora)
    return dora


@pytest.fixture
def erin(password: str) -> Client:
    """The browser of somebody who may change people, but is no superuser."""
    erin = User.objects.create_user("erin@example.com", password, name="Erin", is_staff=True)
    erin.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["accounts", "auth"]))
    browser = Client()
    browser.force_login(erin)
    return browser


def form(user: User, **changes: object) -> dict[str, object]:
    """The change form's fields as they are, but for what is to change; None stands for a box not ticked."""
    fields = {
        "name": user.name,
        "is_active": "on" if user.is_active else None,
        "is_staff": "on" if user.is_staff else None,
        "is_superuser": "on" if user.is_superuser else None,
        "language": user.language,
        "time_zone": user.time_zone,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def said(user: User) -> list[tuple[str, str]]:
    """Who did what to this person."""
    return list(Audit.objects.filter(owner_id=str(user.uid)).order_by("id").values_list("actor", "action"))


def test_dora_finds_people_and_sees_no_passwords(client: Client, dora: User, alice: User) -> None:
    page = client.get(PEOPLE, {"q": "alice"}).content.decode()
    assert "alice@example.com" in page
    page = client.get(f"{PEOPLE}{alice.pk}/change/").content.decode()
    assert "argon2" not in page
    assert 'type="password"' not in page


def test_deactivating_somebody_is_recorded_and_ends_their_sessions(client: Client, dora: User, alice: User) -> None:
    hers = Client()
    hers.force_login(alice)
    assert client.post(f"{PEOPLE}{alice.pk}/change/", form(alice, is_active=None)).status_code == 302
    alice.refresh_from_db()
    assert not alice.is_active
    assert alice.auth_epoch == 1
    assert said(alice)[-1] == (dora.label, "account.deactivated")
    assert hers.get("/account/").status_code == 302


def test_several_are_deactivated_at_once_but_never_oneself(
    client: Client, dora: User, alice: User, charlie: User
) -> None:
    client.post(PEOPLE, {"action": "deactivate", "_selected_action": [alice.pk, charlie.pk, dora.pk]})
    assert list(User.objects.filter(is_active=True)) == [dora]
    assert said(alice)[-1] == said(charlie)[-1] == (dora.label, "account.deactivated")


def test_giving_rights_is_recorded(client: Client, dora: User, alice: User) -> None:
    teachers = Group.objects.create(name="Teachers")
    client.post(f"{PEOPLE}{alice.pk}/change/", form(alice, is_staff="on", groups=[teachers.pk]))
    alice.refresh_from_db()
    assert alice.is_staff
    assert alice.auth_epoch == 2
    assert said(alice) == [(dora.label, "role.changed")] * 2


def test_dora_starts_a_reset_and_only_alice_can_choose(client: Client, dora: User, alice: User) -> None:
    client.post(PEOPLE, {"action": "start_reset", "_selected_action": [alice.pk]})
    assert mail.outbox[0].to == ["alice@example.com"]
    assert re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert said(alice) == [(dora.label, "password.reset_started")]


def test_somebody_added_gets_no_password_until_they_choose_one(client: Client, dora: User) -> None:
    fields = {"email": "Frank@Example.com", "name": "Frank", "is_active": "on", "time_zone": "UTC", "language": ""}
    assert client.post(f"{PEOPLE}add/", fields).status_code == 302
    frank = User.objects.get(email="frank@example.com")
    assert not frank.has_usable_password()
    client.post(PEOPLE, {"action": "start_reset", "_selected_action": [frank.pk]})
    assert mail.outbox[0].to == ["frank@example.com"]
    again = client.post(f"{PEOPLE}add/", {**fields, "email": "frank@example.com"})
    assert "There is an account with this address already." in again.content.decode()


def test_S_38_hidden_fields_are_not_taken_by_the_admin_either(client: Client, dora: User, alice: User) -> None:
    before = User.objects.values("password", "email", "uid", "auth_epoch", "date_joined").get(pk=alice.pk)
    extra = {"password": "x", "email": "evil@example.com", "uid": str(dora.uid), "auth_epoch": "7", "id": dora.pk}
    client.post(f"{PEOPLE}{alice.pk}/change/", form(alice, name="Alice Chen", date_joined="2001-01-01", **extra))
    alice.refresh_from_db()
    assert alice.name == "Alice Chen"
    assert User.objects.values(*before).get(pk=alice.pk) == before


def test_who_may_change_people_gives_no_rights_they_do_not_have(
    erin: Client, alice: User, dora: User, password: str
) -> None:
    rights = {"is_staff": "on", "is_superuser": "on", "user_permissions": [1], "groups": []}
    assert erin.post(f"{PEOPLE}{alice.pk}/change/", form(alice, name="Alice Chen", **rights)).status_code == 302
    alice.refresh_from_db()
    assert alice.name == "Alice Chen"
    assert not alice.is_staff
    assert not alice.is_superuser
    assert not alice.user_permissions.exists()
    assert erin.post(f"{PEOPLE}{dora.pk}/change/", form(dora, name="x")).status_code == 403
    assert erin.post(f"{PEOPLE}{dora.pk}/delete/", {"post": "yes"}).status_code == 403
    erin.post(PEOPLE, {"action": "deactivate", "_selected_action": [dora.pk]})
    erin.post(PEOPLE, {"action": "start_reset", "_selected_action": [dora.pk]})
    dora.refresh_from_db()
    assert dora.is_active
    assert not mail.outbox


def test_nobody_takes_rights_from_themselves_or_gives_them(client: Client, dora: User) -> None:
    client.post(f"{PEOPLE}{dora.pk}/change/", form(dora, is_active=None, is_superuser=None, user_permissions=[1]))
    dora.refresh_from_db()
    assert dora.is_active
    assert dora.is_superuser
    assert not dora.user_permissions.exists()
    assert client.post(f"{PEOPLE}{dora.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_end_of_an_account_is_recorded_with_its_name(client: Client, dora: User, charlie: User) -> None:
    assert client.post(f"{PEOPLE}{charlie.pk}/delete/", {"post": "yes"}).status_code == 302
    row = Audit.objects.get(action="account.deleted")
    assert (row.actor, row.owner) == (dora.label, "Charlie <charlie@example.com>")


def test_alice_and_charlie_see_no_admin(client: Client, alice: User) -> None:
    client.force_login(alice)
    for address in ("/admin/", PEOPLE, "/admin/audit/audit/", "/admin/auth/group/"):
        assert client.get(address, follow=True).status_code == 403
