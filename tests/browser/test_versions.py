"""Alice asks for another answer, looks at both, and goes on from the first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, expect

from tests.answers import Gate, Wait, openai_answer
from tests.sites import OPENAI_MODEL, Site
from tests.upstream import Upstream

from .people import answers, arrive, ends, send

Visit = Callable[..., Awaitable[Page]]
TALL = "\n\n".join(f"Paragraph {n} of the first answer." for n in range(40))


async def top_of(answer: Locator) -> float:
    """Where on the screen it begins, in pixels."""
    return float(await answer.evaluate("one => one.getBoundingClientRect().top"))


async def ask(page: Page, upstream: Upstream) -> None:
    """Alice, with two answers to a question after one that fills the screen."""
    upstream.script(openai_answer(TALL), openai_answer("The first."), openai_answer("The second."))
    await arrive(page)
    await send(page, "A long one, please")
    await expect(answers(page).last).to_contain_text("Paragraph 39")
    await ends(answers(page).last)
    await send(page, "And a short one")
    await expect(answers(page).last).to_contain_text("The first.")
    await ends(answers(page).last)
    await page.get_by_role("button", name="Regenerate").last.click()
    await expect(answers(page).last).to_contain_text("The second.")
    await ends(answers(page).last)


async def test_alice_goes_from_version_to_version_and_on_from_one(page: Page, site: Site, upstream: Upstream) -> None:
    await ask(page, upstream)
    answer = answers(page).last
    await expect(answer).to_contain_text("2 of 2")
    await expect(page.get_by_role("button", name="Next version")).to_be_disabled()
    top = await top_of(answer)
    await page.get_by_role("button", name="Previous version").click()
    await expect(answer).to_contain_text("The first.")
    await expect(answer).to_contain_text("1 of 2")
    assert abs(await top_of(answer) - top) < 2, "it stands where the other stood"
    await expect(page.locator("#status")).to_contain_text(f"Version 1 of 2, {OPENAI_MODEL}")
    await expect(page.get_by_role("button", name="Next version")).to_be_focused()

    await page.reload()
    await expect(answer).to_contain_text("The first.")
    await answer.focus()
    await page.keyboard.press("ArrowRight")
    await expect(answer).to_contain_text("The second.")
    await expect(answer).to_be_focused()
    await page.keyboard.press("ArrowRight")  # there is none further
    await page.keyboard.press("ArrowLeft")
    await expect(answer).to_contain_text("The first.")

    upstream.script(openai_answer("From the first."))
    await send(page, "Go on")
    await expect(answers(page).last).to_contain_text("From the first.")
    await ends(answers(page).last)
    asked = [turn["content"] for turn in upstream.requests[-1].json["messages"]]
    assert asked[-2:] == ["The first.", "Go on"]
    await expect(answers(page).nth(1)).to_contain_text("The first.")
    await page.reload()
    await expect(answers(page).last).to_contain_text("From the first.")


async def test_another_tab_may_look_at_the_older_while_a_newer_is_written(
    page: Page, site: Site, upstream: Upstream
) -> None:
    await ask(page, upstream)
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.get_by_role("button", name="Previous version").click()
    await expect(answers(other).last).to_contain_text("The first.")
    gate = Gate()
    upstream.script(openai_answer("A third ", "is written.").before_last(Wait(gate)))
    await page.get_by_role("button", name="Regenerate").last.click()
    await expect(answers(page).last).to_contain_text("A third")
    await expect(answers(other).last).to_contain_text("1 of 3")
    await expect(answers(other).last).to_contain_text("The first.")
    gate.open()
    await ends(answers(page).last)
    await expect(answers(page).last).to_contain_text("3 of 3")
    await other.get_by_role("button", name="Next version").click()
    await expect(answers(other).last).to_contain_text("2 of 3", timeout=20_000)
    await other.get_by_role("button", name="Next version").click()
    await expect(answers(other).last).to_contain_text("A third is written.", timeout=20_000)
