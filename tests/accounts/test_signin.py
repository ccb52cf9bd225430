"""Signing in and out."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client

from chatsite.accounts.models import User
from chatsite.audit.models import Audit

from .conftest import LOGIN, SignIn

pytestmark = [pytest.mark.django_db, pytest.mark.store]

LOGOUT = "/accounts/logout/"


def inside(client: Client) -> bool:
    """Whether this browser is signed in."""
    return SESSION_KEY in client.session


def last(action: str) -> Audit:
    """The newest row of a kind."""
    return Audit.objects.filter(action=action).latest("id")


def test_alice_signs_in_whatever_the_case_of_her_address(client: Client, alice: User, sign_in: SignIn) -> None:
    answer = sign_in("  ALICE@Example.COM ")
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert inside(client)
    assert last("sign_in").actor_id == str(alice.uid)


def test_an_address_written_in_capitals_by_an_administrator_signs_in_too(client: Client, sign_in: SignIn) -> None:
    User.objects.create_user("Dora@EXAMPLE.com", "a long enough sentence")
    sign_in("dora@example.com", "a long enough sentence")
    assert inside(client)


def test_the_form_asks_for_e_mail_and_password(client: Client) -> None:
    form = client.get(LOGIN).context["form"]
    assert [str(field.label) for field in form] == ["E-mail", "Password"]


def test_the_session_is_another_one_after_signing_in(client: Client, alice: User, sign_in: SignIn) -> None:
    client.post("/accounts/password/reset/", {"email": "alice@example.com"})
    session = client.session
    session["planted"] = "by Charlie"
    session.save()
    client.cookies["session"] = str(session.session_key)
    sign_in("alice@example.com")
    assert client.session.session_key != session.session_key
    assert not Client(cookies={"session": session.session_key}).session.get(SESSION_KEY)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    client: Client, alice: User, sign_in: SignIn
) -> None:
    def told(email: str) -> tuple[int, str]:
        answer = sign_in(email, "not the password", REMOTE_ADDR=f"192.0.2.{len(email)}")
        return answer.status_code, answer.content.decode().replace(email, "").split("csrfmiddlewaretoken")[0] + str(
            answer.context["form"].errors  # type: ignore[attr-defined]
        )

    assert told("alice@example.com") == told("nobody@example.com")
    assert "E-mail or password is not right." in told("nobody@example.org")[1]
    assert not inside(client)


def test_an_unknown_address_takes_as_long_as_a_wrong_password(alice: User, sign_in: SignIn) -> None:
    def seconds(email: str) -> float:
        began = time.perf_counter()
        sign_in(email, "not the password")
        return time.perf_counter() - began

    seconds("alice@example.com")
    known = min(seconds("alice@example.com") for _ in range(3))
    unknown = min(seconds(f"nobody{n}@example.com") for n in range(3))
    assert known / 10 < unknown < known * 10


def test_failures_are_recorded_without_what_was_typed(alice: User, sign_in: SignIn) -> None:
    sign_in("alice@example.com", "hunter2 hunter2")
    row = last("sign_in.failed")
    assert (row.actor_id, row.owner_id) == ("", str(alice.uid))
    sign_in("my-real-password@example.com", "hunter2 hunter2")
    row = last("sign_in.failed")
    assert row.owner_id == ""
    assert "hunter2" not in str(Audit.objects.values())
    assert "my-real" not in str(Audit.objects.values())


@pytest.mark.parametrize("word", ["", " ", "\t \n", "\0", "\0" * 12, "   \0   ", "correct horse battery staple\0"])
def test_S_40_blank_and_nul_passwords_are_refused_before_any_back_end(
    client: Client, alice: User, sign_in: SignIn, word: str
) -> None:
    alice.set_password(word)  # Even if it were the password that is kept.
    alice.save()
    assert sign_in("alice@example.com", word).status_code == 200
    assert not inside(client)
    assert not Audit.objects.filter(action="sign_in.failed").exists()


def test_alice_signs_out_by_post_only_and_it_is_recorded(client: Client, alice: User, sign_in: SignIn) -> None:
    sign_in("alice@example.com")
    client.get(LOGOUT)
    assert inside(client)
    answer = client.post(LOGOUT)
    assert answer["Location"] == LOGIN
    assert not inside(client)
    assert last("sign_out").actor_id == str(alice.uid)


def test_somebody_deactivated_is_out_at_once_and_does_not_come_in(client: Client, alice: User, sign_in: SignIn) -> None:
    sign_in("alice@example.com")
    assert client.get("/account/").status_code == 200
    alice.is_active = False
    alice.save()
    assert client.get("/account/").status_code == 302
    assert sign_in("alice@example.com", browser=Client())["Location"] == "/accounts/inactive/"


def test_five_wrong_passwords_are_followed_by_a_pause(client: Client, alice: User, sign_in: SignIn) -> None:
    told = [sign_in("alice@example.com", f"wrong password {n}").content.decode() for n in range(5)]
    assert all("E-mail or password is not right." in page for page in told)
    assert "more" not in told[1].partition("not right.")[2].partition("<")[0]
    assert "Two more tries, then a pause of 5 minutes." in told[2]
    assert "One more try, then a pause of 5 minutes." in told[3]
    assert "It works again in 5 minutes." in told[4]
    assert "Too many tries" in sign_in("alice@example.com").content.decode()
    assert not inside(client)
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert "Too many tries" in sign_in("alice@example.com", browser=elsewhere).content.decode()


def test_one_address_may_not_try_everybodys_password(sign_in: SignIn) -> None:
    for n in range(10):
        sign_in(f"person{n}@example.com", "the same password")
    assert "Too many tries" in sign_in("another@example.com", "the same password").content.decode()


def test_S_48_saying_to_come_from_elsewhere_changes_nothing(client: Client, alice: User, sign_in: SignIn) -> None:
    for n in range(10):
        sign_in(f"person{n}@example.com", "the same password", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}")
    spoofed = sign_in("alice@example.com", HTTP_X_FORWARDED_FOR="203.0.113.99", HTTP_FORWARDED="for=203.0.113.98")
    assert "Too many tries" in spoofed.content.decode()
    assert not inside(client)


def test_S_48_a_whole_network_of_ipv6_counts_as_one(sign_in: SignIn) -> None:
    for n in range(10):
        sign_in(f"person{n}@example.com", "the same password", REMOTE_ADDR=f"2001:db8:1:2::{n:x}")
    refused = sign_in("another@example.com", "the same password", REMOTE_ADDR="2001:db8:1:2:ffff::1")
    assert "Too many tries" in refused.content.decode()
    neighbour = sign_in("another@example.com", "the same password", REMOTE_ADDR="2001:db8:1:3::1")
    assert "not right" in neighbour.content.decode()


def test_after_signing_in_one_is_never_sent_to_another_site(alice: User, client: Client, password: str) -> None:
    for where in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        answer = Client().post(LOGIN, {"login": "alice@example.com", "password": password, "next": where})
        assert answer["Location"] == "/", where
    answer = Client().post(LOGIN, {"login": "alice@example.com", "password": password, "next": "/account/"})
    assert answer["Location"] == "/account/"
