"""What people do all day: ask, go on, change their minds, come and go."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

import httpx

from tests.sites import ANTHROPIC_MODEL, OPENAI_MODEL

from .evidence import Accepted, Act
from .people import Person
from .viewer import Viewer

MODELS = (OPENAI_MODEL, ANTHROPIC_MODEL)
TALK = (*("ask",) * 6, *("go on",) * 3, "twins", "hasty", "again")
TROUBLE = ("stop", "stop", "reload", "drop", "freeze", "delete", "sign out")
DOINGS = (*TALK, *TROUBLE)
"""As often as it stands here."""


class Day:
    """One person's, with their tabs."""

    def __init__(self, person: Person, tabs: Sequence[Viewer]) -> None:
        self.person, self.tabs = person, tabs

    async def live(self, until: float) -> None:
        """Do this and that until then (monotonic)."""
        rng = self.person.rng
        while time.monotonic() < until:
            await asyncio.sleep(rng.uniform(0.2, 1.2))
            doing = rng.choice(DOINGS)
            mine = [one for one in self.person.accepted if one.conversation not in self.person.deleted]
            if doing in TALK:
                await self._talk(doing, rng.choice(MODELS), mine)
            elif mine:
                self.person.evidence.acts.append(Act(f"person: {doing}", time.time(), time.time()))
                await self._trouble(doing, mine)

    async def _talk(self, doing: str, model: str, mine: list[Accepted]) -> None:
        person, rng = self.person, self.person.rng
        match doing:
            case "twins":
                await person.ask(model, twins=rng.choice((2, 5)))
            case "hasty":
                await person.ask(model, hasty=True)
            case "go on" if mine:
                await person.ask(model, mine[-1].conversation)
            case "again" if mine:
                await person.ask_again(rng.choice(mine[-3:]), model)
            case _:
                await person.ask(model)

    async def _trouble(self, doing: str, mine: list[Accepted]) -> None:
        person, rng = self.person, self.person.rng
        match doing:
            case "stop":
                await person.stop(rng.choice(mine[-3:]))
            case "delete":
                await person.delete(rng.choice(mine).conversation)
            case "reload":
                await rng.choice(self.tabs).reload()
            case "drop":
                await rng.choice(self.tabs).drop()
            case "freeze":
                rng.choice(self.tabs).freeze(rng.choice((1, 4, 25)))
            case "sign out":
                await person.sign_out()
                await asyncio.sleep(rng.random())
                await person.sign_in()


class Restless(Day):
    """Somebody who hardly begins anything without breaking it off, many times a second (S-19)."""

    pause = 0.16

    async def live(self, until: float) -> None:
        rng, going = self.person.rng, set[asyncio.Task[None]]()
        while time.monotonic() < until:
            await asyncio.sleep(rng.uniform(0, 2 * self.pause))
            mine = [one for one in self.person.accepted if one.conversation not in self.person.deleted]
            task = asyncio.create_task(self._begin(rng.choice(("ask", "look", "look", "list", "stop", "drop")), mine))
            going.add(task)
            task.add_done_callback(going.discard)
            if len(going) > 4 or rng.random() < 0.5:
                self.person.evidence.acts.append(Act("broken off", time.time(), time.time()))
                rng.choice(list(going)).cancel()
        await asyncio.gather(*going, return_exceptions=True)

    async def _begin(self, doing: str, mine: list[Accepted]) -> None:
        person, rng = self.person, self.person.rng
        with contextlib.suppress(httpx.HTTPError):
            match doing:
                case "look" if mine:
                    await person.get(f"/c/{rng.choice(mine).conversation}/")
                case "list":
                    await person.get("/conversations/")
                case "stop" if mine:
                    await person.stop(rng.choice(mine[-3:]))
                case "drop":
                    await rng.choice(self.tabs).drop()
                case _:
                    await person.ask(rng.choice(MODELS))
