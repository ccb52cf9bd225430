"""How much later a tab sees text whose answer is relayed by a worker on another host.

    python3 dev.py bench hosts             the whole table, about four minutes
    python3 dev.py bench hosts -- --quick  a third of it

Two hosts are two network namespaces of Linux, with one worker each; both reach PostgreSQL, Redis and a model's server
over a bridge. All words of the model are the times at which they left it. Each answer has two viewers: one at the
worker that relays it, and one at the other, which has it from Redis. Only numbers of one run may be compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
import signal
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

import psutil
from websockets.asyncio.client import ClientConnection

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.hosts_parts import network  # noqa: E402
from scripts import processes, stores  # noqa: E402
from tests.answers import Answer, Pause, Step, openai_answer  # noqa: E402
from tests.faults.articles import articles  # noqa: E402
from tests.faults.evidence import Evidence  # noqa: E402
from tests.faults.people import Person  # noqa: E402
from tests.faults.sockets import tab  # noqa: E402
from tests.sites import OPENAI_MODEL, Database, Site  # noqa: E402
from tests.upstream import Upstream  # noqa: E402

ANSWERS = (1, 20, 50)
PACE = 25
"""Words a second of each answer."""
AROUND = 20.0
"""Seconds for which an answer goes on beside those that count: not all begin at the same time."""
SOCKETS = 16
"""Of one person, who may have 20."""
LIMIT = 100
"""Milliseconds that the other host may add."""


class Words(list[Step]):
    """Steps of an answer for so many seconds, each word of which is the time at which it leaves."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __iter__(self) -> Iterator[Step]:
        role, _, *end = openai_answer("a word").steps
        yield role
        began = time.monotonic()
        for number in range(int(self.seconds * PACE)):
            yield Pause(max(0.0, began + number / PACE - time.monotonic()))
            yield openai_answer(f"{time.time()!r} ").steps[1]
        yield from end


def model(port: Connection, seconds: float) -> None:
    """A model's server in a process of its own."""
    processes.end_with_parent(signal.SIGKILL)

    async def run() -> None:
        async with Upstream(host=network.MIDDLE) as upstream:
            upstream.otherwise = lambda request: Answer(Words(seconds))
            port.send(upstream.url)
            await asyncio.Event().wait()

    asyncio.run(run())


class Host(Site):
    """A worker on one of the hosts."""

    def __init__(self, name: str, folder: Path, env: dict[str, str]) -> None:
        self.host, self.within = network.HOSTS[name], network.within(name)
        url = f"http://{self.host}:8000"
        (folder / name).mkdir()
        settings = {"PUBLIC_ORIGIN": url, "ALLOW_HTTP": "1", "SIGNUP": "open", "DRAIN_SECONDS": "0"}
        super().__init__(Database(env["DATABASE_URL"]), folder / name, None, {**env, **settings})
        self.url, self.port = url, 8000

    @property
    def cpu(self) -> float:
        """Seconds of the processor that it has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


@dataclass
class Viewer:
    """A tab that notes when each frame came, and reads what was in it only afterwards."""

    person: Person
    run: str
    frames: list[tuple[float, str | bytes]] = field(default_factory=list)

    async def open(self) -> ClientConnection:
        """Follow the answer."""
        socket = await tab(self.person)
        await socket.send(json.dumps({"type": "follow", "run": self.run, "after": 0}))
        return socket

    async def look(self, connection: ClientConnection) -> None:
        """Take what comes, to the answer's end."""
        async with connection as socket:
            async for raw in socket:
                self.frames.append((time.time(), raw))
                if len(self.frames) % 8 == 0:
                    await socket.send(json.dumps({"type": "ack", "n": len(self.frames)}))
                if '"finished"' in str(raw):
                    return

    @property
    def seen(self) -> dict[str, float]:
        """When each word came."""
        return {word: came for came, raw in self.frames for word in _words(json.loads(raw))}


def _words(frame: dict[str, Any]) -> Iterator[str]:
    for event in frame.get("events", ()):
        if event["type"] == "text":
            yield from event["text"].split()


@dataclass
class Figures:
    """Delays in ms: until the viewer at the run's own worker, at the other one, and by how much later for one word."""

    own: list[float]
    other: list[float]
    later: list[float]
    cpu: tuple[float, float]
    """Microseconds of the processor for each word, in the run's worker and in the other."""


