"""What machines ask of the server, and what browsers report to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor
from django.test import AsyncClient, Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from chatsite import health
from chatsite.accounts.models import User
from streaming.window import Bucket


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_reports", Bucket(1000, 0))


@pytest.mark.django_db
def test_S_54_health_asks_nobody(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
async def test_readiness_asks_for_database_tables_and_log(async_client: AsyncClient) -> None:
    response = await async_client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True, "missing": "", "away": ""})


@pytest.mark.django_db
async def test_readiness_says_what_is_missing(async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    health._seen_migrated.cache_clear()
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: ["something"])
    response = await async_client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"ready": False, "missing": "migrations", "away": ""})


@pytest.mark.django_db
async def test_D_01_who_is_about_to_end_is_not_ready(
    async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_state", {"stopping": False})
    health.stop()
    response = await async_client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, "stopping")
    assert (await async_client.get("/healthz")).status_code == 200


@pytest.mark.django_db
async def test_the_session_is_good_while_alice_is_signed_in(async_client: AsyncClient, alice: User) -> None:
    assert (await async_client.get("/session")).status_code == 401
    await async_client.aforce_login(alice)
    assert (await async_client.get("/session")).status_code == 204
    alice.is_active = False
    await alice.asave()
    assert (await async_client.get("/session")).status_code == 401


LEGACY = {"csp-report": {"document-uri": "http://localhost/c/1/?secret=x", "effective-directive": "script-src"}}
MODERN = [{"type": "csp-violation", "body": {"documentURL": "http://h/c/1/#x", "effectiveDirective": "script-src"}}]


def report(client: Client, what: Any) -> int:
    """What the server answers to a browser's report."""
    body = what if isinstance(what, bytes) else json.dumps(what)
    return client.post("/csp-report", body, content_type="application/csp-report").status_code


@pytest.mark.django_db
@pytest.mark.parametrize("what", [LEGACY, MODERN], ids=["old", "new"])
def test_of_a_report_the_rule_and_the_page_are_kept(
    client: Client, what: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert report(Client(enforce_csrf_checks=True), what) == 204
    assert [record.getMessage() for record in caplog.records if record.name == "chatsite.health"] == [
        "a browser refused script-src on /c/1/"
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("what", [{}, [], [1], {"csp-report": 1}, {"csp-report": {}}, "x", 7, None, [[]] * 9])
def test_a_report_of_any_shape_does_no_harm(client: Client, what: Any) -> None:
    assert report(client, what) == 204


@pytest.mark.django_db
@pytest.mark.parametrize("what", [b"", b"{", b"\xff", b"[" * 10_000])
def test_a_report_that_is_none_is_refused(client: Client, what: bytes) -> None:
    assert report(client, what) == 400


@pytest.mark.django_db
def test_charlie_cannot_write_his_own_lines_into_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    forged = {"documentURL": "/c/\n2025 ERROR forged\x1b[1m" + "x" * 1000, "effectiveDirective": "<b>&\r\n"}
    assert report(client, [{"body": forged}] * 10) == 204
    lines = [record.getMessage() for record in caplog.records if record.name == "chatsite.health"]
    assert len(lines) == 3
    assert not [line for line in lines if "\n" in line or "\x1b" in line or len(line) > 200]


@pytest.mark.django_db
def test_reports_are_small_and_few(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert report(client, {"csp-report": {"x": "x" * 20_000}}) == 413
    monkeypatch.setattr(health, "_reports", Bucket(2, 0))
    assert [report(client, LEGACY) for _ in range(4)] == [204, 204, 429, 429]


@pytest.mark.django_db
def test_a_form_that_is_too_old_is_told_as_a_page_or_as_a_sentence(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    page = client.post("/account/theme/", {"theme": "dark"})
    piece = client.post("/account/theme/", {"theme": "dark"}, headers={"X-Fragment": "1"})
    assert (page.status_code, piece.status_code) == (403, 403)
    assert b"<main" in page.content
    assert piece.content.startswith(b'<p role="alert" data-reason="csrf">')


@pytest.mark.django_db
async def test_a_database_that_is_away_is_said(async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> bool:
        raise OperationalError("gone")

    monkeypatch.setattr(health, "_migrated", away)
    response = await async_client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, "database")


@pytest.mark.django_db
def test_a_device_may_keep_the_place_among_its_apps(client: Client, settings: Settings) -> None:
    settings.SITE_NAME = 'The "school"'
    answer = client.get("/manifest.webmanifest")
    told = json.loads(answer.content)
    assert answer["Content-Type"] == "application/manifest+json"
    assert (told["name"], told["start_url"], told["display"]) == ('The "school"', "/", "standalone")
    assert [icon["src"].startswith("/static/icon-") for icon in told["icons"]] == [True, True, True]
