"""The record says who did what to whose, and only grows."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from chatsite.accounts.models import User
from chatsite.audit.models import Audit
from chatsite.audit.record import record
from chatsite.conversations.models import Conversation

pytestmark = [pytest.mark.django_db, pytest.mark.store]


def test_it_names_bob_who_acts_alice_whose_it_is_and_what_it_is(alice: User, bob: User) -> None:
    conversation = Conversation.objects.create(owner=alice, title="My secret illness")
    row = record(bob, "conversation.read", owner=alice, object=conversation, reason="Reported", detail={"n": 1})
    row.refresh_from_db()
    assert (row.actor_id, row.actor) == (str(bob.uid), "Bob <bob@example.com>")
    assert (row.owner_id, row.owner) == (str(alice.uid), "Alice <alice@example.com>")
    assert (row.object_type, row.object_id) == ("conversations.conversation", str(conversation.uid))
    assert (row.action, row.reason, row.detail) == ("conversation.read", "Reported", {"n": 1})


def test_it_never_holds_alices_words(alice: User, bob: User) -> None:
    conversation = Conversation.objects.create(owner=alice, title="My secret illness")
    row = record(bob, "conversation.read", owner=alice, object=conversation)
    assert "secret" not in str(Audit.objects.filter(pk=row.pk).values())


def test_what_nobody_did_has_no_name(alice: User) -> None:
    for nobody in (None, AnonymousUser()):
        row = record(nobody, "sign_in.failed", owner=alice)
        assert (row.actor_id, row.actor) == ("", "")


def test_it_outlives_alice(alice: User, bob: User) -> None:
    record(bob, "conversation.read", owner=alice)
    alice.delete()
    assert Audit.objects.get(action="conversation.read").owner == "Alice <alice@example.com>"


def test_nobody_can_change_a_row(bob: User) -> None:
    row = record(bob, "conversation.read", reason="Curious")
    row.reason = "Reported"
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        row.save()
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        Audit.objects.filter(pk=row.pk).update(actor="Charlie")
    row.refresh_from_db()
    assert (row.reason, row.actor) == ("Curious", bob.label)


def test_nobody_can_delete_a_row(bob: User) -> None:
    row = record(bob, "conversation.read")
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        row.delete()
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_audit")
    assert Audit.objects.filter(pk=row.pk).exists()


def test_nobody_can_put_another_row_in_the_place_of_one(bob: User) -> None:
    row = record(bob, "conversation.read")
    columns = ", ".join(str(field.column) for field in Audit._meta.concrete_fields)
    copy = f"INTO audit_audit ({columns}) SELECT {columns} FROM audit_audit WHERE id = {row.pk}"
    statement = {
        "sqlite": f"INSERT OR REPLACE {copy}",
        "postgresql": f"INSERT {copy} ON CONFLICT (id) DO UPDATE SET action = 'nothing'",
    }[connection.vendor]
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    row.refresh_from_db()
    assert row.action == "conversation.read"


@pytest.mark.django_db(transaction=True)
def test_the_guard_goes_and_comes_with_its_migration(bob: User) -> None:
    record(bob, "conversation.read")
    MigrationExecutor(connection).migrate([("audit", "0001_initial")])
    Audit.objects.filter(action="conversation.read").update(action="nothing")
    MigrationExecutor(connection).migrate([("audit", "0002_only_grows")])
    with pytest.raises(IntegrityError, match="only grows"):
        Audit.objects.update(action="something")


def test_an_administrator_looks_at_it_and_no_more(alice: User, client: Client) -> None:
    admin = User.objects.create_superuser("dora@example.com", "a long enough sentence", name="Dora")
    row = record(alice, "sign_out", owner=alice)
    client.force_login(admin)
    assert alice.label in client.get("/admin/audit/audit/").content.decode().replace("&lt;", "<").replace("&gt;", ">")
    page = f"/admin/audit/audit/{row.pk}/"
    assert client.get(f"{page}change/").status_code == 200
    assert client.post(f"{page}change/", {"reason": "x"}).status_code == 403
    assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/audit/audit/add/").status_code == 403