class Bench:
    """People who ask on one host, and look on both."""

    def __init__(self, here: Host, there: Host, seconds: float) -> None:
        self.here, self.there, self.seconds = here, there, seconds
        self._people = 0

    async def run(self, answers: int) -> Figures:
        """The figures of so many answers at once."""
        viewers = [viewer for count in _shares(answers) for viewer in await self._ask(count)]
        async with asyncio.TaskGroup() as looking:
            for viewer in viewers:  # one by one, as the site hears few handshakes at once from one address
                looking.create_task(viewer.look(await viewer.open()))
            await asyncio.sleep(1)
            since, before = time.time(), (self.here.cpu, self.there.cpu)
            await asyncio.sleep(self.seconds)
            until, used = time.time(), (self.here.cpu - before[0], self.there.cpu - before[1])
        return _figures(viewers, since, until, used)

    async def _ask(self, count: int) -> list[Viewer]:
        """Somebody asks so many things; two viewers of each."""
        self._people += 1
        person = Person(f"u{self._people}", self.here.url, Random(self._people), Evidence(0))
        await person.sign_up()
        elsewhere = copy.copy(person)
        elsewhere.url = self.there.url
        runs = [await _run(person) for _ in range(count)]
        await person.http.aclose()
        return [Viewer(one, run) for run in runs for one in (person, elsewhere)]


async def _run(person: Person) -> str:
    fields = {"text": "Go on", "client_id": str(uuid.uuid4()), "model": OPENAI_MODEL}
    answer = await person._post("/c/", fields)
    return articles(answer.text)[-1].run


def _shares(answers: int) -> Iterator[int]:
    """How many each person asks."""
    for begun in range(0, answers, SOCKETS):
        yield min(SOCKETS, answers - begun)


def _figures(viewers: Sequence[Viewer], since: float, until: float, used: tuple[float, float]) -> Figures:
    """What became of the words that left in this time."""
    own, other, later = [], [], []
    for one, two in zip(viewers[::2], viewers[1::2], strict=True):
        here, there = one.seen, two.seen
        sent = [word for word in here if since < float(word) < until]
        if set(here) != set(there) or float(max(here)) < until:
            raise SystemExit(f"an answer was too short: {len(here)} words here, {len(there)} there")
        own += [(here[word] - float(word)) * 1000 for word in sent]
        other += [(there[word] - float(word)) * 1000 for word in sent]
        later += [(there[word] - here[word]) * 1000 for word in sent]
    return Figures(own, other, later, (used[0] / len(own) * 1e6, used[1] / len(own) * 1e6))


def rows(answers: int, figures: Figures) -> str:
    """The table's rows for so many answers."""
    lines = []
    for name, of in (("median", statistics.median), ("p99", _p99), ("worst", max)):
        own, other, later = of(figures.own), of(figures.other), of(figures.later)
        goal = f"≤ {LIMIT}" if name == "p99" else ""
        lines.append(f"| {answers} | {name} | {own:.0f} | {other:.0f} | {other - own:+.0f} | {later:+.0f} | {goal} |")
    here, there = figures.cpu
    lines.append(f"| {answers} | CPU, µs a word | {here:.0f} | {there:.0f} | | | |")
    return "\n".join(lines)


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def bench(seconds: float) -> None:
    """Set everything up, measure, and print the table."""
    delay = network.lay()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgresql = stack.enter_context(stores.postgresql_server(host=network.MIDDLE))
        redis = stack.enter_context(stores.redis_server(network.MIDDLE))
        database = stack.enter_context(Database.migrated(folder, postgresql.url))
        near, far = Pipe()
        server = Process(target=model, args=(far, seconds + AROUND), daemon=True)
        server.start()
        stack.callback(server.kill)
        upstream = {"UPSTREAM_OPENAI_BASE_URL": f"{near.recv()}/v1", "UPSTREAM_OPENAI_MODELS": OPENAI_MODEL}
        shared = {"DATABASE_URL": database.url, "REDIS_URL": redis.url, "UPSTREAM_API_KEY": "none", **upstream}
        here, there = (stack.enter_context(Host(name, folder, shared)) for name in network.HOSTS)
        print(f"{delay} {os.cpu_count()} cores, {PACE} words a second in each answer, {seconds:g} s. In ms:\n")
        print("| answers | | at its own worker | at the other | difference | the same word, later | to reach |")
        print("|--:|---|--:|--:|--:|--:|---|", flush=True)
        it = Bench(here, there, seconds)
        for answers in ANSWERS:
            print(rows(answers, asyncio.run(it.run(answers))), flush=True)


def main() -> int:
    """Measures; whatever ends it, ends all that it has started."""
    network.enter()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    with contextlib.suppress(BrokenPipeError):
        bench(10 if "--quick" in sys.argv[1:] else 30)
    return 0


if __name__ == "__main__":
    sys.exit(main())
