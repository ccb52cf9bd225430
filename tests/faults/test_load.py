"""Many who come and go, many who send the same, and many who mean no good, while others' answers go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import TypeVar

import psutil
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.sites import OPENAI_MODEL, Site
from tests.upstream import Upstream

from .arena import Setting, arena
from .articles import articles
from .checker import check
from .doings import Restless
from .evidence import Evidence
from .oracle import Oracle, text_of
from .people import Person
from .rows import Rows
from .servers import MIB, Make, embedded
from .sockets import hears_it_all, tab
from .supervised import supervised

BOUND = 200 * 1.0 + 60.0
"""MiB that 200 viewers who do not read (one each), and all else that goes on here, may add to a process (I-19)."""
WORDS = 1_000
PING = b"\x89\x80\0\0\0\0"
"""A ping as a client sends it, masked with nothing."""
T = TypeVar("T")


async def cancelled_at_random(seconds: float, fleet: Make = embedded) -> None:
    setting = Setting(secrets.randbelow(1_000_000), seconds, people=8, tabs=1, kinds=(), fleet=fleet, day=Restless)
    print(f"seed {setting.seed}")
    async with arena(setting) as it:
        evidence = await it.run()
        verdict = check(evidence)
    broken_off = Counter(act.kind for act in evidence.acts)["broken off"]
    print(f"{broken_off} broken off, {verdict.runs} runs: {dict(verdict.states)}")
    assert verdict.breaches == []
    assert broken_off > seconds
    assert verdict.runs > seconds / 2


@pytest.mark.timeout(240)
async def test_S_19_I_16_whatever_is_broken_off_nobody_reads_what_is_not_theirs() -> None:
    await cancelled_at_random(10)


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_S_19_I_16_over_several_workers_too() -> None:
    await cancelled_at_random(15, supervised)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fleet", [embedded, supervised])
async def test_S_19_for_ten_minutes_too(fleet: Make) -> None:
    await cancelled_at_random(600, fleet)


@pytest.fixture
def person(site: Site) -> Callable[[str], Person]:
    """Makes people of the shared site."""
    return lambda name: Person(name, site.url, Random(name), Evidence(0))


@pytest.mark.parametrize("times", [50, pytest.param(1_000, marks=pytest.mark.long)])
async def test_I_2_B_14_so_many_sends_of_one_id_make_one_message_and_one_run(
    site: Site, upstream: Upstream, person: Callable[[str], Person], times: int
) -> None:
    oracle = Oracle(upstream)
    alice = person("u1")
    await alice.sign_up()
    fields = {"text": "u1.g1 n=20 pace=5", "client_id": str(uuid.uuid4()), "model": OPENAI_MODEL}
    turn = asyncio.Semaphore(50)

    async def send() -> tuple[str, str, str]:
        async with turn:
            answer = await alice._post("/c/", fields)
            assert answer.status_code in (200, 201), answer.text
            said, reply = articles(answer.text)
            return said.message, reply.message, reply.run

    answers = await asyncio.gather(*(send() for _ in range(times)))
    assert len(set(answers)) == 1
    assert len(oracle.calls) == 1
    rows = [row for row in Rows(site.env["DATABASE_URL"]).runs() if row.client_id == fields["client_id"]]
    assert len(rows) == 1
    another = await alice._post("/c/", {**fields, "text": "something else"})
    assert another.status_code == 400, "an old id says nothing new"
    await alice.http.aclose()


async def _opened(person: Person) -> ClientConnection:
    """A connection as soon as there may be one: those that are being closed count among the twenty of a person."""
    while True:
        try:
            return await tab(person)
        except InvalidStatus:
            await asyncio.sleep(0.5)


async def _ask(person: Person, words: int, pace: int) -> str:
    """Begin an answer of so many words; its run."""
    text = f"{person.name}.g1 n={words} pace={pace}"
    answer = await person._post("/c/", {"text": text, "client_id": str(uuid.uuid4()), "model": OPENAI_MODEL})
    return articles(answer.text)[-1].run


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_S_56_F1_F2_F3_F4_I_19_who_misbehaves_costs_others_nothing(start_site: Callable[..., Site]) -> None:
    """Two hundred that never read, 300 frames of a megabyte, a million pings; Alice's answer goes on as before."""
    with Upstream.in_thread() as upstream:
        Oracle(upstream)
        site = await asyncio.to_thread(start_site, upstream, SIGNUP="open")
        alice, *crowd = [Person(f"u{number}", site.url, Random(number), Evidence(0)) for number in range(1, 22)]
        for one in (alice, *crowd):
            await one.sign_up()
        memory = Memory(site.process.pid)
        hearing = asyncio.create_task(hears_it_all(alice, await _ask(alice, WORDS, 20)))
        silent = [socket for person in crowd for socket in await _deaf(person, await _ask(person, 3_000, 1))]
        await memory.watched(_giant_frames(crowd, 300))
        await memory.watched(_pings(crowd[1], 1_000_000))
        text, longest = await memory.watched(hearing)
        closed = await _all_closed(silent)
        for one in (alice, *crowd):
            await one.http.aclose()
    print(f"{memory.before:.0f} MiB, at most {memory.most:.0f} MiB; longest pause {longest:.1f} s")
    assert text == text_of("u1.g1", 1, WORDS)
    assert longest < 10, "her answer never stood still"
    assert (len(silent), closed) == (200, 200), "whoever does not read is closed"
    assert memory.most <= memory.before + BOUND


class Memory:
    """What a process holds, in MiB: before, and at most while somebody does something to it."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.before = self.most = self._now()

    async def watched(self, work: Awaitable[T]) -> T:
        """Do this, looking all the while."""
        task = asyncio.ensure_future(work)
        while not task.done():
            self.most = max(self.most, self._now())
            await asyncio.wait([task], timeout=0.1)
        return await task

    def _now(self) -> float:
        return float(self._process.memory_info().rss) / MIB


async def _deaf(person: Person, run: str) -> list[ClientConnection]:
    """Tabs that follow an answer which comes as fast as it can, and never read a byte of it."""
    deaf = []
    for _ in range(10):
        socket = await tab(person, max_queue=1)
        await socket.send(json.dumps({"type": "follow", "run": run, "after": 0}))
        socket.transport.pause_reading()
        deaf.append(socket)
    return deaf


async def _giant_frames(crowd: Sequence[Person], count: int) -> None:
    """Each closed for it, by us or by the protocol's layer below us; three of each person's at a time."""
    turns = {person: asyncio.Semaphore(3) for person in crowd}

    async def send(person: Person) -> None:
        async with turns[person], await _opened(person) as socket:
            with contextlib.suppress(ConnectionClosed):
                await socket.send("x" * MIB)
            async with asyncio.timeout(60):
                await socket.wait_closed()
            assert socket.close_code in (1006, 1009, 4413), socket.close_code

    await asyncio.gather(*(send(crowd[number % len(crowd)]) for number in range(count)))


async def _pings(person: Person, count: int) -> None:
    """As many as go out before the server has had enough of them."""
    async with tab(person) as socket:
        for _ in range(count // 1_000):
            if socket.transport.is_closing():
                break
            socket.transport.write(PING * 1_000)
            await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await socket.wait_closed()
    assert socket.close_code in (1006, 4429), socket.close_code


async def _all_closed(silent: list[ClientConnection]) -> int:
    """How many of these the server has closed, once they look."""

    async def closes(socket: ClientConnection) -> bool:
        socket.transport.resume_reading()
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(60):
                async for _ in socket:
                    pass
        code = socket.close_code
        await socket.close()
        return code is not None

    return sum(await asyncio.gather(*map(closes, silent)))
