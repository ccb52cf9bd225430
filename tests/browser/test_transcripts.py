"""Every recorded answer, through the whole product: what Alice sees, what is stored, read and exported is one text."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Page, expect

from tests.answers import STREAMS, Answer, recorded
from tests.sites import ANTHROPIC_MODEL, OPENAI_MODEL, Site
from tests.upstream import Request, Upstream

from .conftest import Complaints
from .people import PASSWORD, answers, arrive, choose, send, sign_in
from .rows import row

Visit = Callable[..., Awaitable[Page]]
Start = Callable[..., Site]
ADMIN = {"DJANGO_SUPERUSER_EMAIL": "bob@example.com", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
RECORDED = sorted(STREAMS.glob("*.sse"), key=lambda path: (path.name.split("-")[0], path.stat().st_size))
"""One dialect after the other, and what is long at the end, where it slows down least."""
MODELS = {"openai": OPENAI_MODEL, "anthropic": ANTHROPIC_MODEL}
CHANNELS = ("text", "reasoning", "refusal")
CALLS = """folds => folds.map((fold) => [
    fold.querySelector("bdi").textContent, fold.querySelector(".fold__code > *").textContent,
])"""

CLIPBOARD = "navigator.clipboard.writeText = async (text) => void (window.copied = text)"
COPY = """article => {
    window.copied = "";
    article.querySelector('[data-action="copy"]')?.click();
    return window.copied;
}"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("paths", [RECORDED[::2], pytest.param(RECORDED, marks=pytest.mark.long)], ids=["half", "all"])
async def test_I_6_every_recorded_answer_is_one_text_on_the_screen_in_the_row_in_review_and_in_exports(
    visit: Visit, start_site: Start, complaints: Complaints, paths: Sequence[Path]
) -> None:
    with Upstream.in_thread() as up:
        up.otherwise = _replay
        site = start_site(up, SIGNUP="open", **ADMIN)
        site.manage("firstadmin")
        alice = await visit(base_url=site.url)
        await alice.add_init_script(CLIPBOARD)
        await arrive(alice)
        live = await _asks_for(alice, paths)
        await alice.reload()
        again = [await _shown(one) for one in await answers(alice).all()]
        stored = [row(site, uid) for uid in await _uids(alice)]
        bob = await visit(base_url=site.url)
        await bob.add_init_script(CLIPBOARD)
        read = await _reads(bob, paths[0])
        await alice.goto(f"{urlsplit(alice.url).path}export/")
        taken = [await _shown(one) for one in await answers(alice).all()]
        written = await (
            await alice.request.get(str(await alice.get_by_role("link", name="JSON").get_attribute("href")))
        ).json()
    assert len(RECORDED) == 39
    assert len(live) == len(paths)
    assert live == again == read == taken
    filed = [one for one in written["messages"] if one["role"] == "assistant"]
    assert [{name: one[name] for name in CHANNELS} for one in filed] == [
        {name: kept[name] for name in CHANNELS} for kept in stored
    ]
    for path, shown, kept in zip(paths, live, stored, strict=True):
        expected = _described(path)["expect"]
        assert {name: shown[name] for name in CHANNELS} == {name: expected[name] for name in CHANNELS}, path.stem
        assert {name: kept[name] for name in CHANNELS} == {name: expected[name] for name in CHANNELS}, path.stem
        calls = [[call["name"], call["arguments"]] for call in expected["tool_calls"]]
        assert shown["calls"] == calls, path.stem
        assert (kept["state"] == "complete") == (expected["finish_reason"] is not None), path.stem
        assert kept["finish_reason"] == (expected["finish_reason"] or ""), path.stem
        assert kept["kind"] == (expected["error"] or {"kind": ""})["kind"], path.stem


def _described(path: Path) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    return described


def _replay(request: Request) -> Answer:
    """The recording that the question names, in pieces that fit nothing."""
    said = request.json["messages"][-1]["content"]
    return recorded(said if isinstance(said, str) else said[-1]["text"]).pieces(701)


async def _asks_for(page: Page, paths: Sequence[Path]) -> list[dict[str, Any]]:
    """One question each, in one conversation; what the page shows of the answers as they have come."""
    shown = []
    chosen = ""
    for number, path in enumerate(paths, 1):
        dialect = _described(path)["dialect"]
        if dialect != chosen:
            await choose(page, MODELS[dialect])
            chosen = dialect
        await send(page, path.stem)
        await expect(answers(page)).to_have_count(number)
        await expect(answers(page).last).not_to_have_attribute("data-state", "streaming", timeout=20_000)
        shown.append(await _shown(answers(page).last))
    return shown


async def _shown(answer: Locator) -> dict[str, Any]:
    """The words of an answer as Copy gives them, the model's thinking and its calls."""
    copied = await answer.evaluate(COPY)
    refusal = await answer.locator("[data-part=refusal]").text_content()
    return {
        "text": "" if refusal else copied,
        "refusal": copied if refusal else "",
        "reasoning": await answer.locator("[data-part=reasoning]").text_content(),
        "calls": await answer.locator("[data-part=tools] > *").evaluate_all(CALLS),
    }


async def _uids(page: Page) -> list[str]:
    return [str(await one.get_attribute("data-message")) for one in await answers(page).all()]


async def _reads(page: Page, first: Path) -> list[dict[str, Any]]:
    await page.goto("/review/")
    await sign_in(page, ADMIN["DJANGO_SUPERUSER_EMAIL"])
    await page.get_by_role("link", name=first.stem).click()
    await page.get_by_role("textbox").fill("Alice asked me to look at it")
    await page.get_by_role("button", name="Open and record").click()
    await expect(page.get_by_role("note")).to_contain_text("Recorded: you opened this at")
    return [await _shown(one) for one in await answers(page).all()]
