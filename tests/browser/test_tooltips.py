"""Names of buttons that show only an icon: for who can hover, and for nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.answers import Gate, Wait, openai_answer
from tests.upstream import Upstream

from .people import answers, arrive, ends, send


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
async def test_stop_says_its_name_to_a_mouse_and_not_to_a_finger(
    visit: Callable[..., Awaitable[Page]], upstream: Upstream, touch: bool
) -> None:
    alice = await visit(has_touch=touch, is_mobile=touch)
    gate = Gate()
    upstream.script(openai_answer("Still ", "there.").before_last(Wait(gate)))
    await arrive(alice)
    await send(alice, "Go on")
    stop = alice.get_by_role("button", name="Stop", exact=True)
    await stop.focus()
    await alice.keyboard.press("Shift+Tab")
    await alice.keyboard.press("Tab")
    await expect(stop).to_be_focused()
    await expect(alice.get_by_role("tooltip", name="Stop")).to_be_visible(visible=not touch)
    gate.open()
    await ends(answers(alice).last)
