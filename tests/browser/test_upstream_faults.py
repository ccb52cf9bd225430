"""The rows of the fault matrix as Alice meets them: what she reads, what is kept, and what the log must not say.

One site asks one scripted server, and others that are not what they should be. Each case is a question in a new chat.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.answers import Answer, Gate, Wait, failure, openai_answer
from tests.certificates import self_signed
from tests.sites import Database, Site
from tests.upstream import Upstream, unused_url

from .conftest import PATIENCE, Complaints
from .faults import BUSY, CASES, HALF, KEY, QUESTION, SECRETS, SETUP, Case
from .people import PASSWORD, answers, arrive, choose, ends, send, sign_in
from .rows import row

ADMIN = {"DJANGO_SUPERUSER_EMAIL": "bob@example.com", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
ELSEWHERE = ("upstream_unreachable", "upstream_dns", "upstream_tls")
"""Asked of other servers than the scripted one, which would answer."""
LIMITS = {"CONNECT_SECONDS": "5", "FIRST_EVENT_SECONDS": "3", "SILENCE_SECONDS": "3", "PROGRESS_SECONDS": "5"}


@dataclass
class World:
    """A site, the server it asks, and Alice in front of it; after which kinds of fault she has asked again."""

    site: Site
    upstream: Upstream
    page: Page
    heard: list[str] = field(default_factory=list)
    mended: set[str] = field(default_factory=set)
    model: str = ""

    async def ask(self, model: str, *script: Answer) -> Locator:
        """Ask this model in a new chat, with these answers to come; the reply."""
        self.upstream.forget().script(*script)
        await self.page.goto("/")
        if self.model != model:
            await choose(self.page, model)
            self.model = model
        await send(self.page, QUESTION)
        await expect(answers(self.page)).to_have_count(1)
        return answers(self.page).last

    async def stored(self, reply: Locator) -> dict[str, Any]:
        """The reply's row."""
        return row(self.site, str(await reply.get_attribute("data-message")))


@pytest.fixture(scope="module")
def served(migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Upstream]]:
    """The site and its server."""
    folder = tmp_path_factory.mktemp("faults")
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream.in_thread())
        untrusted = stack.enter_context(Upstream.in_thread(self_signed()[0]))
        places = {"here": upstream.url, "nobody": unused_url(), "nowhere": "http://model-service.invalid"}
        (folder / "upstreams.toml").write_text(_configuration({**places, "untrusted": untrusted.url}))
        env = {"UPSTREAMS": str(folder / "upstreams.toml"), "MODEL_KEY": KEY, "SIGNUP": "open", **ADMIN, **LIMITS}
        yield stack.enter_context(Site(migrated, folder, None, env)), upstream


