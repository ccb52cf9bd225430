"""Alice leaves, comes back, and looks from elsewhere; the answer goes on without her and is whole for her."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.answers import Gate, Pause, Wait, openai_answer
from tests.sites import Site
from tests.upstream import Upstream

from .conftest import Complaints
from .middlebox import Middlebox
from .people import answers, arrive, box, ends, grows, send, sign_in, sign_up

Visit = Callable[..., Awaitable[Page]]

TEXT = "Why are there two tides a day?"
WORDS = [f"word {number}, " for number in range(60)]
WHOLE = "".join(WORDS)
LISTEN = """
    window.said = [];
    const look = () => {
      for (const line of document.querySelectorAll('[data-part="status"]'))
        if (window.said.at(-1) !== line.textContent) window.said.push(line.textContent);
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
"""


QUIET = re.compile(r"Nothing new for \d+\ss\. Still connected; ends by itself at 15\smin\.")


async def text_of(page: Page) -> str:
    """The last answer's characters."""
    return await answers(page).last.locator("[data-part=text]").text_content() or ""


async def test_B_01_I_6_ten_reloads_during_one_answer_lose_and_double_nothing(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer(*WORDS).between(Pause(0.03)).before_last(Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page)).to_have_count(1)
    shown = 0
    for _ in range(10):
        await page.wait_for_timeout(150)
        await page.reload()
        async with asyncio.timeout(60):  # the row is half a second old at most; the log has the rest
            while len(await text_of(page)) < shown:
                await asyncio.sleep(0.02)
        text = await text_of(page)
        assert WHOLE.startswith(text)
        shown = len(text)
    gate.open()
    await ends(answers(page).last)
    assert (await text_of(page)).rstrip() == WHOLE.rstrip()
    await page.reload()
    assert (await text_of(page)).rstrip() == WHOLE.rstrip()


async def test_I_6_three_tabs_show_the_same_whenever_they_were_opened(page: Page, upstream: Upstream) -> None:
    first, second = Gate(), Gate()
    upstream.script(openai_answer("One ", "text ", "for ", "all.").at(2, Wait(first)).before_last(Wait(second)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("One")
    tabs = [page]
    for gate in (first, second):
        tab = await page.context.new_page()
        await tab.goto(page.url)
        await expect(answers(tab).last).to_contain_text("One")
        tabs.append(tab)
        gate.open()
    for tab in tabs:
        await ends(answers(tab).last)
        assert await text_of(tab) == "One text for all."


async def test_B_03_offline_and_back_is_shown_quietly_and_nothing_is_missing(
    page: Page, upstream: Upstream, complaints: Complaints
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED", "WebSocket")
    gate = Gate()
    upstream.script(openai_answer("Before ", "and ", "after.").at(3, Wait(gate)).before_last(Wait(Gate())))
    await page.add_init_script(LISTEN)
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Before and")
    reply = answers(page).last.locator("chat-message")
    await page.context.set_offline(True)
    await expect(reply).to_have_attribute("data-rule", "held")
    await expect(answers(page).last).to_contain_text("Offline. The answer goes on without you and will be here")
    gate.open()
    await page.wait_for_timeout(300)
    await page.context.set_offline(False)
    await expect(answers(page).last).to_contain_text("Before and after.")
    await expect(reply).to_have_attribute("data-rule", "still")
    assert "Catching up…" in await page.evaluate("window.said")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await ends(answers(page).last, "stopped")


async def test_B_16_behind_a_proxy_that_knows_no_sockets_the_same_events_come_by_http(
    visit: Visit, upstream: Upstream, complaints: Complaints
) -> None:
    complaints.expect("WebSocket", "410")
    async with Middlebox() as middlebox:
        page = await visit(proxy={"server": middlebox.url, "bypass": "<-loopback>"})
        page.on("request", lambda request: asked.append(request.url) if "/events/" in request.url else None)
        asked: list[str] = []
        first, second = Gate(), Gate()
        upstream.script(openai_answer("Slow ", "but ", "sure.").at(2, Wait(first)).before_last(Wait(second)))
        await sign_up(page, email=f"{uuid.uuid4().hex}@example.com")
        await send(page, TEXT)
        await expect(answers(page).last).to_contain_text("Live connection is blocked here. The answer comes every 2 s.")
        await expect(answers(page).last).to_contain_text("Slow")
        first.open()
        await expect(answers(page).last).to_contain_text("Slow but sure.")
        assert middlebox.refused >= 3
        middlebox.blocking = False
        await expect(answers(page).last).to_contain_text("writing", timeout=40_000)
        second.open()
        await ends(answers(page).last)
        assert await text_of(page) == "Slow but sure."
        assert asked and any(not url.endswith("after=0") for url in asked)
        await page.close()  # it would go on asking through a proxy that is no more


async def test_the_margin_rule_stands_beside_what_grows_and_goes_when_it_ends(page: Page, upstream: Upstream) -> None:
    thought, text, end = Gate(), Gate(), Gate()
    answer = openai_answer("One.\n\n", "Two.", reasoning=["Well. "])
    upstream.script(answer.at(1, Wait(thought)).at(3, Wait(text)).before_last(Wait(end)))
    await arrive(page)
    await send(page, TEXT)
    rule = answers(page).last.locator("[data-beside]")
    await expect(rule).to_have_attribute("data-part", "slot")
    thought.open()
    await expect(rule).to_have_attribute("data-part", "thought")
    text.open()
    await expect(rule).to_have_text("Two.")
    assert await rule.evaluate("block => getComputedStyle(block, '::before').borderInlineStartStyle") == "solid"
    end.open()
    await ends(answers(page).last)
    await expect(rule).to_have_count(0)


async def test_the_end_of_a_long_answer_has_little_of_it_styled_anew(page: Page, upstream: Upstream) -> None:
    """A fifth of a second for 80 kB, when the end changed what its blocks inherit."""
    gate = Gate()
    words = "A paragraph of **some** words, with *others* in `between` them.\n\n" * 400
    upstream.script(openai_answer(words, "The end.").before_last(Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("The end.")
    browser = page.context.browser
    assert browser
    await browser.start_tracing(page=page, categories=["devtools.timeline"])
    gate.open()
    await ends(answers(page).last)
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    events = json.loads(await browser.stop_tracing())["traceEvents"]
    styled = [event["args"]["elementCount"] for event in events if "elementCount" in event.get("args", {})]
    assert styled and max(styled) < 400


async def test_U_15_the_page_says_how_long_the_model_has_been_quiet(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("Still ", "there.").at(2, Wait(gate)))
    await arrive(page)
    await page.clock.install()
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Still")
    await page.clock.fast_forward(22_000)
    await expect(answers(page).last).to_contain_text(QUIET)
    await expect(answers(page).last.locator("chat-message")).to_have_attribute("data-rule", "breathing")
    gate.open()
    await page.clock.resume()
    await ends(answers(page).last)


async def test_B_05_another_device_learns_at_once_what_happens_here(
    page: Page, visit: Visit, upstream: Upstream, complaints: Complaints
) -> None:
    complaints.expect("404")
    email = await arrive(page)
    phone = await visit()
    await phone.goto("/accounts/login/")
    await sign_in(phone, email)
    await expect(box(phone)).to_be_visible()
    listed = phone.get_by_role("navigation", name="Conversations").get_by_role("link")
    await expect(listed).to_have_count(0)
    gate = Gate()
    upstream.script(openai_answer("From ", "here.").before_last(Wait(gate)))
    await send(page, TEXT)
    await expect(listed).to_have_count(1)
    await expect(listed).to_contain_text("answering")
    gate.open()
    await ends(answers(page).last)
    await expect(listed).not_to_contain_text("answering")
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_role("textbox", name="Title").fill("Tides")
    await page.keyboard.press("Enter")
    await expect(listed).to_have_text("Tides")
    await listed.click()
    await expect(answers(phone)).to_have_count(1)
    await send(page, "And at full moon?")
    await expect(answers(phone)).to_have_count(2)
    await ends(answers(phone).last)
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("button", name="Delete").click()
    await expect(phone.get_by_text("This conversation was deleted.")).to_be_visible()
    await expect(listed).to_have_count(0)


async def test_P_11_a_session_that_ends_by_age_leads_back_to_the_same_place_with_the_whole_text(
    page: Page, site: Site, upstream: Upstream, complaints: Complaints
) -> None:
    complaints.expect("401", "403", "404", "WebSocket")
    gate = Gate()
    upstream.script(openai_answer("Before ", "and after.").at(2, Wait(gate)))
    email = await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Before")
    address = page.url
    key = next(cookie["value"] for cookie in await page.context.cookies() if cookie["name"] == "session")
    age = f"Session.objects.filter(session_key='{key}').update(expire_date='2020-01-01T00:00:00Z')"
    expire = f"from django.contrib.sessions.models import Session; {age}"
    await asyncio.get_running_loop().run_in_executor(None, site.manage, "shell", "-c", expire)
    banner = page.get_by_role("alert").filter(has_text="You were signed out.")
    await expect(banner).to_be_visible(timeout=15_000)
    gate.open()
    await banner.get_by_role("link", name="Sign in").click()
    await sign_in(page, email)
    await page.wait_for_url(address)
    await ends(answers(page).last)
    assert await text_of(page) == "Before and after."


@pytest.mark.long
async def test_the_page_says_it_without_any_help_of_a_clock(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("Still ", "there.").at(2, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    shown = await grows(answers(page).last)
    await expect(answers(page).last).to_contain_text("Nothing new for", timeout=25_000)
    gate.open()
    await grows(answers(page).last, than=shown)


async def test_B_04_after_sleep_and_on_another_network_the_answer_is_whole_and_she_still_signed_in(
    page: Page, upstream: Upstream, complaints: Complaints
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED", "WebSocket")
    gate = Gate()
    upstream.script(openai_answer("Before ", "and ", "after.").at(3, Wait(gate)), openai_answer("Still here."))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Before and")
    machine = await page.context.new_cdp_session(page)
    await machine.send("Page.setWebLifecycleState", {"state": "frozen"})
    await page.context.set_offline(True)
    gate.open()
    await asyncio.sleep(2)
    await page.context.set_offline(False)
    await machine.send("Page.setWebLifecycleState", {"state": "active"})
    await expect(answers(page).last).to_contain_text("Before and after.", timeout=20_000)
    await ends(answers(page).last)
    await send(page, "And now?")
    await expect(answers(page).last).to_contain_text("Still here.")


async def test_B_17_a_browser_that_knows_no_trusted_types_shows_the_same(page: Page, upstream: Upstream) -> None:
    await page.add_init_script("delete globalThis.trustedTypes; delete globalThis.TrustedHTML")
    upstream.script(openai_answer("A **word** and ", "`code`."))
    await arrive(page)
    assert await page.evaluate("'trustedTypes' in globalThis") is False
    await send(page, TEXT)
    await expect(answers(page).last.locator("strong")).to_have_text("word")
    await expect(answers(page).last.locator("code")).to_have_text("code")
