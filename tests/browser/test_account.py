"""The account page stands beside the conversations, as every page of a person does."""

from __future__ import annotations

from playwright.async_api import Page, expect

from .people import answers, ends, send, sign_up


async def test_the_account_page_keeps_the_list_of_conversations(page: Page) -> None:
    await sign_up(page, email="account-list@example.com")
    await send(page, "Is the list still there?")
    await ends(answers(page).last)
    await page.goto("/account/")
    listed = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    await expect(listed).to_contain_text(["Is the list still there?"])


async def test_a_chosen_theme_is_there_at_once_and_after_a_reload(page: Page) -> None:
    await sign_up(page, email="account-theme@example.com")
    await page.goto("/account/")
    await page.get_by_label("Theme").select_option("dark")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.goto("/")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_each_field_for_a_new_password_has_one_name(page: Page) -> None:
    await sign_up(page, email="account-password@example.com")
    await page.goto("/accounts/password/change/")
    for name in ("Current password", "New password", "New password, again"):
        field = page.get_by_label(name, exact=True)
        await expect(field).to_have_count(1)
        assert await field.get_attribute("placeholder") is None
