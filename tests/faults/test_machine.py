"""A machine that is full, locked, held up or set back: what Alice wrote is kept, and all goes on by itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import resource
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection

from scripts import system
from tests.sites import OPENAI_MODEL, Database
from tests.upstream import Upstream

from .articles import Article, articles
from .evidence import Evidence
from .oracle import Oracle, text_of
from .people import Person
from .servers import OneProcess
from .sockets import hears_it_all, tab

pytestmark = pytest.mark.timeout(180)


class Scene(NamedTuple):
    """A server whose database is a file, and Alice, who is signed in there."""

    server: OneProcess
    alice: Person
    clock: Path

    def set_clock(self, offset: str) -> None:
        """Let the server's clock, and only the one on the wall, differ by so much."""
        self.clock.write_text(offset)

    async def ask(
        self, words: int, pace: int = 1, client_id: str = "", number: int = 1
    ) -> tuple[int, str, list[Article]]:
        """Ask for so many words; the status, the reason of a refusal, and the two messages."""
        fields = {
            "text": f"u1.g{number} n={words} pace={pace}",
            "client_id": client_id or str(uuid.uuid4()),
            "model": OPENAI_MODEL,
        }
        answer = await self.alice._post("/c/", fields)
        reason = re.search(r'data-reason="(\w+)"', answer.text)
        return answer.status_code, reason[1] if reason else "", articles(answer.text)

    async def reply(self, uid: str) -> Article:
        """A reply as it is shown to whoever comes now, once it is over."""
        async with asyncio.timeout(60):
            while (article := articles((await self.alice.get(f"/m/{uid}/")).text)[0]).state == "streaming":
                await asyncio.sleep(0.1)
        return article


