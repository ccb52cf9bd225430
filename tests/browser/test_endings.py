"""However an answer ends, Alice is told the truth, keeps what she saw, and goes on by one click."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.answers import Gate, Wait, openai_answer
from tests.sites import OPENAI_MODEL, Site
from tests.upstream import Upstream

from .conftest import Complaints
from .people import answers, arrive, box, ends, send
from .rows import row

Visit = Callable[..., Awaitable[Page]]
Start = Callable[..., Site]

TEXT = "Why are there two tides a day?"
GONE = ("WebSocket", "ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE", "503")


@pytest_asyncio.fixture(loop_scope="session")
async def model() -> AsyncIterator[Upstream]:
    """A model server of the test's own, which outlives the sites before it."""
    with Upstream.in_thread() as server:
        yield server


async def text_of(page: Page) -> str:
    """The last answer's words."""
    return (await answers(page).last.locator("[data-part=text]").text_content() or "").strip()


async def in_thread(act: Callable[..., Any], *args: Any) -> Any:
    """Do something slow of the operating system's without keeping the browser waiting."""
    return await asyncio.get_running_loop().run_in_executor(None, act, *args)


async def asks(page: Page, model: Upstream, gate: Gate, *words: str) -> None:
    """Alice sees all words but the last."""
    model.script(openai_answer(*words).at(len(words), Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("".join(words[:-1]).strip())


async def saved(page: Page, site: Site) -> None:
    """What she sees is stored."""
    uid = str(await answers(page).last.get_attribute("data-message"))
    async with asyncio.timeout(60):
        while row(site, uid)["text"].strip() != await text_of(page):
            await asyncio.sleep(0.1)


async def back(page: Page, site: Site) -> None:
    """The server is there again, and her page knows."""
    await in_thread(site.start)
    await page.evaluate("dispatchEvent(new Event('online'))")


@pytest.mark.parametrize("lease", ["3", pytest.param("30", marks=pytest.mark.long)])
async def test_D_04_after_a_kill_the_cut_answer_is_labelled_and_one_click_continues_it(
    visit: Visit, start_site: Start, model: Upstream, complaints: Complaints, lease: str
) -> None:
    complaints.expect(*GONE)
    site = start_site(model, SIGNUP="open", LEASE_SECONDS=lease)
    page = await visit(base_url=site.url)
    await asks(page, model, Gate(), "The moon pulls, ", "and so does ", "the sun.")
    await saved(page, site)
    await in_thread(site.kill)
    await expect(answers(page).last).to_contain_text("Reconnecting…")
    await back(page, site)
    began = time.monotonic()
    await ends(answers(page).last, "interrupted") if lease == "3" else await _within_a_minute(page)
    assert time.monotonic() - began < 60
    await expect(answers(page).last).to_contain_text("The answer was cut off: the server restarted.")
    await expect(answers(page).last).to_contain_text("Everything up to here is kept.")
    assert await text_of(page) == "The moon pulls, and so does"
    old = await answers(page).last.get_attribute("data-message")
    gate = Gate()
    model.script(openai_answer("so does ", "the sun.").before_last(Wait(gate)))
    await page.get_by_role("button", name="Continue").click()
    await expect(answers(page).last).to_contain_text("The moon pulls, and so does the sun.")
    assert await answers(page).last.get_attribute("data-message") != old
    await expect(answers(page)).to_have_count(1)
    gate.open()
    await ends(answers(page).last)
    assert await text_of(page) == "The moon pulls, and so does the sun."
    await page.reload()
    assert await text_of(page) == "The moon pulls, and so does the sun."


async def _within_a_minute(page: Page) -> None:
    await expect(answers(page).last).to_have_attribute("data-state", "interrupted", timeout=60_000)


async def test_what_she_stopped_goes_on_by_one_click(page: Page, upstream: Upstream) -> None:
    await asks(page, upstream, Gate(), "Half of ", "it and the rest")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await ends(answers(page).last, "stopped")
    await expect(answers(page).last.get_by_role("button", name="Regenerate")).to_be_visible()
    await expect(answers(page).last.get_by_role("button", name="Continue")).to_have_count(1)
    gate = Gate()
    upstream.script(openai_answer("it and ", "the rest").after(Wait(gate)))
    await answers(page).last.get_by_role("button", name="Continue").click()
    await expect(answers(page).last).to_contain_text(f"Waiting for {OPENAI_MODEL}")
    assert await text_of(page) == "Half of"
    gate.open()
    await ends(answers(page).last)
    assert await text_of(page) == "Half of it and the rest"
    await expect(page.get_by_role("button", name="Continue")).to_have_count(0)


async def test_D_01_what_runs_may_finish_and_what_is_sent_meanwhile_is_kept_in_the_box(
    visit: Visit, start_site: Start, model: Upstream, complaints: Complaints
) -> None:
    complaints.expect(*GONE)
    site = start_site(model, SIGNUP="open", DRAIN_SECONDS="30")
    page, other = await visit(base_url=site.url), await visit(base_url=site.url)
    gate = Gate()
    await arrive(other)
    await asks(page, model, gate, "Before ", "and after.")
    site.process.send_signal(signal.SIGTERM)
    await _not_ready(site)
    await send(other, "Too late?")
    await expect(other.get_by_role("alert")).to_contain_text("The server is restarting. Your text is kept")
    await expect(box(other)).to_have_value("Too late?")
    gate.open()
    await ends(answers(page).last)
    assert await text_of(page) == "Before and after."
    assert await in_thread(site.process.wait, 60) == 0


async def test_D_01_what_does_not_finish_is_cut_with_its_text_and_the_sockets_say_4012(
    visit: Visit, start_site: Start, model: Upstream, complaints: Complaints
) -> None:
    complaints.expect(*GONE)
    site = start_site(model, SIGNUP="open", DRAIN_SECONDS="1")
    page = await visit(base_url=site.url)
    await page.add_init_script(
        "const Socket = WebSocket; window.codes = [];"
        "WebSocket = class extends Socket { constructor(...all) { super(...all);"
        "this.addEventListener('close', (event) => codes.push(event.code)); } };"
    )
    await asks(page, model, Gate(), "Before ", "and after.")
    assert await in_thread(site.stop) == 0
    async with asyncio.timeout(60):
        while not await page.evaluate("codes"):
            await asyncio.sleep(0.1)
    assert (await page.evaluate("codes"))[0] == 4012
    await back(page, site)
    await ends(answers(page).last, "interrupted")
    await expect(answers(page).last).to_contain_text("The answer was cut off: the server restarted.")
    await page.reload()
    assert await text_of(page) == "Before"
    model.script(openai_answer("and after."))
    await page.get_by_role("button", name="Continue").click()
    await ends(answers(page).last)
    assert await text_of(page) == "Before and after."


async def test_D_02_told_twice_it_ends_at_once_and_keeps_what_was_saved(
    visit: Visit, start_site: Start, model: Upstream, complaints: Complaints
) -> None:
    complaints.expect(*GONE)
    site = start_site(model, SIGNUP="open", LEASE_SECONDS="2")
    page = await visit(base_url=site.url)
    await asks(page, model, Gate(), "Before ", "and after.")
    await saved(page, site)
    site.process.send_signal(signal.SIGTERM)
    await _not_ready(site)
    site.process.send_signal(signal.SIGTERM)
    assert await in_thread(site.process.wait, 60) == -signal.SIGTERM
    await back(page, site)
    await ends(answers(page).last, "interrupted")
    assert await text_of(page) == "Before"


async def _not_ready(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url, trust_env=False) as client, asyncio.timeout(60):
        while (await client.get("/readyz")).status_code != 503:
            await asyncio.sleep(0.05)
