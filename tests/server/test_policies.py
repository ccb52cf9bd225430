"""The headers of every answer, and requests that other sites' pages make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from chatsite import policies
from chatsite.accounts.models import User
from chatsite.middleware import Dressed, PolicyMiddleware

CONNECT = "connect-src 'self'"
PLAIN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    f"{CONNECT}; manifest-src 'self'; worker-src 'none'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-src 'none'; frame-ancestors 'none'"
)
TRUSTED = "; require-trusted-types-for 'script'; trusted-types 'none'"
REPORT = "; report-to csp; report-uri /csp-report"
DATA = "default-src 'none'; frame-ancestors 'none'; sandbox"
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), clipboard-read=(), display-capture=(), fullscreen=(self), geolocation=(), "
        "gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), payment=(), "
        "publickey-credentials-get=(self), serial=(), usb=(), xr-spatial-tracking=()"
    ),
    "X-Frame-Options": "DENY",
}
REPORTED = {"Reporting-Endpoints": 'csp="/csp-report"'}
EXACT = {
    "strict": {"Content-Security-Policy": PLAIN + TRUSTED + REPORT, **REPORTED, **COMMON},
    "plain": {"Content-Security-Policy": PLAIN + REPORT, **REPORTED, **COMMON},
    "data": {"Content-Security-Policy": DATA, **COMMON},
    "static": {"Content-Security-Policy": DATA, **COMMON},
}


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Every address of the product, as its patterns are written."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        written = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, written)
        else:
            assert isinstance(pattern, URLPattern)
            yield written


@pytest.mark.parametrize("name", EXACT)
def test_the_headers_of_a_policy_are_exactly_these(settings: Settings, name: str) -> None:
    settings.PUBLIC_ORIGIN = None
    assert dict(policies.headers(name).text) == EXACT[name]


@pytest.mark.parametrize("name", EXACT)
def test_over_https_there_is_more(settings: Settings, name: str) -> None:
    settings.PUBLIC_ORIGIN = "https://chat.example.org"
    secure = EXACT[name] | {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
    rule = secure["Content-Security-Policy"].replace(CONNECT, f"{CONNECT} wss://chat.example.org")
    secure["Content-Security-Policy"] = rule.replace("; report-to", "; upgrade-insecure-requests; report-to")
    assert dict(policies.headers(name).text) == secure


def test_a_public_origin_without_https_is_not_upgraded(settings: Settings) -> None:
    settings.PUBLIC_ORIGIN = "http://chat.example.org"
    assert dict(policies.headers("strict").text) == EXACT["strict"]


def test_S_10_every_address_has_a_policy_of_its_own() -> None:
    assert not [route for route in routes() if policies.route(route) not in policies.ROUTES]


def test_S_10_this_is_the_policy_of_each() -> None:
    assert {policies.route(route): policies.policy(f"/{route}") for route in routes()} == {
        "": "strict",
        "c/": "strict",
        "m/": "strict",
        "conversations/": "strict",
        "account/": "strict",
        "review/": "strict",
        "admin/": "plain",
        "accounts/": "plain",
        "exports/": "data",
        "session": "data",
        "csp-report": "data",
        "healthz": "data",
        "metrics": "data",
        "manifest.webmanifest": "data",
        "readyz": "data",
    }


@pytest.mark.parametrize("path", ["/nowhere", "/c", "/static", "/sessions", "/healthz/x", "/%2e%2e/static/"])
def test_what_has_no_address_is_an_error_page_and_strict(path: str) -> None:
    assert policies.policy(path) == "strict"


ANSWERS = [
    ("/healthz", 200, "data"),
    ("/session", 401, "data"),
    ("/csp-report", 405, "data"),
    ("/", 302, "strict"),
    ("/c/00000000-0000-4000-8000-000000000000/", 302, "strict"),
    ("/nowhere", 404, "strict"),
    ("/accounts/login/", 200, "plain"),
    ("/admin/", 302, "plain"),
    ("/static/nothing.js", 404, "static"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "status", "policy"), ANSWERS)
def test_every_answer_carries_them(client: Client, path: str, status: int, policy: str) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in EXACT[policy]} == EXACT[policy]
    assert ("Strict-Transport-Security" in response.headers) is False


@pytest.mark.django_db
async def test_they_are_the_same_without_a_thread(async_client: AsyncClient) -> None:
    for path, status, policy in ANSWERS:
        response = await async_client.get(path)
        assert response.status_code == status
        assert {name: response.headers.get(name) for name in EXACT[policy]} == EXACT[policy]


@pytest.mark.django_db
def test_a_fault_of_ours_carries_them_too(client: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("a fault on purpose")

    monkeypatch.setattr(get_resolver().url_patterns[0], "callback", broken)
    client.raise_request_exception = False
    client.force_login(alice)
    response = client.get("/healthz")
    assert response.status_code == 500
    assert {name: response.headers.get(name) for name in EXACT["data"]} == EXACT["data"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/", "/session", "/accounts/login/", "/nowhere"])
def test_what_alice_sees_is_kept_by_nobody(client: Client, alice: User, path: str) -> None:
    client.force_login(alice)
    assert client.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_sign_out_that_alice_asks_for_clears_her_browser(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert "Clear-Site-Data" not in client.get("/accounts/logout/").headers
    response = client.post("/accounts/logout/")
    assert (response.status_code, response.headers["Clear-Site-Data"]) == (302, '"cache", "storage"')


@pytest.mark.django_db
def test_a_session_that_merely_ends_leaves_the_drafts(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.session.flush()
    response = client.get("/")
    assert response.status_code == 302
    assert "Clear-Site-Data" not in response.headers


@pytest.mark.django_db
@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "SAME-ORIGIN", "same-origin, cross-site"])
def test_a_change_that_another_site_asks_for_is_refused(client: Client, alice: User, site: str) -> None:
    client.force_login(alice)
    response = client.post("/account/theme/", {"theme": "dark"}, headers={"Sec-Fetch-Site": site})
    assert response.status_code == 403
    assert b'data-reason="csrf"' in response.content
    alice.refresh_from_db()
    assert alice.theme != "dark"


@pytest.mark.django_db
@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_a_change_that_alice_asks_for_is_made(client: Client, alice: User, site: str | None) -> None:
    client.force_login(alice)
    headers = {"Sec-Fetch-Site": site} if site else {}
    assert client.post("/account/theme/", {"theme": "dark"}, headers=headers).status_code < 400
    alice.refresh_from_db()
    assert alice.theme == "dark"


@pytest.mark.django_db
async def test_another_site_is_refused_without_a_thread_too(async_client: AsyncClient, alice: User) -> None:
    await async_client.aforce_login(alice)
    for fragment in ({}, {"X-Fragment": "1"}):
        headers = {"Sec-Fetch-Site": "cross-site", **fragment}
        response = await async_client.post("/account/theme/", {"theme": "dark"}, headers=headers)
        assert response.status_code == 403
        assert b'data-reason="csrf"' in response.content
        assert {name: response.headers.get(name) for name in EXACT["strict"]} == EXACT["strict"]


@pytest.mark.django_db
def test_another_site_may_link_to_us(client: Client) -> None:
    assert client.get("/accounts/login/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_the_middleware_is_at_home_with_and_without_a_loop() -> None:
    async def later(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert PolicyMiddleware.async_capable and PolicyMiddleware.sync_capable
    assert iscoroutinefunction(PolicyMiddleware(later))
    assert not iscoroutinefunction(PolicyMiddleware(lambda request: HttpResponse()))


def test_a_view_that_says_how_long_its_picture_may_be_kept_is_believed() -> None:
    def picture(request: HttpRequest) -> HttpResponse:
        return HttpResponse(b"", content_type="image/png", headers={"Cache-Control": "private, max-age=60"})

    response: Any = PolicyMiddleware(picture)(RequestFactory().get("/c/"))
    assert response.headers["Cache-Control"] == "private, max-age=60"


async def test_what_no_middleware_sees_is_dressed_all_the_same() -> None:
    async def bare(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", b"text/css")]})
        await send({"type": "http.response.body", "body": b""})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/static/app.css", "headers": []}
    await Dressed(bare)(scope, None, send)  # type: ignore[arg-type]
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    assert len(headers.pop("x-request-id")) == 16
    assert headers == {"content-type": "text/css", **{name.lower(): value for name, value in EXACT["static"].items()}}
