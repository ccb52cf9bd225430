"""What programs on this machine may know: numbers for Prometheus, and lines of JSON."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.answers import failure, openai_answer
from tests.conversations.test_killed import WHO, Browser
from tests.sites import Database, Site
from tests.upstream import Upstream

TOKEN = "a token that nobody guesses"
ALLOWED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def running(migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Upstream]]:
    env = {"METRICS_TOKEN": TOKEN, "LOG_FORMAT": "json", **WHO}
    with Upstream.in_thread() as model, Site(migrated, tmp_path_factory.mktemp("site"), model, env) as site:
        site.manage("createsuperuser", "--noinput")
        yield site, model


@pytest.fixture
def site(running: tuple[Site, Upstream]) -> Site:
    return running[0]


@pytest.fixture
def model(running: tuple[Site, Upstream]) -> Upstream:
    return running[1].forget()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as client:
        yield client


def numbers(site: Site) -> dict[str, float]:
    """All samples: name and labels, and how much."""
    answer = httpx.get(f"{site.url}/metrics", headers=ALLOWED, trust_env=False)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    families = text_string_to_metric_families(answer.text)
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


def ask(browser: Browser, text: str) -> httpx.Response:
    answer = browser.begin(text, uuid4())
    assert answer.status_code == 201, answer.text
    return answer


def settled(browser: Browser, where: str) -> None:
    while 'data-state="streaming"' in browser.http.get(where).text:
        time.sleep(0.05)


def test_after_an_answer_the_numbers_are_right(site: Site, model: Upstream, http: httpx.Client) -> None:
    model.script(openai_answer("Hello"), *[failure(400, {"error": {"message": "no"}})] * 3)
    browser, before = Browser(site, http), numbers(site)
    for _ in range(2):
        settled(browser, ask(browser, "Hello?").headers["Location"])
    found = {name: value - before.get(name, 0) for name, value in numbers(site).items()}
    assert found["chatsite_runs_ended_total finished stop"] == 1
    assert found["chatsite_first_text_seconds_count"] == 1
    assert sum(count for name, count in found.items() if name.startswith("chatsite_upstream_errors_total")) == 1
    assert found["chatsite_runs_running"] == found["chatsite_viewers"] == found["chatsite_log_away"] == 0


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "no token"),
        ({"Authorization": f"Bearer {TOKEN}x"}, "a wrong one"),
        ({"Authorization": "Bearer"}, "an empty one"),
        ({**ALLOWED, "X-Forwarded-For": "127.0.0.1"}, "through a proxy"),
        ({**ALLOWED, "Forwarded": "for=127.0.0.1"}, "through another one"),
    ],
)
def test_charlie_finds_nothing_there(site: Site, headers: dict[str, str], why: str) -> None:
    answer = httpx.get(f"{site.url}/metrics", headers=headers, trust_env=False)
    random = httpx.get(f"{site.url}/no-such-page", trust_env=False)
    assert answer.status_code == random.status_code == 404, why
    assert "chatsite_" not in answer.text


def test_without_a_token_set_nobody_finds_it(start_site: Callable[..., Site]) -> None:
    site = start_site()
    for given in ({"Authorization": "Bearer"}, {}):
        assert httpx.get(f"{site.url}/metrics", headers=given, trust_env=False).status_code == 404


def test_machines_may_ask_by_any_name(site: Site) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        headers = {**ALLOWED, "Host": "10.1.2.3:8000"}
        assert httpx.get(f"{site.url}{path}", headers=headers, trust_env=False).status_code == 200
    assert httpx.get(site.url, headers={"Host": "10.1.2.3"}, trust_env=False).status_code == 400


def test_a_worker_that_is_gone_leaves_its_counts_and_every_line_of_all_is_json(
    migrated: Database, tmp_path: Path, model: Upstream, http: httpx.Client
) -> None:
    model.script(openai_answer("Hello"), openai_answer("Hello again"))
    site = Site(migrated, tmp_path, model, {"METRICS_TOKEN": TOKEN, "LOG_FORMAT": "json", **WHO})
    site.arguments = ("--workers", "1")
    site.manage("createsuperuser", "--noinput")
    site.start()
    browser = Browser(site, http)
    settled(browser, ask(browser, "Hello?").headers["Location"])
    site.process.send_signal(signal.SIGHUP)
    while '"replaced"' not in site.log:
        assert site.process.poll() is None
        time.sleep(0.1)
    settled(browser, ask(browser, "Hello again?").headers["Location"])
    found = numbers(site)
    assert found["chatsite_runs_ended_total finished stop"] == 2
    assert found["chatsite_runs_running"] == 0
    assert site.stop() == 0
    for line in site.log.splitlines():
        assert line.startswith("Listening") or json.loads(line)["message"]


def test_every_line_is_json_with_the_ids_and_without_words(site: Site, model: Upstream, http: httpx.Client) -> None:
    model.script(openai_answer("canary-of-the-model"))
    browser = Browser(site, http)
    answer = ask(browser, "canary-of-alice")
    settled(browser, answer.headers["Location"])
    assert len(answer.headers["X-Request-ID"]) == 16
    lines = [json.loads(line) for line in site.log.splitlines() if not line.startswith("Listening")]
    assert {line["level"] for line in lines} <= {"info", "warning", "error"}
    ended = [line for line in lines if line["logger"] == "streaming.runs"][-1]
    assert f"run {ended['run']} ended: finished" in ended["message"]
    assert "canary" not in site.log


def test_I_21_the_reference_that_alice_reads_out_is_in_the_log(site: Site, model: Upstream, http: httpx.Client) -> None:
    model.script(*[failure(401, {"error": {"message": "canary"}})] * 2)
    browser = Browser(site, http)
    where = ask(browser, "Hello?").headers["Location"]
    settled(browser, where)
    errors = [line for line in map(json.loads, site.log.splitlines()[1:]) if line.get("error")]
    assert errors[-1]["error"] in browser.http.get(where).text
    assert errors[-1]["run"]
