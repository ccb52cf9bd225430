"""The whole story, as a stranger lives it: the demo, both dialects, a stop, a reload, and a reviewer on the record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.sites import Site

from .people import PASSWORD, answers, choose, ends, grows, send, sign_in, sign_up, words

Visit = Callable[..., Awaitable[Page]]
Start = Callable[..., Site]
ADMIN = {"DJANGO_SUPERUSER_EMAIL": "bob@example.com", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}


async def test_a_stranger_asks_stops_reloads_and_is_reviewed_on_the_record(visit: Visit, start_site: Start) -> None:
    site = start_site(SIGNUP="open", **ADMIN)
    site.manage("firstadmin")
    alice = await visit(base_url=site.url)
    await sign_up(alice)
    stopped = await _stops_an_answer(alice)
    whole = await _reloads_in_the_middle_of_another(alice)
    await expect(alice.get_by_role("navigation", name="Conversations").get_by_role("link")).to_have_count(2)
    bob = await visit(base_url=site.url)
    await _reads_it_on_the_record(bob, whole)
    assert "Long and stopped" not in whole and stopped not in whole


async def _stops_an_answer(page: Page) -> str:
    await choose(page, "demo-openai/long")
    await send(page, "Long and stopped")
    answer = answers(page).last
    first = await grows(answer)
    await grows(answer, than=first)
    await page.get_by_role("button", name="Stop", exact=True).click()
    await ends(answer, "stopped")
    await expect(answer).to_contain_text("You stopped this answer.")
    kept = await words(answer)
    await page.reload()
    assert await words(answers(page).last) == kept
    return kept


async def _reloads_in_the_middle_of_another(page: Page) -> str:
    await page.get_by_role("button", name="New chat").click()
    await choose(page, "demo-anthropic/tour")
    await send(page, "Why are there two tides a day?")
    await expect(answers(page).last.locator("[data-part=text]")).not_to_be_empty()
    for _ in range(3):
        await page.reload()
    await ends(answers(page).last)
    live = await words(answers(page).last)
    await page.reload()
    assert await words(answers(page).last) == live
    return live


async def _reads_it_on_the_record(page: Page, whole: str) -> None:
    await page.goto("/review/")
    await sign_in(page, ADMIN["DJANGO_SUPERUSER_EMAIL"])
    await page.get_by_role("link", name="Why are there two tides a day?").click()
    await page.get_by_role("textbox").fill("Alice asked me to look at it")
    await page.get_by_role("button", name="Open and record").click()
    await expect(page.get_by_role("note")).to_contain_text("Recorded: you opened this at")
    assert await words(answers(page).last) == whole
    await page.goto("/admin/audit/audit/")
    await expect(page.get_by_role("row").filter(has_text="Alice asked me to look at it")).to_have_count(1)