def _clocked(file: Path) -> dict[str, str]:
    """For a program whose clock this file sets, by Debian's `faketime`: the narrowest seam there is."""
    return {
        "LD_PRELOAD": str(system.clock()),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",  # else threads that wait for each other read the file each time
        "NO_FAKE_STAT": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@pytest_asyncio.fixture
async def scene(filed: Database, tmp_path: Path) -> AsyncIterator[Scene]:
    """The place, with nothing wrong yet."""
    async with _place(filed, tmp_path, {}) as place:
        yield place


@pytest_asyncio.fixture
async def clocked(filed: Database, tmp_path: Path) -> AsyncIterator[Scene]:
    """The same, by a clock that can be set; a server that asks such a clock is slow."""
    (tmp_path / "clock").write_text("+0")
    async with _place(filed, tmp_path, _clocked(tmp_path / "clock")) as place:
        yield place


@contextlib.asynccontextmanager
async def _place(filed: Database, tmp_path: Path, env: dict[str, str]) -> AsyncIterator[Scene]:
    async with Upstream() as upstream:
        Oracle(upstream)
        server = OneProcess(filed, tmp_path, upstream, env)
        await server.start()
        alice = Person("u1", server.site.url, Random(1), Evidence(0))
        await alice.sign_up()
        yield Scene(server, alice, tmp_path / "clock")
        await alice.http.aclose()
        await asyncio.to_thread(server.close)


async def test_D_13_on_a_full_disk_what_there_was_is_read_and_what_is_sent_is_kept(scene: Scene) -> None:
    _, _, (_, before) = await scene.ask(20)
    whole = (await scene.reply(before.message)).text
    client_id = str(uuid.uuid4())
    scene.server.starve()
    try:
        assert (await scene.ask(20, client_id=client_id, number=2))[:2] == (503, "storage")
        assert (await scene.reply(before.message)).text == whole
        assert (await scene.alice.http.get("/healthz")).status_code == 200, "a log that is full, too, stops nobody"
    finally:
        scene.server.feed()
    assert not [row for row in scene.server.rows.runs() if row.client_id == client_id], "no half rows"
    status, _, (_, after) = await scene.ask(20, client_id=client_id, number=2)
    assert status == 201
    assert (await scene.reply(after.message)).text == text_of("u1.g2", 1, 20)


async def test_D_14_a_database_that_another_holds_delays_and_loses_nothing(scene: Scene) -> None:
    with scene.server.rows.held():
        asking = asyncio.create_task(scene.ask(20))
        await asyncio.sleep(3)
        assert not asking.done()
    status, _, (_, reply) = await asking
    assert status == 201
    assert (await scene.reply(reply.message)).text == text_of("u1.g1", 1, 20)


@pytest.mark.long
async def test_D_18_a_clock_that_jumps_shows_nowhere(clocked: Scene) -> None:
    _, _, (_, reply) = await clocked.ask(300, pace=20)
    hearing = asyncio.create_task(hears_it_all(clocked.alice, reply.run))
    for offset in ("+3600", "-3600", "+0"):
        await asyncio.sleep(1.5)
        clocked.set_clock(offset)
    text, longest = await hearing
    assert (text, longest < 5) == (text_of("u1.g1", 1, 300), True)
    assert (await clocked.reply(reply.message)).state == "complete"
    clocked.set_clock("+3600")
    await asyncio.sleep(1.5)  # it is looked at once a second
    status, _, (_, after) = await clocked.ask(20, number=2)
    assert (status, (await clocked.reply(after.message)).text) == (201, text_of("u1.g2", 1, 20))
    last = clocked.server.log.read_text().splitlines()[-1].split()[0]
    assert datetime.fromisoformat(last).timestamp() > time.time() + 3_000, "its clock did jump"


async def test_D_17_a_server_that_stood_still_for_five_seconds_goes_on_where_it_was(scene: Scene) -> None:
    _, _, (_, reply) = await scene.ask(300, pace=20)
    hearing = asyncio.create_task(hears_it_all(scene.alice, reply.run, begun := asyncio.Event()))
    await begun.wait()
    scene.server.freeze()
    await asyncio.sleep(5)
    scene.server.thaw()
    text, longest = await hearing
    assert text == text_of("u1.g1", 1, 300), "through the same socket, whole"
    assert longest > 4, "it did stand still"
    assert (await scene.reply(reply.message)).state == "complete"


@pytest.mark.long
async def test_D_23_after_a_backup_is_restored_a_page_that_knows_more_fetches_anew(
    scene: Scene, tmp_path: Path
) -> None:
    _, _, (_, first) = await scene.ask(20)
    kept = (await scene.reply(first.message)).text
    file, backup = Path(scene.server.site.env["DATABASE_URL"].removeprefix("sqlite:///")), tmp_path / "backup"
    _copy(file, backup)
    _, _, (_, lost) = await scene.ask(20, number=2)
    await scene.reply(lost.message)
    await scene.server.terminate(20)
    for rest in file.parent.glob(f"{file.name}*"):
        rest.unlink()
    _copy(backup, file)
    await scene.server.start()
    async with asyncio.timeout(30), tab(scene.alice) as socket:
        for run, after in ((first.run, 9_999), (lost.run, 3)):
            await socket.send(json.dumps({"type": "follow", "run": run, "after": after}))
        heard = await _hears(socket, 2)
    assert heard == {first.run: "resync", lost.run: "gone"}
    assert (await scene.reply(first.message)).text == kept
    _, _, (_, again) = await scene.ask(20, number=3)
    assert again.run not in (first.run, lost.run)


def _copy(file: Path, to: Path) -> None:
    """As a backup of a running SQLite is made."""
    with contextlib.closing(sqlite3.connect(file)) as source, contextlib.closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


async def _hears(socket: ClientConnection, count: int) -> dict[str, str]:
    """What is said of so many runs."""
    heard: dict[str, str] = {}
    while len(heard) < count:
        frame = json.loads(await socket.recv())
        if "run" in frame:
            heard[frame["run"]] = frame["type"]
    return heard


async def test_D_19_without_descriptors_new_work_waits_and_what_runs_lives(scene: Scene) -> None:
    _, _, (_, reply) = await scene.ask(300, pace=20)
    hearing = asyncio.create_task(hears_it_all(scene.alice, reply.run, begun := asyncio.Event()))
    await begun.wait()
    pid = scene.server.site.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(list(Path(f"/proc/{pid}/fd").iterdir())) + 6, hard))
    crowd = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", scene.server.port) for _ in range(40)), return_exceptions=True
    )
    await asyncio.sleep(2)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
    for one in crowd:
        if not isinstance(one, BaseException):
            one[1].close()
    text, longest = await hearing
    assert (text, longest < 20) == (text_of("u1.g1", 1, 300), True)
    assert (await scene.reply(reply.message)).state == "complete"
    assert (await scene.ask(20, number=2))[0] == 201
