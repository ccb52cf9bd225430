"""What passwords may be, how they are kept, and how they are changed."""

from __future__ import annotations

import re
import threading
import time
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatsite.accounts.hashers import Argon2, Crowded, Gate
from chatsite.accounts.models import User
from chatsite.accounts.passwords import CommonValidator, ContextValidator
from chatsite.audit.models import Audit

from .conftest import SignIn

CHANGE, RESET = "/accounts/password/change/", "/accounts/password/reset/"
NEW = "quite another sentence"


def refused(password: str, user: User | None = None) -> bool:
    """Whether our own rules refuse it."""
    try:
        ContextValidator().validate(password, user)
        CommonValidator().validate(password, user)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize(
    "password",
    [
        "I chat with my cat every day",
        "correct horse battery staple",
        "x" * 256,
        "837465928374",
        "世界上最长的密码也可以用",
    ],
)
def test_these_are_good_enough(password: str) -> None:
    assert not refused(password, User(email="alice@example.com", name="Alice Chen"))


@pytest.mark.parametrize(
    "password",
    [
        "elevenchars",
        "                ",
        "x" * 257,
        "alice@example.com",
        "AliceAliceAlice",
        "alicechen2026!",
        "Chatsite2026!",
        "chatsite-chatsite",
        "northfield-2026",
        "qwerty123456",
    ],
)
def test_these_are_not(password: str, settings: Settings) -> None:
    settings.SITE_NAME, settings.ORGANISATION = "Chatsite", "Northfield School"
    assert refused(password, User(email="alice@example.com", name="Alice Chen"))


def test_they_are_kept_by_argon2id_with_the_memory_meant() -> None:
    encoded = Argon2().encode("a sentence", "saltsaltsalt")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert isinstance(identify_hasher(encoded), Argon2)
    assert Argon2().verify("a sentence", encoded)
    assert not Argon2().verify("another", encoded)


@pytest.mark.django_db
@pytest.mark.store
def test_a_hash_of_less_effort_is_brought_up_to_date_at_sign_in(alice: User, sign_in: SignIn, password: str) -> None:
    class Cheaper(Argon2):
        memory_cost = 8192

    User.objects.filter(pk=alice.pk).update(password=Cheaper().encode(password, "saltsaltsalt"))
    assert sign_in("alice@example.com").status_code == 302
    alice.refresh_from_db()
    assert "m=19456" in alice.password
    assert not Audit.objects.filter(action="password.changed").exists()


