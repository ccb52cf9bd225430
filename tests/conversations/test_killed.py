"""What a real server process has accepted is there after it was killed, and what it was writing is settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.answers import Gate
from tests.sites import OPENAI_MODEL, Site
from tests.upstream import Upstream, Wait, openai_answer

WHO = {"DJANGO_SUPERUSER_EMAIL": "alice@example.com", "DJANGO_SUPERUSER_PASSWORD": "correct horse battery staple"}

pytestmark = pytest.mark.store


@pytest.fixture
def server() -> Iterator[Upstream]:
    with Upstream.in_thread() as server:
        yield server


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as client:
        yield client


class Browser:
    """Somebody signed in at a site, without any script."""

    def __init__(self, site: Site, http: httpx.Client) -> None:
        self.http = http
        self.http.base_url = site.url
        self._post("/accounts/login/", login=WHO["DJANGO_SUPERUSER_EMAIL"], password=WHO["DJANGO_SUPERUSER_PASSWORD"])

    def _post(self, path: str, **fields: Any) -> httpx.Response:
        if "csrf" not in self.http.cookies:
            self.http.get("/accounts/login/")
        headers = {"X-Fragment": "1", "X-CSRFToken": self.http.cookies["csrf"]}
        return self.http.post(path, data=fields, headers=headers)

    def begin(self, text: str, client_id: object) -> httpx.Response:
        return self._post("/c/", text=text, client_id=str(client_id), model=OPENAI_MODEL)


def test_I_1_and_I_2_what_was_accepted_survives_kill_9_and_is_not_accepted_twice(
    start_site: Callable[..., Site], server: Upstream, http: httpx.Client
) -> None:
    server.script(openai_answer("Half of it").before_last(Wait(Gate())))
    site = start_site(server, **WHO)
    site.manage("createsuperuser", "--noinput")
    browser, client_id = Browser(site, http), uuid4()
    accepted = browser.begin("Remember this", client_id)
    assert accepted.status_code == 201
    site.kill()
    site.start()
    again = browser.begin("Remember this", client_id)
    assert again.status_code == 200
    assert again.headers["Location"] == accepted.headers["Location"]
    page = browser.http.get(accepted.headers["Location"]).text
    assert page.count("Remember this</div>") == 1
    assert len(server.requests) == 1


@pytest.mark.long
def test_D_04_what_a_killed_process_was_writing_is_settled_within_a_minute(
    start_site: Callable[..., Site], server: Upstream, http: httpx.Client
) -> None:
    server.script(openai_answer("Half of it").before_last(Wait(Gate())))
    site = start_site(server, **WHO)
    site.manage("createsuperuser", "--noinput")
    browser = Browser(site, http)
    where = browser.begin("Remember this", uuid4()).headers["Location"]
    _until(lambda: "Half of it" in browser.http.get(where).text, 10)
    site.kill()
    site.start()
    _until(lambda: 'data-state="interrupted"' in browser.http.get(where).text, 60)
    page = browser.http.get(where).text
    assert "Half of it" in page and "the server restarted" in page


def _until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)
