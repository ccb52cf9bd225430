"""Pictures of the page to look at, in both themes and on a phone; they are kept under var/pictures/.

`docs/screenshot.png` is the one called `writing-desktop-light.png`, copied by hand when the page has changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from scripts.processes import ROOT
from tests.sites import Site
from tests.upstream import Gate, Upstream, Wait, openai_answer

from .people import answers, arrive, ends, grows, send

PLACES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}
QUESTIONS = ("Why are there two tides a day?", "为什么一天有两次潮汐？", "A letter to the housing office")
FIRST = """Because the moon pulls on both sides of the earth, **unequally**:

| Side | Pull | What the sea does |
|---|---|--:|
| facing the moon | stronger | rises |
| turned away | weaker | stays behind, so rises too |
"""
SECOND = """At that size one query is enough. It finds each address that occurs more than once and the row to keep:

```sql
select email, count(*) as copies, min(id) as keep
from customer
group by email
having count(*) > 1;   -- readers never wait for this
```

Then remove the copies in small steps, so that no step holds its locks for long. A thousand rows at a time is a good
start; between the steps the shop gets its turn, and"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES)
async def test_the_page_fits_and_is_pictured(
    visit: Callable[..., Awaitable[Page]], site: Site, upstream: Upstream, place: str, theme: str
) -> None:
    alice = await visit(color_scheme=theme, **PLACES[place])
    gate = Gate()
    upstream.script(
        *(openai_answer("It depends on the moon.") for _ in QUESTIONS[1:]),
        openai_answer(*_pieces(FIRST)),
        openai_answer(*_pieces(SECOND), reasoning=["Three million rows fit."]).at(-3, Wait(gate)),
    )
    await arrive(alice)
    await _picture(alice, f"empty-{place}-{theme}")
    for question in reversed(QUESTIONS):
        await alice.goto("/")
        await send(alice, question)
        await ends(answers(alice).last)
    await _picture(alice, f"finished-{place}-{theme}")
    await send(alice, "We have about 3 million customers. How do I find and remove copies without stopping the shop?")
    await grows(answers(alice).last, than=400)
    await expect(alice.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    await _picture(alice, f"writing-{place}-{theme}")
    gate.open()
    await ends(answers(alice).last)


def _pieces(text: str) -> list[str]:
    return [text[at : at + 12] for at in range(0, len(text), 12)]


async def _picture(page: Page, name: str) -> None:
    """Keep a picture, of a page that nobody has to scroll sideways."""
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=ROOT / "var" / "pictures" / f"{name}.png")