def test_no_more_than_a_few_pass_the_gate_at_once_and_the_queue_has_an_end() -> None:
    gate, release, inside = Gate(at_once=2, waiting=3), threading.Event(), []

    def pass_through() -> None:
        with gate.enter():
            inside.append(1)
            release.wait(10)

    threads = [threading.Thread(target=pass_through) for _ in range(5)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 10
    while gate._places.acquire(blocking=False):
        gate._places.release()
        assert time.monotonic() < until
        time.sleep(0.01)
    assert len(inside) <= 2
    with pytest.raises(Crowded), gate.enter():
        pass
    release.set()
    for thread in threads:
        thread.join()
    assert len(inside) == 5
    with gate.enter():
        pass


@pytest.mark.django_db
def test_whoever_finds_the_queue_full_is_asked_to_come_back(
    alice: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Gate(at_once=1, waiting=0)
    monkeypatch.setattr(Argon2, "gate", full)
    with full.enter():
        answer = sign_in("alice@example.com")
    assert answer.status_code == 429
    assert answer["Retry-After"]
    assert sign_in("alice@example.com").status_code == 302


@pytest.mark.django_db
@pytest.mark.store
class TestChanging:
    """Alice knows her password."""

    def change(self, client: Client, old: str, new: str = NEW) -> int:
        return client.post(CHANGE, {"oldpassword": old, "password1": new, "password2": new}).status_code

    def test_it_ends_her_other_sessions_and_keeps_this_one(
        self, client: Client, alice: User, sign_in: SignIn, password: str
    ) -> None:
        elsewhere = Client()
        sign_in("alice@example.com", browser=elsewhere)
        sign_in("alice@example.com")
        key = client.session.session_key
        assert self.change(client, password) == 302
        assert client.get("/account/").status_code == 200
        assert client.session.session_key != key
        assert elsewhere.get("/account/").status_code == 302
        alice.refresh_from_db()
        assert alice.auth_epoch == 1
        assert alice.check_password(NEW)

    def test_it_is_recorded_once(self, client: Client, alice: User, sign_in: SignIn, password: str) -> None:
        sign_in("alice@example.com")
        self.change(client, password)
        row = Audit.objects.get(action__startswith="password.")
        assert (row.action, row.actor_id, row.owner_id) == ("password.changed", str(alice.uid), str(alice.uid))

    @pytest.mark.parametrize("old", ["", " ", "\0", "not the password"])
    def test_S_40_it_needs_the_old_one(
        self, client: Client, alice: User, sign_in: SignIn, password: str, old: str
    ) -> None:
        sign_in("alice@example.com")
        assert self.change(client, old) == 200
        alice.refresh_from_db()
        assert alice.check_password(password)
        assert alice.auth_epoch == 0

    def test_a_command_that_sets_it_is_recorded_and_ends_sessions_too(
        self, client: Client, alice: User, sign_in: SignIn
    ) -> None:
        sign_in("alice@example.com")
        alice.set_password(NEW)
        alice.save()
        assert client.get("/account/").status_code == 302
        alice.refresh_from_db()
        assert alice.auth_epoch == 1
        row = Audit.objects.get(action="password.changed")
        assert (row.actor_id, row.owner_id) == ("", str(alice.uid))


@pytest.mark.django_db
@pytest.mark.store
class TestResetting:
    """Alice has forgotten it."""

    def link(self, client: Client) -> str:
        client.post(RESET, {"email": "alice@example.com"})
        found = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
        assert found
        return found[1]

    def choose(self, client: Client, link: str) -> int:
        page = client.get(link)
        if page.status_code != 302:
            return page.status_code
        return client.post(page["Location"], {"password1": NEW, "password2": NEW}).status_code

    def test_a_link_lets_her_choose_another_once_and_ends_her_sessions(
        self, client: Client, alice: User, sign_in: SignIn
    ) -> None:
        elsewhere = Client()
        sign_in("alice@example.com", browser=elsewhere)
        link = self.link(client)
        assert self.choose(client, link) == 302
        alice.refresh_from_db()
        assert alice.check_password(NEW)
        assert alice.auth_epoch == 1
        assert elsewhere.get("/account/").status_code == 302
        assert self.choose(Client(), link) == 200
        row = Audit.objects.get(action__startswith="password.")
        assert (row.action, row.owner_id) == ("password.reset", str(alice.uid))

    def test_the_link_ends_after_half_an_hour(
        self, client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.contrib.auth.tokens import PasswordResetTokenGenerator

        link = self.link(client)
        later = (timezone.now() + timedelta(minutes=31)).replace(tzinfo=None)
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
        assert self.choose(client, link) == 200
        alice.refresh_from_db()
        assert not alice.check_password(NEW)

    def test_an_unknown_address_gets_the_same_answer(self, client: Client, alice: User) -> None:
        known = client.post(RESET, {"email": "alice@example.com"})
        unknown = client.post(RESET, {"email": "nobody@example.com"})
        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
        assert [m.to for m in mail.outbox] == [["alice@example.com"], ["nobody@example.com"]]
        assert "/key/" not in mail.outbox[1].body

    def test_the_mail_says_which_place_it_is_from(self, client: Client, alice: User, settings: Settings) -> None:
        settings.SITE_NAME = "Northfield chat"
        self.link(client)
        assert mail.outbox[-1].subject.startswith("Northfield chat")

    def test_somebody_deactivated_gets_no_link(self, client: Client, alice: User) -> None:
        alice.is_active = False
        alice.save()
        client.post(RESET, {"email": "alice@example.com"})
        assert "/key/" not in mail.outbox[-1].body
