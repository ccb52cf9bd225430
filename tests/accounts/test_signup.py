"""Making an account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from chatsite.accounts.models import User
from chatsite.audit.models import Audit

from .conftest import SIGNUP

pytestmark = [pytest.mark.django_db, pytest.mark.store]

DORA = {"name": "Dora", "email": "dora@example.com", "password1": "a sentence nobody guesses"}


@pytest.fixture(autouse=True)
def _open(settings: Settings) -> None:
    settings.SIGNUP = "open"


def sign_up(browser: Client | None = None, /, **fields: Any) -> HttpResponse:
    """Send the form, as Dora unless said otherwise."""
    return (browser or Client()).post(SIGNUP, {**DORA, **fields})  # type: ignore[return-value]


def test_the_form_asks_for_name_e_mail_and_password_in_this_order(client: Client) -> None:
    form = client.get(SIGNUP).context["form"]
    assert [str(field.label) for field in form] == ["Name", "E-mail", "Password"]
    assert form.fields["password1"].help_text == "12 characters or more. A sentence is best."


def test_dora_signs_up_and_is_in(client: Client) -> None:
    answer = sign_up(client, email="Dora@Example.COM")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    dora = User.objects.get()
    assert (dora.name, dora.email, dora.is_active) == ("Dora", "dora@example.com", True)
    assert client.get("/account/").status_code == 200
    assert Audit.objects.filter(action="sign_in", owner_id=str(dora.uid)).exists()


def test_where_sign_up_is_closed_the_page_says_so_and_takes_nothing(client: Client, settings: Settings) -> None:
    settings.SIGNUP = "closed"
    page = client.get(SIGNUP)
    assert page.status_code == 200
    assert "form" not in page.context
    assert sign_up().status_code == 200
    assert not User.objects.exists()


def test_an_address_is_taken_whatever_its_case(alice: User) -> None:
    for email in ("alice@example.com", "ALICE@example.com", "Alice@EXAMPLE.com"):
        answer = sign_up(email=email)
        assert "There is an account with this address already." in answer.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"password1": "short"}, "too short: 12 characters are needed."),
        ({"password1": "x" * 257}, "256 characters at most."),
        ({"password1": "qwerty123456"}, "stolen"),
        ({"password1": "dora@example.com"}, "choose another"),
        ({"password1": " " * 20}, ""),
        ({"password1": "a sentence with a\0 in it"}, ""),
        ({"name": ""}, ""),
        ({"name": "   "}, ""),
        ({"name": "x" * 121}, ""),
        ({"name": "Do\0ra"}, ""),
        ({"email": "not an address"}, ""),
        ({"email": f"{'x' * 250}@example.com"}, ""),
    ],
)
def test_what_cannot_be_is_refused_with_words(fields: dict[str, str], word: str) -> None:
    answer = sign_up(**fields)
    assert answer.status_code == 200
    assert word in answer.content.decode()
    assert not User.objects.exists()


def test_passwords_of_any_characters_are_kept_whole(client: Client) -> None:
    word = "  Grüße, 世界! 🙂 \"<&'> " + "é" * 200
    sign_up(password1=word)
    assert User.objects.get().check_password(word)
    assert not User.objects.get().check_password(word.strip())
    assert not User.objects.get().check_password(word[:-1])


def test_S_38_nothing_but_name_address_and_password_is_taken_from_the_form() -> None:
    before = User(email="x")
    extra = {field.name: "7" for field in User._meta.get_fields() if field.name not in DORA}
    extra |= {"is_staff": "on", "is_superuser": "on", "is_active": "", "role": "admin", "owner": "1", "quota": "9"}
    extra |= {"date_joined": "2001-01-01", "last_login": "2001-01-01", "groups": "1", "user_permissions": "1"}
    assert sign_up(**{**extra, "password": "another long enough sentence"}).status_code == 302
    dora = User.objects.get()
    assert not dora.is_staff
    assert not dora.is_superuser
    assert dora.is_active
    assert not dora.groups.exists()
    assert not dora.user_permissions.exists()
    assert (dora.language, dora.time_zone, dora.theme, dora.model, dora.auth_epoch) == (
        before.language,
        before.time_zone,
        before.theme,
        before.model,
        0,
    )
    assert dora.date_joined.year > 2001
    assert str(dora.uid) != "7"
    assert dora.check_password(DORA["password1"])


@pytest.mark.django_db(transaction=True)
def test_S_39_of_fifty_who_sign_up_first_none_is_an_administrator() -> None:
    def one(n: int) -> int:
        try:
            browser = Client(REMOTE_ADDR=f"192.0.2.{n}")
            return sign_up(browser, email=f"person{n}@example.com", is_superuser="on").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(one, range(50))) == {302}
    assert User.objects.count() == 50
    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.filter(is_staff=True).exists()


@pytest.mark.django_db(transaction=True)
def test_of_several_who_take_one_address_at_once_one_gets_it_and_nothing_breaks() -> None:
    def one(n: int) -> int:
        try:
            return sign_up(Client(REMOTE_ADDR=f"192.0.2.{n}")).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) <= {200, 302}
    assert User.objects.count() == 1


def test_names_that_look_like_code_are_shown_as_they_are(client: Client) -> None:
    sign_up(client, name="<script>alert(1)</script>")
    page = client.get("/account/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
