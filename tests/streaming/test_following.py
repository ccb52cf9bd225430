"""Following, against a model of it: pages come, go, sleep and reload in any order while an answer is written and ends.

The model is one line: at position `p` a page shows what the first `p` events say. A log with hardly any room makes the
server say `resync` often.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from streaming.events import Event, Finished, Text
from streaming.logs.memory import Bounds, MemoryLog
from streaming.transcript import Transcript

from .tab import Tab
from .world import RUN, Door

T = TypeVar("T")
QUIET = 0.15
PIECES = st.lists(st.text("ab é🌕", min_size=1, max_size=4), min_size=1, max_size=8)


class Page:
    """One page: what it was given when it loaded, and its socket's share since."""

    def __init__(self, tab: Tab, text: str, position: int) -> None:
        self.tab, self.given, self.position = tab, text, position
        self.over = False

    @property
    def text(self) -> str:
        """What it shows."""
        since = self.tab.transcripts.get(RUN)
        return self.given + (since.text if since else "")


class Following(RuleBasedStateMachine):
    """`at[p]` is what the first `p` events say; `row` is what the recorder stored last."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.log = MemoryLog(Bounds(events=4, bytes=300))
        self.door = Door(self.log)
        self.door.theirs["alice"].add(RUN)
        self.at = [""]
        self.over = False
        self.row = ("", 0)
        self.pages: list[Page] = []
        self.run(self.log.open(RUN, 1))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this on the machine's loop, where the sockets live on between the steps."""
        return self.runner.run(work)

    @precondition(lambda self: not self.over)
    @rule(pieces=PIECES)
    def the_model_writes(self, pieces: list[str]) -> None:
        self._append(*map(Text, pieces))

    @precondition(lambda self: not self.over)
    @rule()
    def the_model_ends(self) -> None:
        self.door.rows[RUN] = Transcript()  # the end waits for what is stored; here it is
        self._append(Finished("stop", "stop"))
        self.over = True
        self.the_recorder_saves()

    @rule()
    def the_recorder_saves(self) -> None:
        self.row = (self.at[-1], len(self.at) - 1)

    @precondition(lambda self: len(self.pages) < 3)
    @rule()
    def a_page_loads(self) -> None:
        self.pages.append(self.run(self._opened(*self.row)))

    @precondition(lambda self: self.pages)
    @rule(which=st.randoms(use_true_random=False))
    def a_page_loses_its_socket(self, which: random.Random) -> None:
        page = which.choice(self.pages)
        self.run(page.tab.close())
        if not page.over:
            self._replace(page, page.text, page.position)

    @precondition(lambda self: self.pages)
    @rule(which=st.randoms(use_true_random=False))
    def a_page_reloads(self, which: random.Random) -> None:
        page = which.choice(self.pages)
        self.run(page.tab.close())
        self._replace(page, *self.row)

    @precondition(lambda self: self.pages)
    @rule()
    def they_show_what_has_come(self) -> None:
        for page in self.pages:
            self.run(self._shows(page, QUIET))

    def teardown(self) -> None:
        """In the end everybody has the whole answer."""
        if not self.over:
            self.the_model_ends()
        for page in self.pages:
            self.run(self._shows(page, 20))
            assert (page.over, page.text) == (True, self.at[-1])
            self.run(page.tab.close())
        self.runner.close()

    def _append(self, *events: Event) -> None:
        for event in events:
            self.at.append(self.at[-1] + (event.text if isinstance(event, Text) else ""))
        top = self.run(self.log.append(RUN, 1, len(self.at) - 1 - len(events), events))
        assert top == len(self.at) - 1

    def _replace(self, page: Page, text: str, position: int) -> None:
        self.pages[self.pages.index(page)] = self.run(self._opened(text, position))

    async def _opened(self, text: str, position: int) -> Page:
        page = Page(Tab(self.log, self.door), text, position)
        assert await page.tab.open() == (True, "chat.v1")
        await self._follow(page, text, position)
        return page

    async def _follow(self, page: Page, text: str, position: int) -> None:
        """From what the server has just given it, unless that is the end."""
        page.given, page.position = text, position
        page.over = self.over and position == len(self.at) - 1
        page.tab.transcripts.pop(RUN, None)
        if not page.over:
            await page.tab.follow(RUN, position)

    async def _shows(self, page: Page, seconds: float) -> None:
        """Take what comes until it is over, or nothing comes for so long."""
        while not page.over:
            try:
                frame = await page.tab.frame(seconds)
            except TimeoutError:
                return
            if frame["type"] == "resync":
                self.the_recorder_saves()
                await self._follow(page, *self.row)
            elif frame["type"] == "events":
                page.position = frame["position"]
                page.over = page.tab.transcripts[RUN].outcome is not None
                assert page.text == self.at[page.position], "it shows what the events up to here say, and no more"


def test_I_4_I_5_I_6_I_7_whatever_pages_do_each_shows_what_its_position_says() -> None:
    run_state_machine_as_test(
        Following,
        settings=settings(
            max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
