"""The list of conversations: what Alice can do where they are listed."""

from __future__ import annotations

from playwright.async_api import Page, expect

from .conftest import Complaints
from .people import answers, arrive, ends, late, send

OWN = 1_000
"""Milliseconds for which a page takes news of itself for its own doing (chat-page.js)."""


async def test_alice_renames_a_conversation_where_it_is_listed(page: Page) -> None:
    await arrive(page)
    await send(page, "Why two tides?")
    await ends(answers(page).last)
    rows = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    await expect(rows).to_contain_text(["Why two tides?"])
    field = page.get_by_role("navigation", name="Conversations").get_by_role("textbox", name="Title")
    await rows.first.focus()
    await page.keyboard.press("F2")
    await expect(field).to_have_value("Why two tides?")
    await field.fill("Thrown away")
    await page.keyboard.press("Escape")
    await expect(rows.first).to_be_focused()
    await expect(rows.first).to_have_text("Why two tides?")
    await page.keyboard.press("F2")
    await field.fill("Tides")
    await page.keyboard.press("Enter")
    await expect(rows.first).to_have_text("Tides")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Tides")
    await page.reload()
    await expect(rows.first).to_have_text("Tides")


async def test_a_list_from_before_a_renaming_does_not_take_it_back(page: Page) -> None:
    await arrive(page)
    await talk(page, "First")
    await page.wait_for_timeout(OWN)
    row = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    await page.route("**/conversations/", late(1.5), times=1)
    async with page.expect_request("**/conversations/"):
        await page.evaluate("document.dispatchEvent(new Event('listing-changed'))")
    await row.focus()
    await page.keyboard.press("F2")
    await page.keyboard.type("Tides")
    async with page.expect_response("**/title/"):
        await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Tides")
    await expect(row).to_have_text("Tides")


async def talk(page: Page, *questions: str) -> None:
    """Alice has asked these, each in a conversation of its own."""
    for question in questions:
        await page.goto("/")
        await send(page, question)
        await ends(answers(page).last)


async def test_alice_deletes_a_conversation_where_it_is_listed_and_has_it_back(page: Page) -> None:
    await arrive(page)
    await talk(page, "First", "Second", "Third")
    rows = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    await expect(rows).to_have_text(["Third", "Second", "First"])
    await rows.nth(1).focus()
    await page.keyboard.press("Delete")
    await expect(rows).to_have_text(["Third", "First"])
    await expect(rows.nth(1)).to_be_focused()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Third")
    await page.get_by_role("button", name="Undo").click()
    await expect(rows).to_have_text(["Third", "Second", "First"])
    await expect(page.get_by_role("heading", level=1)).to_have_text("Third")


async def test_the_menu_of_a_row_is_about_that_row(page: Page) -> None:
    await arrive(page)
    await talk(page, "First", "Second")
    listed = page.get_by_role("navigation", name="Conversations")
    rows, menu = listed.get_by_role("link"), page.locator("#row-menu")
    await rows.nth(1).hover()
    await listed.get_by_role("button", name="More about “First”").click()
    await menu.get_by_role("button", name="Rename").click()
    await listed.get_by_role("textbox", name="Title").fill("Renamed")
    await page.keyboard.press("Enter")
    await expect(rows).to_have_text(["Second", "Renamed"])
    await listed.get_by_role("button", name="More about “Second”").focus()
    await page.keyboard.press("ArrowDown")
    await expect(menu.get_by_role("button", name="Rename")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(listed.get_by_role("button", name="More about “Second”")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Deleted “Second”")).to_be_visible()
    await expect(rows).to_have_text(["Renamed"])


async def test_a_page_that_is_being_deleted_does_not_look_for_itself(page: Page) -> None:
    await arrive(page)
    await talk(page, "First")
    await page.wait_for_timeout(OWN)
    await page.route("**/deletion/", late(1))
    await page.get_by_role("navigation", name="Conversations").get_by_role("link").focus()
    await page.keyboard.press("Delete")
    await expect(page.get_by_text("Deleted “First”")).to_be_visible()


async def test_news_of_the_list_take_neither_the_focus_nor_the_menu_away(page: Page) -> None:
    await arrive(page)
    await talk(page, "First", "Second")
    listed = page.get_by_role("navigation", name="Conversations")
    more, menu = listed.get_by_role("button", name="More about “First”"), page.locator("#row-menu")

    async def news() -> None:
        async with page.expect_response("**/conversations/"):
            await page.evaluate("document.dispatchEvent(new Event('listing-changed'))")

    await more.evaluate("(button) => button.closest('li').id = 'before'")
    await more.focus()
    await news()
    await expect(page.locator("#before")).to_have_count(0)
    await expect(more).to_be_focused()
    await more.evaluate("(button) => button.closest('li').id = 'before'")
    await page.keyboard.press("Enter")
    await expect(menu).to_be_visible()
    await news()
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(page.locator("#before")).to_have_count(0)
    await expect(more).to_be_focused()


async def test_a_row_that_could_not_be_deleted_comes_back(page: Page, complaints: Complaints) -> None:
    complaints.expect("503")
    await arrive(page)
    await talk(page, "First")
    rows = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    await page.route("**/deletion/", lambda route: route.fulfill(status=503, content_type="text/html"))
    await rows.first.focus()
    await page.keyboard.press("Delete")
    await expect(page.get_by_role("status").filter(has_text="Not done")).to_be_visible()
    await expect(rows).to_have_text(["First"])
