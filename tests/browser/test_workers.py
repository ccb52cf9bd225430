"""Two processes of one site: what one of them writes, the other one shows, and what it shows when Redis is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest
from playwright.async_api import Page, expect

from scripts import stores
from scripts.stores import Store
from tests.answers import Gate, Pause, Wait, openai_answer
from tests.sites import Site
from tests.upstream import Upstream

from .people import answers, arrive, ends, send

DELAYED = "Live text is delayed just now."


@pytest.fixture
def redis() -> Iterator[Store]:
    with stores.redis_server() as server:
        yield server


@pytest.fixture
def model() -> Iterator[Upstream]:
    with Upstream.in_thread() as model:
        yield model


@pytest.fixture
def sites(start_site: Callable[..., Site], model: Upstream, redis: Store) -> tuple[Site, Site]:
    """Two of them, on one database."""
    first = start_site(model, REDIS_URL=redis.url, SIGNUP="open")
    shared = first.env["DATABASE_URL"]
    return first, start_site(model, REDIS_URL=redis.url, DATABASE_URL=shared)


@pytest.fixture
def both(
    sites: tuple[Site, Site], visit: Callable[..., Awaitable[Page]]
) -> Callable[..., Awaitable[tuple[Page, Page]]]:
    """Alice asks at one, and looks at the same conversation at the other."""

    async def ask() -> tuple[Page, Page]:
        here = await visit(base_url=sites[0].url)
        await arrive(here)
        await send(here, "Say it to both")
        await expect(answers(here).last).to_contain_text("one")
        there = await here.context.new_page()
        await there.goto(here.url.replace(str(sites[0].port), str(sites[1].port)))
        await expect(answers(there).last).to_contain_text("one")
        return here, there

    return ask


async def test_R_11_what_one_process_writes_another_one_shows_and_stops(
    both: Callable[..., Awaitable[tuple[Page, Page]]], model: Upstream
) -> None:
    gate, never = Gate(), Gate()
    model.script(openai_answer("one ", "two ", "three ").at(2, Wait(gate)).before_last(Wait(never)))
    here, there = await both()
    gate.open()
    await expect(answers(there).last).to_contain_text("one two")
    await there.get_by_role("button", name="Stop", exact=True).click()
    for page in (here, there):
        await ends(answers(page).last, "stopped")


@pytest.mark.timeout(120)
async def test_D_06_D_07_without_redis_one_goes_on_and_the_other_one_says_why_it_is_late(
    both: Callable[..., Awaitable[tuple[Page, Page]]], model: Upstream, redis: Store
) -> None:
    words = [f"word {number} " for number in range(200)]
    back, seen = Gate(), Gate()
    slow = openai_answer("one ", *words).at(150, Wait(back)).at(190, Wait(seen)).between(Pause(0.05))
    model.script(slow)
    here, there = await both()
    redis.kill()
    await expect(answers(there).last.get_by_text(DELAYED)).to_be_visible()
    await expect(answers(there).last).to_contain_text("word 100")
    await expect(here.get_by_text(DELAYED)).to_have_count(0)
    redis.start()
    back.open()
    await expect(answers(there).last.get_by_text(DELAYED)).to_have_count(0)
    await expect(answers(there).last).to_have_attribute("data-state", "streaming")
    seen.open()
    for page in (here, there):
        await ends(answers(page).last)
        said = await answers(page).last.locator("[data-part=text]").inner_text()
        assert said.strip() == f"one {''.join(words)}".strip()
