"""A person's own page."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatsite.accounts.context import site
from chatsite.accounts.middleware import PersonMiddleware
from chatsite.accounts.models import User

pytestmark = pytest.mark.django_db

PROFILE = {"name": "Alice Chen", "language": "en", "time_zone": "Europe/Paris", "theme": "dark", "speech": "finished"}


@pytest.fixture
def hers(client: Client, alice: User) -> Client:
    """A browser in which Alice is signed in."""
    client.force_login(alice)
    return client


def test_alice_changes_her_profile(hers: Client, alice: User) -> None:
    assert [str(field.label) for field in hers.get("/account/").context["form"]] == [
        "Name",
        "Language",
        "Time zone",
        "Theme",
        "Read answers aloud",
        "Show what a model thinks while it thinks",
    ]
    assert hers.post("/account/", PROFILE).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.language, alice.time_zone, alice.theme, alice.speech) == tuple(PROFILE.values())
    assert not alice.shows_thinking
    hers.post("/account/", {**PROFILE, "shows_thinking": "on"})
    alice.refresh_from_db()
    assert alice.shows_thinking


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": "a\0b"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"theme": "purple"},
        {"speech": "loudly"},
        {"language": "tlh"},
    ],
)
def test_what_makes_no_sense_changes_nothing(hers: Client, alice: User, wrong: dict[str, str]) -> None:
    assert hers.post("/account/", {**PROFILE, **wrong}).status_code == 400
    alice.refresh_from_db()
    assert (alice.name, alice.theme) == ("Alice", "system")


@pytest.mark.parametrize("address", ["/account/", "/account/theme/", "/account/model/"])
def test_S_38_nothing_else_is_taken_from_these_forms(hers: Client, alice: User, charlie: User, address: str) -> None:
    columns = [field.name for field in User._meta.concrete_fields]
    before = User.objects.values(*columns).get(pk=alice.pk)
    extra: dict[str, Any] = {name: "7" for name in columns} | {"is_staff": "on", "is_superuser": "on", "owner": "7"}
    extra |= {"id": charlie.pk, "uid": str(charlie.uid), "email": "evil@example.com", "groups": "1", "role": "admin"}
    hers.post(address, {**extra, **PROFILE, "model": "tour"})
    after = User.objects.values(*columns).get(pk=alice.pk)
    changed = {name for name in columns if before[name] != after[name]} - {"last_login"}
    assert changed <= {*PROFILE, "shows_thinking", "model"}
    charlie.refresh_from_db()
    assert charlie.name == "Charlie"


def test_a_profile_saved_late_undoes_no_deactivation(alice: User) -> None:
    from chatsite.accounts.forms import ProfileForm

    form = ProfileForm(PROFILE, instance=User.objects.get(pk=alice.pk))
    assert form.is_valid()
    alice.is_active = False
    alice.save()
    form.save()
    alice.refresh_from_db()
    assert not alice.is_active
    assert alice.auth_epoch == 1
    assert alice.name == "Alice Chen"


@pytest.mark.parametrize(("name", "value"), [("theme", "dark"), ("model", "demo-openai/tour")])
def test_theme_and_model_are_remembered(hers: Client, alice: User, name: str, value: str) -> None:
    answer = hers.post(f"/account/{name}/", {name: value}, HTTP_X_FRAGMENT="1")
    assert (answer.status_code, answer.content) == (204, b"")
    alice.refresh_from_db()
    assert getattr(alice, name) == value
    assert hers.post(f"/account/{name}/", {name: value})["Location"] == "/account/"
    assert hers.get(f"/account/{name}/").status_code == 405


@pytest.mark.parametrize(("name", "value"), [("theme", "purple"), ("theme", ""), ("model", "x" * 201), ("model", "\0")])
def test_nonsense_is_answered_with_words(hers: Client, alice: User, name: str, value: str) -> None:
    answer = hers.post(f"/account/{name}/", {name: value}, HTTP_X_FRAGMENT="1")
    assert answer.status_code == 400
    assert answer.content.startswith(b'<p role="alert" data-reason="bad">')
    alice.refresh_from_db()
    assert (alice.theme, alice.model) == ("system", "")


def test_forms_need_their_token(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    for address in ("/account/", "/account/theme/", "/account/model/", "/accounts/logout/"):
        assert strict.post(address, PROFILE).status_code == 403


def test_times_are_shown_in_alices_zone(rf: RequestFactory, alice: User, charlie: User) -> None:
    middleware = PersonMiddleware(lambda request: None)  # type: ignore[arg-type]

    def zone(user: User) -> str:
        request: HttpRequest = rf.get("/")
        request.user = user
        middleware.process_view(request, lambda request: None, (), {})
        return str(timezone.get_current_timezone_name())

    alice.time_zone = "Asia/Shanghai"
    assert zone(alice) == "Asia/Shanghai"
    assert zone(charlie) == "UTC"
    for nonsense in ("Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "\0"):
        alice.time_zone = nonsense
        assert zone(alice) == "UTC"


def test_pages_know_where_they_are_and_who_looks(rf: RequestFactory, alice: User, settings: Settings) -> None:
    settings.SITE_NAME, settings.ORGANISATION, settings.SIGNUP = "Northfield chat", "Northfield", "open"
    request = rf.get("/")
    assert site(request)["theme"] == "system"
    alice.name, alice.theme, alice.speech = "Alice Mary Chen", "dark", "never"
    request.user = alice
    assert site(request) == {
        "site_name": "Northfield chat",
        "organisation": "Northfield",
        "signup_open": True,
        "open_http": False,
        "theme": "dark",
        "speech": "never",
        "initials": "AC",
    }


def test_one_person_has_one_address(hers: Client, alice: User, charlie: User) -> None:
    for address in ("charlie@example.com", "another@example.com"):
        hers.post("/accounts/email/", {"action_add": "", "email": address})
        hers.post("/accounts/email/", {"action_primary": "", "email": address})
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert list(EmailAddress.objects.filter(user=alice).values_list("email", flat=True)) == ["alice@example.com"]
    assert not mail.outbox
