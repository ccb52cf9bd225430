"""What tests of accounts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone, translation

LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"

SignIn = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def _afresh(request: pytest.FixtureRequest) -> Iterator[None]:
    """No limit counts what an earlier test did, and no person's language or time zone stays."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        cache.clear()
    yield
    timezone.deactivate()
    translation.deactivate()


@pytest.fixture
def sign_in(client: Client, password: str) -> SignIn:
    """Sends the form: `sign_in("alice@example.com")`."""

    def send(email: str, word: str = password, browser: Client = client, **extra: str) -> HttpResponse:
        return browser.post(LOGIN, {"login": email, "password": word}, **extra)  # type: ignore[arg-type, return-value]

    return send
