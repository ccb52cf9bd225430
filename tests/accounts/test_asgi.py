"""The same under ASGI, where threads and contexts change hands."""

from __future__ import annotations

import asyncio

import pytest
from django.test import AsyncClient
from django.utils import timezone

from chatsite.accounts.hashers import Argon2, Gate
from chatsite.accounts.models import User
from chatsite.audit.models import Audit
from chatsite.database import db

from .conftest import LOGIN

pytestmark = [pytest.mark.django_db, pytest.mark.store]


async def test_dora_deactivates_alice_and_the_record_names_her(alice: User, password: str) -> None:
    dora = await db(User.objects.create_superuser)("dora@example.com", password, name="Dora")
    hers = AsyncClient()
    assert (await hers.post(LOGIN, {"login": dora.email, "password": password})).status_code == 302
    answer = await hers.post("/admin/accounts/user/", {"action": "deactivate", "_selected_action": [alice.pk]})
    assert answer.status_code == 302
    row = await db(Audit.objects.get)(action="account.deactivated")
    assert (row.actor, row.owner_id) == (dora.label, str(alice.uid))
    await db(alice.refresh_from_db)()
    assert (alice.is_active, alice.auth_epoch) == (False, 1)


async def test_what_is_done_by_a_command_meanwhile_has_no_name(alice: User, charlie: User) -> None:
    client = AsyncClient()
    await client.aforce_login(charlie)
    await client.get("/account/")
    alice.is_staff = True
    await db(alice.save)()
    assert (await db(Audit.objects.get)(action="role.changed")).actor == ""


async def test_each_sees_their_own_time_at_the_same_moment(alice: User, charlie: User) -> None:
    alice.time_zone = "Asia/Shanghai"
    await db(alice.save)()
    people = [alice, charlie] * 5
    clients = [AsyncClient() for _ in people]
    for client, person in zip(clients, people, strict=True):
        await client.aforce_login(person)
    pages = await asyncio.gather(*(client.get("/account/") for client in clients))
    for page, person in zip(pages, people, strict=True):
        assert person.email in page.content.decode()
        assert f'<option value="{person.time_zone}" selected>' in page.content.decode()
    assert timezone.get_current_timezone_name() == "UTC"


async def test_whoever_finds_the_queue_full_is_asked_to_come_back(
    alice: User, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Gate(at_once=1, waiting=0)
    monkeypatch.setattr(Argon2, "gate", full)
    with full.enter():
        answer = await AsyncClient().post(LOGIN, {"login": alice.email, "password": password})
    assert answer.status_code == 429


async def test_a_fragment_for_somebody_signed_out_says_so() -> None:
    answer = await AsyncClient().post("/c/", {"text": "Hello"}, headers={"X-Fragment": "1"})
    assert answer.status_code == 401
    assert b'data-reason="signed_out"' in answer.content