def _configuration(places: dict[str, str]) -> str:
    tables = []
    for name, url in places.items():
        for dialect in ("openai", "anthropic"):
            base = url + "/v1" * (dialect == "openai")
            tables.append(f'[{name}-{dialect}]\ndialect = "{dialect}"\nbase_url = "{base}"')
            tables.append('key_env = "MODEL_KEY"\nmodels = ["m"]')
    return "\n".join(tables)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _world(browser: Browser, served: tuple[Site, Upstream]) -> AsyncIterator[World]:
    site, upstream = served
    context = await browser.new_context(base_url=site.url, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    complaints = Complaints()
    complaints.listen(context)
    world = World(site, upstream, await context.new_page())
    world.heard = complaints._heard
    await arrive(world.page)
    yield world
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(_world: World) -> AsyncIterator[World]:
    """One case: nothing secret may stand in the log after it, and no page may complain."""
    _world.heard.clear()
    before = len(_world.site.log)
    yield _world
    said = _world.site.log[before:]
    assert [secret for secret in SECRETS if secret in said] == [], said
    assert _world.heard == []


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
async def test_S_36_S_37_I_21_a_fault_is_told_and_kept_and_never_logged_in_words(world: World, case: Case) -> None:
    reply = await world.ask(case.model, *case.script)
    await ends(reply, case.state)
    stored = await world.stored(reply)
    assert (stored["state"], stored["kind"], stored["reason"]) == (case.state, *case.why)
    if case.text:
        assert stored["text"] == case.text
    await expect(reply.locator("[data-part=text]")).to_contain_text(case.text)
    if case.sentence:
        await expect(reply.locator(".note")).to_contain_text(
            re.compile("|".join(map(re.escape, case.sentence.split("|"))))
        )
    assert not {KEY, "<b>"} & set(re.findall(r"sk-\S+|<b>", await reply.inner_text()))
    if case.state != "complete":
        await _says_the_same_word_as_the_log(world, reply, stored["error_id"])
        await _can_be_asked_again(world, reply)
    assert case.log in world.site.log


async def _says_the_same_word_as_the_log(world: World, reply: Locator, reference: str) -> None:
    await expect(reply.locator(".note")).to_contain_text(f"Ref. {reference}")
    assert world.site.log.count(f"reference {reference}: ") == 1


async def _can_be_asked_again(world: World, reply: Locator) -> None:
    """Regenerate stands there and, tried once for each kind of fault, brings another reply beside this one."""
    world.upstream.forget()
    again = reply.get_by_role("button", name="Regenerate")
    await expect(again).to_be_visible()
    stored = await world.stored(reply)
    if stored["reason"] not in ELSEWHERE and stored["kind"] not in world.mended:
        world.mended.add(stored["kind"])
        before = await reply.get_attribute("data-message")
        await again.click()
        await expect(answers(world.page).last).not_to_have_attribute("data-message", str(before))
        await ends(answers(world.page).last)
        await expect(answers(world.page).last).to_contain_text("Hello world")


async def test_U_07_alice_reads_when_a_busy_model_is_asked_again(world: World) -> None:
    busy = failure(429, {"error": {"message": "Canary"}}, {"Retry-After": "3"})
    reply = await world.ask("here-openai/m", busy, openai_answer(HALF))
    status = reply.locator("[data-part=status]")
    await expect(status).to_have_text(re.compile(r"^m is busy. Trying again in [1-3]\ss. Your message is kept.$"))
    await ends(reply)
    await expect(reply.locator("[data-part=text]")).to_have_text(HALF)
    assert len(world.upstream.requests) == 2


async def test_U_07_stop_works_while_a_busy_model_is_waited_for(world: World) -> None:
    reply = await world.ask("here-openai/m", failure(429, b"", {"Retry-After": "20"}))
    await expect(reply.locator("[data-part=status]")).to_contain_text("is busy. Trying again in")
    await world.page.reload()
    await expect(answers(world.page).last.locator("[data-part=status]")).to_contain_text("is busy. Trying again in 1")
    await world.page.get_by_role("button", name="Stop", exact=True).click()
    await ends(answers(world.page).last, "stopped")
    await expect(answers(world.page).last).to_contain_text("You stopped this answer.")
    assert len(world.upstream.requests) == 1


async def test_U_07_alice_reads_when_to_try_again_herself(world: World) -> None:
    reply = await world.ask("here-openai/m", failure(429, b"", {"Retry-After": "600"}))
    await ends(reply, "failed")
    said = await reply.locator(".note").inner_text()
    assert BUSY in said
    times = re.findall(r"Your message is kept\. Try again at (\d\d:\d\d), or choose another model\.", said)
    minutes = {(datetime.now().minute + offset) % 60 for offset in (9, 10, 11)}  # on any clock of whole hours
    assert [int(time[3:]) in minutes for time in times] == [True]
    assert len(world.upstream.requests) == 1


async def test_U_04_administrators_are_told_once_and_everybody_sees_a_sentence(world: World, browser: Browser) -> None:
    for _ in range(2):
        await ends(await world.ask("here-anthropic/m", failure(401, b"Canary")), "failed")
    await expect(world.page.get_by_text(SETUP)).to_be_visible()
    await expect(world.page.get_by_text("does not accept our key")).to_have_count(0)
    assert world.site.log.count("ERROR streaming.upstream: upstream here-anthropic: auth, status 401") == 1
    world.site.manage("firstadmin")
    async with await browser.new_context(base_url=world.site.url, locale="en-GB") as context:
        page = await context.new_page()
        await page.goto("/")
        await sign_in(page, ADMIN["DJANGO_SUPERUSER_EMAIL"])
        banner = page.get_by_text("The model service “here-anthropic” does not accept our key.")
        await expect(banner).to_be_visible()
        await ends(await world.ask("here-anthropic/m"), "complete")
        await page.reload()
        await expect(banner).to_have_count(0)


async def test_U_45_what_comes_after_stop_changes_nothing(world: World) -> None:
    gate = Gate()
    reply = await world.ask("here-openai/m", openai_answer(HALF, "Canary too late").at(2, Wait(gate)))
    await expect(reply.locator("[data-part=text]")).to_have_text(HALF)
    await world.page.get_by_role("button", name="Stop", exact=True).click()
    await ends(reply, "stopped")
    gate.open()
    await asyncio.sleep(0.3)
    assert (await world.stored(reply))["text"] == HALF
    await world.page.reload()
    await expect(answers(world.page).last.locator("[data-part=text]")).to_have_text(HALF)


async def test_the_upstreams_name_for_a_request_is_stored_and_logged(world: World) -> None:
    answer = openai_answer(HALF)
    named = Answer(answer.steps, 200, {**answer.headers, "X-Request-Id": "req_0123"})
    reply = await world.ask("here-openai/m", named)
    await ends(reply)
    assert (await world.stored(reply))["request_id"] == "req_0123"
    assert "request=req_0123" in world.site.log
    refused = await world.ask("here-openai/m", failure(400, b"Canary", {"request-id": "req_4567"}))
    await ends(refused, "failed")
    assert (await world.stored(refused))["request_id"] == "req_4567"
