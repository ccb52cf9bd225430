"""Keys that stand alone: what they do, where they do nothing, and how to be without them."""

from __future__ import annotations

import uuid

from playwright.async_api import Page, expect

from .people import answers, box, ends, send, sign_up
from .test_page_access import faults


async def test_alice_finds_the_keys_under_a_question_mark(page: Page) -> None:
    await sign_up(page, email=f"{uuid.uuid4().hex}@example.com")
    sheet = page.get_by_role("dialog", name="Keyboard")
    await box(page).press_sequentially("What/why?")
    await expect(box(page)).to_have_value("What/why?")
    await expect(sheet).to_be_hidden()
    await page.get_by_role("button", name="Alice Chen").focus()
    await page.keyboard.press("?")
    await expect(sheet).to_contain_text("To the message box")
    assert await faults(page) == []
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Alice Chen")).to_be_focused()
    await page.keyboard.press("/")
    await expect(box(page)).to_be_focused()


async def test_alice_switches_keys_that_stand_alone_off_and_still_finds_the_list(page: Page) -> None:
    await sign_up(page, email=f"{uuid.uuid4().hex}@example.com")
    person, sheet = page.get_by_role("button", name="Alice Chen"), page.get_by_role("dialog", name="Keyboard")
    await person.click()
    await page.get_by_role("button", name="Keyboard").click()
    await sheet.get_by_role("checkbox", name="Use keys that stand alone").uncheck()
    await sheet.get_by_role("button", name="Close").click()
    await page.reload()
    await person.focus()
    await page.keyboard.press("/")
    await page.keyboard.press("?")
    await expect(person).to_be_focused()
    await expect(sheet).to_be_hidden()
    await person.click()
    await page.get_by_role("button", name="Keyboard").click()
    await expect(sheet.get_by_role("checkbox")).not_to_be_checked()


async def test_alice_renames_a_conversation_where_it_is_listed(page: Page) -> None:
    await sign_up(page, email=f"{uuid.uuid4().hex}@example.com")
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
