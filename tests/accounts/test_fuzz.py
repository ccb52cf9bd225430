"""S-45: whatever is typed or sent, nothing breaks, at our doors and at allauth's."""

from __future__ import annotations

import uuid
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from chatsite.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.store]

NASTY = [
    "",
    " ",
    "\0",
    "'",
    '"',
    "' OR 1=1 --",
    "'; DROP TABLE accounts_user; --",
    "%",
    "%s%n{0}{{7*7}}{% debug %}",
    "\\",
    "../../../etc/passwd",
    "\r\nSet-Cookie: a=b",
    "Grüße 世界 🙂",
    "\u202e\u2028\ufeff",
    "İıſK",
    "alice@example.com\0",
    "alice@exämple.com",
    "a@" + "b" * 300 + ".com",
    "-1",
    "9" * 400,
    "1e309",
    "NaN",
    "[]",
    "<script>alert(1)</script>",
    "x" * 900_000,
]
FORMS = {
    "/accounts/login/": ["login", "password", "next", "remember"],
    "/accounts/signup/": ["name", "email", "password1", "next"],
    "/accounts/password/reset/": ["email", "next"],
    "/accounts/password/reset/key/1-set-password/": ["password1", "password2"],
    "/accounts/confirm-email/": ["code", "email"],
    "/session": ["x"],
}
INSIDE = {
    "/account/": ["name", "language", "time_zone", "theme", "speech", "shows_thinking"],
    "/account/theme/": ["theme"],
    "/account/model/": ["model"],
    "/accounts/password/change/": ["oldpassword", "password1", "password2"],
    "/accounts/email/": ["email", "action_add", "action_remove", "action_primary", "action_send"],
    "/accounts/reauthenticate/": ["password", "next"],
    f"/review/c/{uuid.uuid4()}/": ["reason"],
    "/accounts/logout/": ["next"],
}


def fuzz(client: Client, forms: dict[str, list[str]], *, singly: bool) -> None:
    """Send each nasty thing in all fields at once, and in each; what breaks is raised by the client."""
    for address, fields in forms.items():
        for nasty in NASTY:
            cache.clear()
            for names in [fields, *([name] for name in fields if singly)]:
                good = {
                    "email": "a@example.com",
                    "login": "a@example.com",
                    "name": "A",
                    "password": "x",
                    "password1": "x",
                }
                answer = client.post(address, {**good, **dict.fromkeys(names, nasty)})
                assert answer.status_code < 500, (address, names, nasty[:40])
            if singly and len(nasty) < 1000:
                assert client.get(address, dict.fromkeys(fields, nasty)).status_code < 500, (address, nasty)


def test_S_45_the_entrance_withstands_anything(client: Client, alice: User, settings: Settings) -> None:
    settings.SIGNUP = "open"
    _hash_fast(settings)
    fuzz(client, FORMS, singly=True)


def test_S_45_so_does_what_is_inside(client: Client, bob: User, settings: Settings) -> None:
    _hash_fast(settings)
    client.force_login(bob)
    fuzz(client, INSIDE, singly=False)


@pytest.mark.parametrize("nasty", [n for n in NASTY if len(n) < 1000])
def test_S_45_so_do_addresses_cookies_and_headers(client: Client, bob: User, nasty: str) -> None:
    part = quote(nasty, safe="")
    client.force_login(bob)
    for browser in (Client(), client):
        for address in (
            f"/accounts/password/reset/key/{part}-{part}/",
            f"/accounts/password/reset/key/1-{part}/",
            f"/accounts/password/reset/key/zzzzzzzzzzzzz-{part}/",
            f"/accounts/confirm-email/{part}/",
            f"/review/?person={part}&before={part}",
            f"/review/c/{part}/",
            f"/account/?{part}={part}",
            f"/{part}",
        ):
            assert browser.get(address).status_code < 500, address
    said = nasty.encode().decode("latin-1").replace("\r", "").replace("\n", "").replace("\0", "")
    for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FRAGMENT", "HTTP_ACCEPT_LANGUAGE", "HTTP_USER_AGENT", "HTTP_REFERER"):
        assert Client(headers={}).get("/accounts/login/", **{name: said}).status_code < 500, name  # type: ignore[arg-type]
    assert Client(cookies={"session": part, "csrf": part, "messages": part}).get("/account/").status_code < 500


@pytest.mark.parametrize(
    "raw", [b"login=%ff%fe&password=%c3%28", b"login=%ed%a0%80&password=%00", b"%", b"=&=&==", b"\xff" * 50]
)
def test_S_45_so_does_what_is_no_text(client: Client, raw: bytes) -> None:
    for address in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", ""):
            assert client.post(address, raw, content_type=kind).status_code < 500, (address, kind)


def _hash_fast(settings: Settings) -> None:
    """Thousands of sign-ins would take minutes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
