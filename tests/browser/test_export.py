"""A conversation taken along: the page to print, and the files."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.answers import Gate, Wait, openai_answer
from tests.upstream import Upstream

from .people import answers, arrive, ends, send

MARKDOWN = (
    "# Head\n\n- one\n  - two\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n"
    "$x^2$, [link](https://example.com)[^1]\n\n[^1]: A note"
)
AFTER = "(link) => getComputedStyle(link, '::after').content"
LOOK = "(element) => element.querySelector('[data-part=text]').innerHTML"


async def looks(answer: Locator) -> str:
    """What stands in an answer, once colours and formulas are there; ids differ from page to page."""
    await expect(answer.locator(".katex-mathml math")).not_to_have_count(0)
    await expect(answer.locator("[class^=syn-]")).not_to_have_count(0)
    return re.sub(r'id="[^"]*"|for="[^"]*"', "", await answer.evaluate(LOOK))


async def test_alice_takes_a_conversation_along_as_she_sees_it(page: Page, upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(openai_answer(MARKDOWN))
    await page.add_init_script("window.print = () => { document.title = 'printed'; }")
    await arrive(page)
    await send(page, "A long question\n" * 30)
    await ends(answers(page).last)
    seen = await looks(answers(page).last)
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("link", name="Export").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("A long question"))
    assert await looks(answers(page).last) == seen
    await expect(page.get_by_role("button", name="Regenerate")).to_have_count(0)
    for kind, words in (("Markdown", MARKDOWN), ("JSON", json.dumps(MARKDOWN))):
        async with page.expect_download() as download:
            await page.get_by_role("link", name=kind).click()
        file = await download.value
        assert file.suggested_filename.startswith("a-long-question")
        await file.save_as(tmp_path / kind)
        assert words in (tmp_path / kind).read_text(encoding="utf-8")
    await page.evaluate("navigator.clipboard.writeText = async (text) => void (document.title = text)")
    await answers(page).last.get_by_role("button", name="Copy code").click()
    await expect(page).to_have_title("print(1)")
    await page.get_by_role("button", name="Print or save as PDF").click()
    await expect(page).to_have_title("printed")
    await page.get_by_role("link", name="Back to the conversation").click()
    await expect(page.get_by_role("textbox", name="Message")).to_be_visible()


async def test_on_paper_all_words_stand_and_nothing_to_press(page: Page, upstream: Upstream) -> None:
    upstream.script(openai_answer(MARKDOWN))
    await arrive(page)
    await send(page, "A long question\n" * 30)
    await ends(answers(page).last)
    listed = page.get_by_role("navigation", name="Conversations")
    await listed.get_by_role("link").first.hover()
    await listed.get_by_role("button").first.click()
    await page.locator("#row-menu").get_by_role("link", name="Export").click()
    said = page.locator(".said")
    await expect(page.get_by_role("button", name="Show all")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.get_by_role("button")).to_have_count(0)
    await expect(page.get_by_role("link", name="Markdown")).to_have_count(0)
    link, note = page.get_by_role("link", name="link"), page.locator("sup a")
    assert await link.evaluate(AFTER) == '" (https://example.com)"'
    assert await note.evaluate(AFTER) == "none"
    assert await said.evaluate("(element) => element.scrollHeight <= element.clientHeight + 1")
    assert await page.locator(".scroll").evaluate("(element) => getComputedStyle(element).overflowY") == "visible"


async def test_an_answer_that_is_being_written_goes_on_where_it_is_exported(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("Half of it", ", and the rest").at(2, Wait(gate)))
    await arrive(page)
    await send(page, "Hello")
    await expect(answers(page).last).to_contain_text("Half of it")
    await page.goto(f"{page.url}export/")
    await expect(answers(page).last).to_contain_text("Half of it")
    gate.open()
    await ends(answers(page).last)
    await expect(answers(page).last).to_contain_text("Half of it, and the rest")
    await expect(answers(page).last.get_by_role("button", name="Copy")).to_be_visible()
    await expect(page.get_by_role("button", name="Regenerate")).to_have_count(0)
