"""Every address needs an account, but for the few that let one in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter
from pytest_django.fixtures import Settings

from chatsite.accounts.models import User

from .conftest import LOGIN, SignIn

pytestmark = pytest.mark.django_db

ENTRANCE = {
    "account_login",
    "account_signup",
    "account_inactive",
    "account_logout",  # Sends whoever is not signed in to the sign-in page by itself.
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_email_verification_sent",
    "account_confirm_login_code",
    "account_reauthenticate",  # The same: its view asks itself.
}
OPEN = ENTRANCE | {"healthz", "readyz", "session", "csp-report", "metrics", "manifest"}
GUESSES = {"uidb36": "1", "key": "abc-def", "app_label": "auth", "url": "nowhere", "content_type_id": "1"}


def addresses(patterns: list[URLPattern | URLResolver] | None = None, before: str = "/") -> Iterator[tuple[str, str]]:
    """The name and an example of each address there is."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        example = before + _example(pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, example)
        else:
            yield pattern.name or "", example


def _example(pattern: URLPattern | URLResolver) -> str:
    route = str(pattern.pattern)
    for name, converter in pattern.pattern.converters.items():
        value = {IntConverter: "1", UUIDConverter: str(uuid.UUID(int=7))}.get(type(converter), GUESSES.get(name, "x"))
        route = route.replace(f"<{_word(route, name)}>", value)
    if "(?P<" in route:
        route = route.lstrip("^").rstrip("$")
        for name, value in GUESSES.items():
            route = _without_group(route, name, value)
    return route


def _word(route: str, name: str) -> str:
    return next(part for part in route.replace("<", ">").split(">") if part == name or part.endswith(f":{name}"))


def _without_group(route: str, name: str, value: str) -> str:
    start = route.find(f"(?P<{name}>")
    if start < 0:
        return route
    return route[:start] + value + route[route.index(")", start) + 1 :]


CLOSED = [address for name, address in addresses() if name not in OPEN and address != "/admin/login/"]


def test_the_list_of_addresses_is_not_empty() -> None:
    assert {"/", "/account/", "/review/", "/admin/"} <= set(CLOSED)


@pytest.mark.parametrize("address", CLOSED)
def test_every_page_needs_an_account(client: Client, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 302, address
    assert page["Location"].startswith(LOGIN), address
    sent = client.post(address)
    assert sent.status_code == 302, address
    assert sent["Location"].startswith(LOGIN), address
    for method in (client.get, client.post):
        fragment = method(address, HTTP_X_FRAGMENT="1")
        assert fragment.status_code == 401, address


@pytest.mark.parametrize("name", sorted(ENTRANCE))
def test_the_entrance_is_open(client: Client, name: str) -> None:
    address = dict(addresses())[name]
    page = client.get(address)
    assert page.status_code == 200 or not page["Location"].startswith("/account/"), address


def test_a_fragment_for_somebody_signed_out_says_so(client: Client) -> None:
    answer = client.post("/c/", {"text": "Hello"}, HTTP_X_FRAGMENT="1")
    assert answer.status_code == 401
    assert answer.content.decode() == (
        '<p role="alert" data-reason="signed_out">You were signed out. Sign in to go on; what you typed is kept in '
        "this tab.</p>"
    )


def test_after_signing_in_one_is_back_where_one_was(
    client: Client, alice: User, sign_in: SignIn, password: str
) -> None:
    login = client.get("/account/?tab=security")["Location"]
    answer = client.post(login, {"login": alice.email, "password": password})
    assert answer["Location"] == "/account/?tab=security"


def test_but_not_at_an_address_that_only_takes_what_is_sent(client: Client) -> None:
    assert client.post(f"/m/{uuid.uuid4()}/stop/")["Location"] == LOGIN


def test_the_admins_own_form_is_replaced_by_ours(client: Client, alice: User, password: str) -> None:
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)
    dora = User.objects.create_superuser("dora@example.com", password)
    answer = client.post("/admin/login/", {"username": dora.email, "password": password, "this_is_the_login_form": "1"})
    assert answer["Location"].startswith(LOGIN)
    assert client.get("/admin/").status_code == 302
    client.force_login(alice)
    assert client.get("/admin/", follow=True).status_code == 403
    client.force_login(dora)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/login/", "/admin/accounts/user/", "/admin/nowhere/", "/review/"]
)
def test_over_open_http_there_is_no_admin_and_no_review(
    client: Client, bob: User, settings: Settings, address: str
) -> None:
    settings.OPEN_HTTP = True
    assert client.get(address).status_code == 404
    client.force_login(bob)
    assert client.get(address).status_code == 404
    assert client.get("/account/").status_code == 200
