"""Answers as long as a book: the browser leaves out what nobody sees, and nobody notices."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.answers import openai_answer
from tests.upstream import Upstream

from .people import answers, arrive, ends, send

PARAGRAPHS = [f"Paragraph {number} says that it is paragraph {number} of a long book.\n\n" for number in range(1_200)]
ITEMS = "".join(f"1. item {number}\n" for number in range(1_100))
TABLE = "| n | square |\n|--:|--:|\n" + "".join(f"| {number} | {number**2} |\n" for number in range(1_100))
SIDE = "element => getComputedStyle(element).contentVisibility"
IN_SIGHT = """element => {
  const [own, log] = [element.getBoundingClientRect(), element.closest("chat-log").getBoundingClientRect()];
  return own.top >= log.top && own.bottom <= log.bottom && own.height > 0;
}"""


async def read(page: Page, upstream: Upstream, text: str) -> Locator:
    """Alice, and what she has just been answered."""
    upstream.script(openai_answer(text))
    await arrive(page)
    await send(page, "Write a book")
    await ends(answers(page).last)
    return answers(page).last


async def test_a_book_opens_at_its_end_and_every_page_can_be_turned_to(page: Page, upstream: Upstream) -> None:
    await read(page, upstream, "".join(PARAGRAPHS))
    for _ in range(2):
        shown = answers(page).last.locator("[data-part=text] p")
        await expect(shown).to_have_count(len(PARAGRAPHS))
        await expect(shown.last).to_have_js_property("textContent", PARAGRAPHS[-1].strip())
        await page.wait_for_timeout(500)
        assert await shown.last.evaluate(IN_SIGHT)
        for number in (1_050, 300, 1_150):
            await shown.nth(number).scroll_into_view_if_needed()
            await page.wait_for_timeout(200)
            assert await shown.nth(number).evaluate(IN_SIGHT)
        await page.reload()


async def test_what_is_left_out_is_printed(page: Page, upstream: Upstream) -> None:
    answer = await read(page, upstream, "".join(PARAGRAPHS))
    far = answer.locator(".leaf").nth(64)
    assert await far.evaluate(SIDE) == "auto"
    await page.emulate_media(media="print")
    assert await far.evaluate(SIDE) == "visible"


@pytest.mark.parametrize(("what", "text", "tag"), [("items", ITEMS, "li"), ("rows", TABLE, "tbody tr")])
async def test_lists_and_tables_of_thousands_can_be_turned_through(
    page: Page, upstream: Upstream, what: str, text: str, tag: str
) -> None:
    answer = await read(page, upstream, text)
    shown = answer.locator(tag)
    await expect(shown).to_have_count(text.count("\n") - (2 if what == "rows" else 0))
    await page.wait_for_timeout(500)
    assert await shown.last.evaluate(IN_SIGHT)
    for number in (400, 503):
        await shown.nth(number).scroll_into_view_if_needed()
        await page.wait_for_timeout(200)
        assert await shown.nth(number).evaluate(IN_SIGHT)
