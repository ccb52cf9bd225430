"""Tabs that are closed, slow, old, or may keep nothing: Alice has her whole answer in each of them."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.answers import Gate, Pause, Wait, openai_answer
from tests.sites import Site
from tests.upstream import Upstream

from .conftest import Complaints
from .people import answers, arrive, box, ends, send

LONG = 20_000
"""Milliseconds for what takes a machine that is busy a while."""
DEAF = """
  const Real = WebSocket;
  globalThis.codes = [];
  globalThis.WebSocket = class extends Real {
    constructor(...all) { super(...all); this.addEventListener("close", ({ code }) => codes.push(code)); }
    send(frame) { if (!String(frame).includes('"ack"')) super.send(frame); }
  };
"""
OLD = """
  const Real = WebSocket;
  globalThis.WebSocket = class extends Real { constructor(address) { super(address, ["chat.v0"]); } };
"""
SHUT = """
  for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(globalThis, name, { get() { throw new DOMException("shut", "SecurityError"); } });
"""


async def test_B_02_she_closes_the_tab_and_finds_the_whole_answer_later(
    page: Page, site: Site, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.script(openai_answer("Begun, ", "and ended without her.").before_last(Wait(gate)))
    await arrive(page)
    await send(page, "Go on without me")
    await expect(answers(page).last).to_contain_text("Begun,")
    address = page.url
    await page.close()
    gate.open()
    later = await page.context.new_page()
    await later.goto(address)
    await ends(answers(later).last)
    await expect(answers(later).last).to_contain_text("Begun, and ended without her.")


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_B_09_a_tab_that_never_says_what_it_has_read_is_closed_and_has_it_all_in_the_end(
    page: Page, site: Site, upstream: Upstream
) -> None:
    await page.add_init_script(DEAF)
    words = [f"word {number}, " for number in range(300)]
    upstream.script(openai_answer(*words).between(Pause(0.05)))
    await arrive(page)
    await send(page, "A long one")
    await expect(answers(page).last).to_contain_text("word 299", timeout=3 * LONG)
    await ends(answers(page).last)
    assert (await answers(page).last.locator("[data-part=text]").inner_text()).strip() == "".join(words).strip()
    assert 4408 in await page.evaluate("codes")


async def test_B_15_a_page_from_before_an_update_says_so_and_keeps_the_draft(
    page: Page, site: Site, complaints: Complaints
) -> None:
    complaints.expect("WebSocket")
    await arrive(page)
    await page.add_init_script(OLD)
    await page.reload()
    await box(page).fill("Half a thought")
    await expect(page.get_by_text("A new version is ready. Your draft stays.")).to_be_visible(timeout=LONG)
    await page.get_by_role("button", name="Reload").click()
    await expect(box(page)).to_have_value("Half a thought")


async def test_B_18_a_browser_that_may_keep_nothing_shows_all_the_same(
    page: Page, site: Site, upstream: Upstream
) -> None:
    await page.add_init_script(SHUT)
    upstream.script(openai_answer("Look:\n\n```py\nprint(1)\n```\n"))
    await arrive(page)
    await send(page, "Some code, please")
    await expect(answers(page).last.locator("pre")).to_contain_text("print(1)")
    await ends(answers(page).last)
    await answers(page).last.get_by_role("button", name="Wrap lines").click()
    await expect(answers(page).last.get_by_role("button", name="Wrap lines")).to_have_attribute("aria-pressed", "true")


async def test_B_20_what_is_too_long_is_said_before_it_is_sent(page: Page, site: Site, upstream: Upstream) -> None:
    await arrive(page)
    limit = int(await page.locator("chat-composer").get_attribute("data-limit") or 0)
    await box(page).fill("x" * (limit + 1))
    await expect(page.get_by_text("Too long to send. Your text is in the box; shorten it.")).to_be_visible()
    await page.get_by_role("button", name="Send").click()
    assert len(await box(page).input_value()) == limit + 1
    await expect(answers(page)).to_have_count(0)
    upstream.script(openai_answer("Well."))
    await send(page, "שלום " + "e\u0301\u0302" * 5)
    await expect(answers(page).last).to_contain_text("Well.")
