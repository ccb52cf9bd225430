"""What one types survives whatever happens to it, and is sent once."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, Route, expect

from tests.answers import Gate, Wait, openai_answer
from tests.sites import OPENAI_MODEL
from tests.upstream import Upstream

from .conftest import Complaints
from .people import answers, arrive, box, choose, ends, late, send, sign_up, words

Visit = Callable[..., Awaitable[Page]]
TEXT = "Why are there two tides a day?"


async def is_kept(page: Page, sentence: str) -> None:
    """The text is back in the box, the reason stands at the foot, and nothing pretends to have been sent."""
    await expect(box(page)).to_have_value(TEXT)
    await expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_sending_shows_the_question_at_once_and_leaves_the_focus_in_the_box(page: Page) -> None:
    await arrive(page)
    await page.route("**/c/", hold := Held())
    await box(page).fill(TEXT)
    await box(page).press("Enter")
    await expect(page.get_by_text(TEXT)).to_be_visible()
    await expect(page.get_by_text("Sending…")).to_be_visible()
    hold.gate.open()
    await expect(page.get_by_role("article", name="You").get_by_text(TEXT)).to_be_visible()
    await expect(page.get_by_text("Sending…")).to_have_count(0)
    await expect(box(page)).to_be_focused()


async def test_B_03_the_text_is_kept_when_the_network_is_gone(page: Page, complaints: Complaints) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    await arrive(page)
    await page.context.set_offline(True)
    await expect(page.get_by_text("You are offline.")).to_be_visible()
    await send(page, TEXT)
    await is_kept(page, "Not sent. Your text is in the box; try again.")
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Send").click()
    await ends(answers(page).last)


async def test_the_text_is_kept_when_the_server_fails(page: Page, complaints: Complaints) -> None:
    complaints.expect("503")
    await arrive(page)
    body = '<p role="alert" data-reason="storage">Not saved yet.</p>'
    await page.route("**/c/", lambda route: route.fulfill(status=503, content_type="text/html", body=body))
    await send(page, TEXT)
    await is_kept(page, "Not saved yet.")


async def test_B_07_one_message_is_made_when_the_answer_to_sending_is_lost(page: Page, complaints: Complaints) -> None:
    complaints.expect("ERR_FAILED")
    await arrive(page)

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/c/", lose, times=1)
    await send(page, TEXT)
    await is_kept(page, "Not sent. Your text is in the box; try again.")
    await page.reload()
    await expect(box(page)).to_have_value(TEXT)
    await choose(page, OPENAI_MODEL)
    await page.get_by_role("button", name="Send").click()
    await ends(answers(page).last)
    await expect(page.get_by_role("navigation", name="Conversations").get_by_role("link")).to_have_count(1)
    await expect(page.get_by_role("article")).to_have_count(2)


async def test_B_06_while_one_answer_is_written_a_second_question_waits_in_the_box(
    page: Page, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.script(openai_answer("Hel", "lo").before_last(Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    await box(page).fill("And the sun?")
    await box(page).press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="An answer is still being written.")).to_be_visible()
    await expect(box(page)).to_have_value("And the sun?")
    gate.open()
    await ends(answers(page).last)
    await box(page).press("Enter")
    await expect(page.get_by_role("article", name="You")).to_have_count(2)


async def test_P_11_when_the_session_has_ended_the_text_stays_and_the_way_back_is_shown(
    page: Page, complaints: Complaints
) -> None:
    complaints.expect("401", "WebSocket")
    await arrive(page)
    await page.context.clear_cookies(name="session")
    await send(page, TEXT)
    await expect(box(page)).to_have_value(TEXT)
    banner = page.get_by_role("alert").filter(has_text="You were signed out.")
    await expect(banner.get_by_role("link", name="Sign in")).to_be_visible()


async def test_a_page_from_before_she_sent_takes_nothing_away(page: Page, upstream: Upstream) -> None:
    await arrive(page)
    await send(page, "First")
    await ends(answers(page).last)
    await page.route(page.url, late(2), times=1)
    async with page.expect_request(page.url), page.expect_response(page.url) as answered:
        await page.evaluate("void document.querySelector('chat-page').refresh()")
        await send(page, "Second")
    await expect(answers(page)).to_have_count(2)
    await answered.value
    await page.wait_for_timeout(200)  # what it would take away, it would take away now
    assert await answers(page).count() == 2
    await ends(answers(page).last)
    assert await answers(page).count() == 2


async def test_drafts_survive_a_reload_each_in_its_conversation(page: Page) -> None:
    await arrive(page)
    await send(page, TEXT)
    await ends(answers(page).last)
    await box(page).fill("unfinished")
    await page.reload()
    await expect(box(page)).to_have_value("unfinished")
    await page.get_by_role("button", name="New chat").click()
    await expect(box(page)).to_have_value("")


async def test_without_scripts_one_can_send_and_read(visit: Visit) -> None:
    page = await visit(java_script_enabled=False)
    await sign_up(page, email=f"{uuid.uuid4().hex}@example.com")
    await page.get_by_role("combobox", name="Model").select_option(OPENAI_MODEL)
    await send(page, TEXT)
    await expect(page.get_by_role("article", name="You")).to_contain_text(TEXT)
    answer = answers(page).last
    for _ in range(50):
        if await answer.get_attribute("data-state") == "complete":
            break
        await page.reload()
    assert await words(answer) == "Hello world"


async def test_another_answer_takes_the_place_of_the_first(page: Page, upstream: Upstream) -> None:
    await arrive(page)
    upstream.script(openai_answer("First."), openai_answer("Second."))
    await send(page, TEXT)
    await ends(answers(page).last)
    await answers(page).last.get_by_role("button", name="Regenerate").click()
    await expect(answers(page).last).to_contain_text("Second.")
    await ends(answers(page).last)
    await expect(page.get_by_role("article")).to_have_count(2)
    await page.reload()
    await expect(answers(page)).to_have_count(1)
    assert await words(answers(page).last) == "Second."


async def test_a_deleted_conversation_is_back_by_one_click(page: Page) -> None:
    await arrive(page)
    await send(page, TEXT)
    await ends(answers(page).last)
    address = page.url
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text(f"Deleted “{TEXT.rstrip('?')}")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Conversations").get_by_role("link")).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await page.wait_for_url(address)
    await expect(page.get_by_role("article")).to_have_count(2)


async def test_a_conversation_is_renamed_in_place(page: Page) -> None:
    await arrive(page)
    await send(page, TEXT)
    await ends(answers(page).last)
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_role("textbox", name="Title").fill("Tides")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Tides")
    await expect(page.get_by_role("navigation", name="Conversations").get_by_role("link")).to_have_text("Tides")
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Tides")


class Held:
    """Lets a request wait until the test opens the gate."""

    def __init__(self) -> None:
        self.gate = Gate()

    async def __call__(self, route: Route) -> None:
        await self.gate.wait()
        await route.continue_()


async def test_S_20_an_address_neither_fills_the_box_nor_sends(page: Page) -> None:
    await arrive(page)
    await page.goto(f"/?q={TEXT}&prompt={TEXT}&message={TEXT}&text={TEXT}&submit=true#{TEXT}")
    await expect(box(page)).to_be_focused()
    await expect(box(page)).to_have_value("")
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_an_old_draft_says_so_and_can_be_discarded_and_had_back(page: Page) -> None:
    await arrive(page)
    await box(page).fill(TEXT)
    await page.reload()
    await expect(box(page)).to_have_value(TEXT)
    await expect(page.get_by_text("Draft from")).to_be_hidden()
    await page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find(key => key.startsWith("draft:"));
          localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), at: Date.now() - 86_400_000 });
        }"""
    )
    await page.reload()
    await expect(page.get_by_text("Draft from yesterday")).to_be_visible()
    await page.get_by_role("button", name="Discard").click()
    await expect(box(page)).to_have_value("")
    await expect(box(page)).to_be_focused()
    await expect(page.get_by_text("Draft from")).to_be_hidden()
    await page.keyboard.press("Control+z")
    await expect(box(page)).to_have_value(TEXT)
    await page.reload()
    await expect(box(page)).to_have_value(TEXT)
