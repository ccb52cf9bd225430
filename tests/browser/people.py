"""What people do on the pages, in their words."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, Route, expect

PASSWORD = "a sentence is the best of all"
PATIENCE = 20_000


async def sign_up(page: Page, name: str = "Alice Chen", email: str = "alice@example.com") -> None:
    """Make an account, and be on the page of a new chat."""
    await page.goto("/accounts/signup/")
    await page.get_by_role("textbox", name="Name").fill(name)
    await page.get_by_role("textbox", name="E-mail").fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(box(page)).to_be_visible()


async def arrive(page: Page, email: str = "") -> str:
    """Alice has an account, made without a look at its form, and is on the page of a new chat; her address."""
    email = email or f"{uuid.uuid4().hex}@example.com"
    entrance = await page.request.get("/accounts/signup/")
    token = next(cookie["value"] for cookie in await page.context.cookies() if "csrf" in cookie["name"])
    fields: dict[str, str | float | bool] = {
        "csrfmiddlewaretoken": token,
        "name": "Alice Chen",
        "email": email,
        "password1": PASSWORD,
    }
    answer = await page.request.post(entrance.url, form=fields, headers={"Referer": entrance.url}, max_redirects=0)
    assert answer.status == 302, await answer.text()
    await page.goto("/")
    await expect(box(page)).to_be_visible()
    return email


async def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Sign in on the page one has come to."""
    await page.get_by_role("textbox", name="E-mail").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in").click()


def box(page: Page) -> Locator:
    """The box one writes in."""
    return page.get_by_role("textbox", name="Message")


async def choose(page: Page, model: str) -> None:
    """Take this model from the list, by its id."""
    # Until the page's script runs, a plain select of that name stands there; it must not be taken for the button.
    await page.get_by_role("combobox", name="Model").and_(page.locator("button")).click()
    await page.locator(f'[role=option][data-value="{model}"]').click()


async def send(page: Page, text: str) -> None:
    """Write this and send it."""
    await box(page).fill(text)
    await page.get_by_role("button", name="Send").click()


def answers(page: Page) -> Locator:
    """What the model has said, one article each."""
    return page.get_by_role("article", name="Assistant")


async def ends(answer: Locator, state: str = "complete") -> None:
    """Wait until the answer is over, in this state."""
    await expect(answer).to_have_attribute("data-state", state, timeout=PATIENCE)


async def words(answer: Locator) -> str:
    """The answer's own words as they stand on the page, once they are read and its formulas are set."""
    await expect(answer.locator("[data-part=text] > *")).not_to_have_count(0)
    await expect(answer.locator(".formula > code, .katex-mathml:empty")).to_have_count(0)
    return await answer.locator("[data-part=text]").inner_text()


async def grows(answer: Locator, than: int = 0) -> int:
    """Wait until more than so many characters of an answer are shown that is not over yet; how many there are."""
    await expect(answer).to_have_attribute("data-state", "streaming")
    element = await answer.locator("[data-part=text]").element_handle()
    longer = "([element, than]) => element.textContent.length > than"
    await answer.page.wait_for_function(longer, arg=[element, than], timeout=PATIENCE)
    return len(await answer.locator("[data-part=text]").text_content() or "")


def late(seconds: float) -> Callable[[Route], Awaitable[None]]:
    """Answers as the server does, so much later."""

    async def answer(route: Route) -> None:
        response = await route.fetch()
        await asyncio.sleep(seconds)
        await route.fulfill(response=response)

    return answer
