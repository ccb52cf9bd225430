"""Keys that stand alone: what they do, where they do nothing, and how to be without them."""

from __future__ import annotations

from playwright.async_api import Page, expect

from .people import arrive, box
from .test_page_access import faults


async def test_alice_finds_the_keys_under_a_question_mark(page: Page) -> None:
    await arrive(page)
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
    await arrive(page)
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
