"""What is shown is what was written: while it comes, in other tabs, after a reload, and without a socket."""

from __future__ import annotations

from playwright.async_api import Page, WebSocketRoute, expect

from tests.answers import Gate, Pause, Send, Wait, openai_answer
from tests.upstream import Upstream

from .conftest import Complaints
from .people import answers, arrive, box, ends, send

TEXT = "Why are there two tides a day?"
HEIGHT = "(element) => element.offsetHeight"
PARAGRAPHS = [f"Paragraph {number} says no more than that it is paragraph {number}.\n\n" for number in range(60)]


async def text_of(page: Page) -> str:
    """The last answer's characters."""
    return await answers(page).last.locator("[data-part=text]").text_content() or ""


async def test_I_7_a_reload_in_the_middle_shows_what_came_and_goes_on(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("The moon ", "and ", "the sun.").at(3, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("The moon and")
    await page.wait_for_timeout(1_000)
    await page.reload()
    await expect(answers(page).last).to_contain_text("The moon and")
    await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    gate.open()
    await ends(answers(page).last)
    assert await text_of(page) == "The moon and the sun."


async def test_B_19_who_leaves_and_comes_back_finds_the_answer_going_on(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("Still ", "here, ", "still whole.").at(3, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Still here")
    address = page.url
    await page.goto("/account/")
    await page.go_back()
    await page.wait_for_url(address)
    await expect(answers(page).last).to_contain_text("Still here")
    gate.open()
    await ends(answers(page).last)
    assert await text_of(page) == "Still here, still whole."


async def test_B_08_what_was_shown_at_the_stop_is_what_is_kept(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("Kept ", "to here", " and no further").at(3, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Kept to here")
    await page.get_by_role("button", name="Stop", exact=True).dblclick()
    await ends(answers(page).last, "stopped")
    gate.open()
    assert await text_of(page) == "Kept to here"
    await expect(answers(page).last).to_contain_text("You stopped this answer. What was written is kept.")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await page.reload()
    assert await text_of(page) == "Kept to here"


async def test_B_05_two_tabs_show_the_same(page: Page, upstream: Upstream) -> None:
    await arrive(page)
    await send(page, "First")
    await ends(answers(page).last)
    other = await page.context.new_page()
    await other.goto(page.url)
    gate = Gate()
    upstream.script(openai_answer("One ", "text ", "for all.").at(3, Wait(gate)))
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("One text")
    await expect(answers(other).last).to_contain_text("One text")
    await expect(other.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    gate.open()
    for tab in (page, other):
        await ends(answers(tab).last)
    assert await text_of(other) == await text_of(page) == "One text for all."


async def test_a_name_given_in_one_tab_is_there_in_the_other(page: Page) -> None:
    await arrive(page)
    await send(page, TEXT)
    await ends(answers(page).last)
    other = await page.context.new_page()
    await other.goto(page.url)
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_role("textbox", name="Title").fill("Tides")
    await page.keyboard.press("Enter")
    await expect(other.get_by_role("heading", level=1)).to_have_text("Tides")


async def test_P_06_a_conversation_deleted_in_one_tab_is_gone_in_the_other(page: Page, complaints: Complaints) -> None:
    complaints.expect("404")
    await arrive(page)
    await send(page, TEXT)
    await ends(answers(page).last)
    other = await page.context.new_page()
    await other.goto(page.url)
    await expect(other.get_by_role("article")).to_have_count(2)
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("button", name="Delete").click()
    await expect(other.get_by_text("This conversation was deleted.")).to_be_visible()


async def test_B_16_where_no_socket_comes_through_the_answer_comes_all_the_same(
    page: Page, upstream: Upstream, complaints: Complaints
) -> None:
    complaints.expect("WebSocket")

    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close(code=1011)

    await page.route_web_socket("**/ws/", refuse)
    await arrive(page)
    upstream.script(openai_answer("Slow ", "but ", "sure.").between(Pause(0.5)))
    await send(page, TEXT)
    await ends(answers(page).last)
    assert await text_of(page) == "Slow but sure."


async def test_B_03_after_the_network_was_gone_the_answer_is_whole(
    page: Page, upstream: Upstream, complaints: Complaints
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED", "WebSocket")
    gate = Gate()
    upstream.script(openai_answer("Before ", "and ", "after.").at(3, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Before and")
    await page.context.set_offline(True)
    await expect(answers(page).last).to_contain_text("Offline. The answer goes on without you")
    gate.open()
    await page.wait_for_timeout(500)
    await page.context.set_offline(False)
    await ends(answers(page).last)
    assert await text_of(page) == "Before and after."


async def test_the_log_follows_until_one_moves_up_and_again_from_the_pill(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer(*PARAGRAPHS).at(40, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    log = page.get_by_role("log", name="Conversation")
    await expect(answers(page).last).to_contain_text("paragraph 37.")
    end = "log => log.scrollHeight - log.clientHeight - log.scrollTop"
    assert await log.evaluate(end) <= 48
    await log.hover()
    scrolled = "log => { log.still = new Promise(done => log.addEventListener('scrollend', done, { once: true })); }"
    await log.evaluate(scrolled)
    await page.mouse.wheel(0, -600)
    await expect(page.get_by_role("button", name="Jump to latest")).to_be_visible()
    await log.evaluate("log => log.still.then(() => 1)")
    place = await log.evaluate("log => log.scrollTop")
    gate.open()
    await ends(answers(page).last)
    assert await log.evaluate("log => log.scrollTop") == place
    await page.get_by_role("button", name="Jump to latest").click()
    await expect(page.get_by_role("button", name="Jump to latest")).to_be_hidden()
    assert await log.evaluate(end) <= 1


async def test_a_selection_survives_growing_text(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("Select ", "me ", "now.").at(2, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Select")
    await answers(page).last.get_by_text("Select").dblclick(position={"x": 20, "y": 12})
    assert (await page.evaluate("getSelection().toString()")).strip() == "Select"
    gate.open()
    await ends(answers(page).last)
    assert await text_of(page) == "Select me now."
    assert (await page.evaluate("getSelection().toString()")).strip() == "Select"


async def test_nothing_moves_when_the_answer_ends(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("The last ", "word.").before_last(Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    text = answers(page).last.locator("[data-part=text]")
    await expect(text).to_have_text("The last word.")
    await page.evaluate("document.fonts.ready.then(() => 1)")
    before = await text.bounding_box()
    gate.open()
    await ends(answers(page).last)
    assert await text.bounding_box() == before


async def test_S_26_whatever_the_model_writes_stays_text(page: Page, upstream: Upstream) -> None:
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>\r\n&amp;\u2028[a](javascript:alert(3))\n\n<b>c</b>"
    upstream.script(openai_answer(*attack))
    await arrive(page)
    await send(page, attack)
    await ends(answers(page).last)
    for _ in range(2):
        shown = await text_of(page)
        assert "<img src=x onerror=alert(1)><script>alert(2)</script>" in shown
        assert "<b>c</b>" in shown
        assert await answers(page).last.locator("img, script, b, a").count() == 0
        await page.reload()
        await expect(answers(page).last.locator(".unlinked")).to_have_text("a")


async def test_silence_is_told_and_how_long_it_lasts(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("Then ", "nothing.").at(2, Wait(gate)))
    await page.clock.install()
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("Then")
    await page.clock.run_for(20_000)
    await expect(answers(page).last).to_contain_text("Nothing new for")
    gate.open()
    await page.clock.run_for(1_000)
    await ends(answers(page).last)


async def test_a_thought_is_folded_away_and_says_how_long_it_took(page: Page, upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(openai_answer("So: the moon.", reasoning=["Let me ", "see."]).at(3, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last.locator("summary")).to_contain_text("Thinking")
    gate.open()
    await ends(answers(page).last)
    await expect(answers(page).last.locator("summary")).to_contain_text("Thought for")
    await answers(page).last.locator("summary").click()
    await expect(answers(page).last.get_by_text("Let me see.")).to_be_visible()


async def test_a_thought_is_read_as_markdown_by_whoever_opens_it(page: Page, upstream: Upstream) -> None:
    gate, rest = Gate(), Gate()
    thoughts = ["**Considering** ", "the *moon*, ", "and\n\n- the sun\n- ", "the **sea**"]
    upstream.script(openai_answer("So: the moon.", reasoning=thoughts).at(2, Wait(gate)).at(6, Wait(rest)))
    await arrive(page)
    await send(page, TEXT)
    thought = answers(page).last.locator("[data-part=reasoning]")
    await expect(answers(page).last.locator("summary")).to_contain_text("Thinking")
    await answers(page).last.locator("summary").click()
    await expect(thought.locator("strong")).to_have_text("Considering")
    gate.open()
    await expect(thought.locator("li").last).to_have_text("the sea")
    rest.open()
    await ends(answers(page).last)
    await expect(thought.locator("strong")).to_have_text(["Considering", "sea"])
    await page.reload()
    await expect(thought).to_be_hidden()
    await answers(page).last.locator("summary").click()
    await expect(thought.locator("strong")).to_have_text(["Considering", "sea"])


async def test_what_is_read_aloud_and_whether_thoughts_are_open_is_alices_choice(
    page: Page, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.script(openai_answer("So: ", "the moon.", reasoning=["Let me ", "see."]).at(3, Wait(gate)))
    await arrive(page)
    await page.goto("/account/")
    await page.get_by_label("Read answers aloud").select_option("Not by itself")
    await page.get_by_label("Show what a model thinks while it thinks").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await page.goto("/")
    await page.evaluate(
        """() => {
          globalThis.heard = [];
          const status = document.getElementById("status");
          new MutationObserver(() => heard.push(status.textContent)).observe(status, {childList: true});
        }"""
    )
    await send(page, TEXT)
    await expect(answers(page).last.get_by_text("Let me see.")).to_be_visible()
    gate.open()
    await ends(answers(page).last)
    await expect(page.locator("#status")).to_contain_text("Answer finished.")
    assert "moon" not in await page.evaluate("heard.join(' ')")
    await expect(answers(page).last.get_by_text("Let me see.")).to_be_visible()
    await page.reload()
    await expect(answers(page).last.get_by_text("Let me see.")).to_be_hidden()


async def test_what_can_be_done_with_an_older_message_shows_when_it_is_looked_for(
    page: Page, upstream: Upstream
) -> None:
    await arrive(page)
    for words in ("One.", "Two."):
        upstream.script(openai_answer(words))
        await send(page, TEXT)
        await expect(answers(page).last).to_contain_text(words)
        await ends(answers(page).last)
    older = answers(page).first.get_by_role("button", name="Copy")
    await page.mouse.move(0, 0)
    await expect(older).to_have_css("opacity", "0")
    await answers(page).first.hover()
    await expect(older).to_have_css("opacity", "1")
    await page.mouse.move(0, 0)
    await expect(older).to_have_css("opacity", "0")
    await older.focus()
    await expect(older).to_have_css("opacity", "1")


async def test_what_was_cut_or_failed_says_so_and_can_be_asked_again(page: Page, upstream: Upstream) -> None:
    await arrive(page)
    upstream.script(openai_answer("Half of").upto(2, Send(b"data: nonsense\n\n")))
    await send(page, TEXT)
    await ends(answers(page).last, "interrupted")
    await expect(answers(page).last).to_contain_text("The answer was cut off: part of it could not be read.")
    await expect(answers(page).last.get_by_role("button", name="Regenerate")).to_have_count(1)
    await expect(answers(page).last).to_contain_text("Ref. ")
    await expect(box(page)).to_be_enabled()


async def test_long_code_is_folded_for_whoever_comes_later_until_asked_for(page: Page, upstream: Upstream) -> None:
    lines = "".join(f"line_{number} = {number}\n" for number in range(1, 213))
    gate = Gate()
    upstream.script(openai_answer("All of it:\n\n", f"```python\n{lines}```\n", "\nThat was it.").at(3, Wait(gate)))
    await arrive(page)
    await send(page, TEXT)
    await expect(answers(page).last).to_contain_text("line_212")
    gate.open()
    await ends(answers(page).last)
    more = answers(page).last.get_by_role("button", name="Show 212 lines")
    await expect(more).to_be_hidden()
    await page.reload()
    await expect(more).to_be_visible()
    code = answers(page).last.locator(".code")
    folded: int = await code.evaluate(HEIGHT)
    await more.focus()
    await page.keyboard.press("Enter")
    await expect(more).to_be_hidden()
    await expect(answers(page).last.get_by_role("button", name="Copy code")).to_be_focused()
    assert await code.evaluate(HEIGHT) > 5 * folded
    await page.reload()
    await expect(more).to_be_visible()
    # As the browser does that has found something there.
    await code.locator(".run").last.evaluate("(run) => run.scrollIntoView()")
    await expect(more).to_be_hidden()
    await expect(code.locator(".run").last).to_be_in_viewport()
