"""Everybody can use the page: by keyboard, by ear, by thumb, in any light and on any screen."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.answers import Gate, Wait, openai_answer
from tests.sites import OPENAI_MODEL, Site
from tests.upstream import Upstream

from .people import answers, arrive, box, choose, ends, send

Visit = Callable[..., Awaitable[Page]]
AXE = (Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text()
TEXT = "Why are there two tides a day?"
LONG_WORD = "w" * 200


STILL = """Promise.allSettled(document.getAnimations()
    .filter((one) => one.effect.getTiming().iterations !== Infinity).map((one) => one.finished)).then(() => 0)"""
"""What fades in is measured when it is there."""


async def faults(page: Page, *accepted: str) -> list[str]:
    """What axe finds, by the rules that are laws in most places and those that are only good sense."""
    await page.evaluate(STILL)
    await page.evaluate(AXE)
    found: dict[str, Any] = await page.evaluate("axe.run()")
    rest = [one for one in found["violations"] if one["id"] not in accepted]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in rest]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_any_page(visit: Visit, scheme: str, upstream: Upstream) -> None:
    page = await visit(color_scheme=scheme)
    for address in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        await page.goto(address)
        assert await faults(page) == [], address
    await arrive(page)
    assert await faults(page) == [], "a new chat"
    upstream.script(openai_answer("Hello", reasoning=["Hm."], finish="length"))
    await send(page, TEXT)
    await ends(answers(page).last)
    assert await faults(page) == [], "a conversation"
    await page.get_by_role("combobox", name="Model").click()
    assert await faults(page) == [], "the models"
    await page.keyboard.press("Escape")
    await page.goto("/account/")
    assert await faults(page) == [], "the account"


async def test_what_is_not_there_says_so_and_how_to_go_on(page: Page, complaints: Any) -> None:
    complaints.expect("404")
    await arrive(page)
    await page.goto(f"/c/{uuid.uuid4()}/")
    await expect(page.get_by_role("heading", name="Nothing here.")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("link", name="To your conversations").click()
    await expect(box(page)).to_be_visible()


async def test_a_whole_conversation_goes_by_keyboard(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("Endless ", "talk").before_last(Wait(gate)))
    await arrive(page)
    await choose(page, OPENAI_MODEL)
    await expect(page.get_by_role("combobox", name="Model")).to_be_focused()
    await page.keyboard.press("Control+Shift+O")
    await expect(box(page)).to_be_focused()
    await page.keyboard.type("One line")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("and another")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name="You").get_by_text("One line\nand another")).to_be_visible()
    await expect(answers(page).last).to_contain_text("Endless")
    await page.keyboard.press("Control+.")
    await ends(answers(page).last, "stopped")
    await expect(box(page)).to_be_focused()
    gate.open()


async def test_enter_belongs_to_the_input_method_while_a_word_is_composed(page: Page) -> None:
    await arrive(page)
    await box(page).fill("nihao")
    await box(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    await box(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
    await expect(box(page)).to_have_value("nihao")
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_a_model_is_chosen_by_typing(page: Page) -> None:
    await arrive(page)
    model = page.get_by_role("combobox", name="Model")
    await model.press("ArrowDown")
    await page.keyboard.type("anthropic")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(model).to_have_text("anthropic-test")
    await expect(model).to_be_focused()
    await model.press("ArrowDown")
    await page.keyboard.type("nonsense")
    await expect(page.get_by_text("No model is called that.")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(model).to_have_text("anthropic-test")
    await page.reload()
    await expect(model).to_have_text("anthropic-test")


async def test_the_sidebar_goes_and_comes_back_and_stays_as_one_left_it(page: Page) -> None:
    await arrive(page)
    listing = page.get_by_role("navigation", name="Conversations")
    await page.keyboard.press("Control+\\")
    await expect(listing).to_be_hidden()
    await page.reload()
    await expect(listing).to_be_hidden()
    await expect(page.get_by_role("button", name="New chat")).to_have_count(1)
    await page.get_by_role("button", name="Show the sidebar").click()
    await expect(listing).to_be_visible()


async def test_menus_obey_the_arrow_keys(page: Page) -> None:
    await arrive(page)
    await send(page, TEXT)
    await ends(answers(page).last)
    await page.get_by_role("button", name="More", exact=True).press("ArrowDown")
    await expect(page.get_by_role("button", name="Rename")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("button", name="Delete")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Delete")).to_be_hidden()
    await expect(page.get_by_role("button", name="More", exact=True)).to_be_focused()


async def test_whole_sentences_are_announced_and_nothing_else(page: Page, upstream: Upstream) -> None:
    await arrive(page)
    await expect(page.get_by_role("log", include_hidden=True)).to_have_attribute("aria-live", "off")
    await page.evaluate(
        """() => {
            window.heard = [];
            const status = document.getElementById("status");
            new MutationObserver(() => heard.push(status.textContent)).observe(status, {childList: true});
        }"""
    )
    gate = Gate()
    code = "\n\n```sql\nselect 1;\nselect 2;\n```\n"
    words = "The **moon** [pulls](https://a.test/b). ", "So does ", f"the sun.{code}"
    upstream.script(openai_answer(*words).at(3, Wait(gate)))
    await send(page, TEXT)
    await page.wait_for_function("() => heard.join(' ').includes('The moon pulls.')")
    assert "So does" not in " ".join(await page.evaluate("heard"))
    gate.open()
    await page.wait_for_function(
        "() => heard.join(' ').endsWith('So does the sun. Code, sql, 2 lines. Answer finished.')"
    )


async def test_on_a_phone_everything_is_large_enough_for_a_finger(visit: Visit) -> None:
    page = await visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await arrive(page)
    await send(page, TEXT)
    await ends(answers(page).last)
    small = """() => [...document.querySelectorAll("button, a, summary, select, input:not([type=hidden])")]
        .filter((one) => one.checkVisibility({visibilityProperty: true}))
        .map((one) => [one.ariaLabel || one.textContent.trim(), one.getBoundingClientRect()])
        .filter(([, {width, height}]) => width && Math.round(Math.min(width, height)) < 44).map(([name]) => name)"""
    assert await page.evaluate(small) == []
    await page.get_by_role("button", name="Open the sidebar").click()
    await expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    assert await page.evaluate(small) == []
    # While the drawer is open the rest of the page, its heading included, is not there for anybody.
    assert await faults(page, "landmark-one-main", "page-has-heading-one") == []
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    await expect(page.get_by_role("button", name="Open the sidebar")).to_be_focused()


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
async def test_nothing_is_wider_than_the_screen(visit: Visit, upstream: Upstream, width: int) -> None:
    page = await visit(viewport={"width": width, "height": 700})
    upstream.script(openai_answer(LONG_WORD))
    await arrive(page)
    await send(page, LONG_WORD)
    await ends(answers(page).last)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    log = page.get_by_role("log", name="Conversation")
    assert await log.evaluate("log => log.scrollWidth <= log.clientWidth")


async def test_at_four_times_the_size_the_text_can_still_be_read_and_answered(visit: Visit) -> None:
    page = await visit(viewport={"width": 320, "height": 225})
    await arrive(page)
    await send(page, TEXT)
    await ends(answers(page).last)
    log = await page.get_by_role("log", name="Conversation").bounding_box()
    assert log and log["height"] >= 4 * 26
    await expect(page.get_by_role("button", name="Send")).to_be_in_viewport()


async def test_the_theme_one_has_chosen_holds_before_any_script(page: Page, site: Site) -> None:
    await arrive(page)
    await page.goto("/account/")
    await page.get_by_label("Theme").select_option("dark")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
