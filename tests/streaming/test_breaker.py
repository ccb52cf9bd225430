"""Where an upstream breaks everything at once, nobody storms it, and everybody is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

import pytest

from streaming.breaker import RESTING, Breaker, Guarded, Tolerance
from streaming.errors import UpstreamError
from streaming.events import Event, Failed, Finished, Text
from streaming.logs.memory import MemoryLog
from streaming.prompts import Prompt, ask
from streaming.runs import Limits, Runs
from streaming.upstream import Client
from streaming.upstreams import Model
from tests.upstream import Cut, Gate, Upstream, Wait, failure, openai_answer

from .running import MODEL
from .world import Ledger, model, told, until_text

TOLERANCE = Tolerance(failures=3, seconds=10, rest=5, longest=15)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker("u", TOLERANCE, clock)
    for _ in range(3):
        assert breaker.admit() == 0
        breaker.failed()
    assert not breaker.closed
    return breaker


def test_U_46_many_failures_at_once_open_it_and_one_probe_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    assert 5 <= breaker.admit() <= 6
    clock.now += 5
    assert breaker.admit() == 0, "the probe"
    assert breaker.admit() >= 1, "nobody else"
    breaker.began()
    assert breaker.closed and breaker.admit() == 0


def test_U_46_a_probe_that_fails_makes_it_rest_for_longer() -> None:
    clock = Clock()
    breaker = opened(clock)
    for rest in (10, 15, 15):
        clock.now += 100
        assert breaker.admit() == 0
        breaker.failed()
        assert rest <= breaker.admit() <= rest + 1


def test_a_probe_that_goes_away_leaves_its_place_to_the_next() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 5
    assert breaker.admit() == 0
    breaker.left()
    assert breaker.admit() == 0


def test_failures_now_and_then_open_nothing() -> None:
    clock = Clock()
    breaker = Breaker("u", TOLERANCE, clock)
    for _ in range(20):
        breaker.failed()
        clock.now += 6
    assert breaker.closed
    for _ in range(20):
        breaker.succeeded()
        breaker.succeeded()
        breaker.failed()
    assert breaker.closed, "more goes well than not"


def test_U_46_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.WARNING, "streaming.breaker"):
        breaker = opened(clock)
        for _ in range(10):
            breaker.failed()
        clock.now += 5
        breaker.admit()
        breaker.began()
        breaker.began()
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


class Says:
    """A model that says the same to everybody."""

    def __init__(self, *events: Event) -> None:
        self.events, self.asked = events, 0

    async def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]:
        self.asked += 1
        yield list(self.events)


@pytest.mark.parametrize("kind", ["auth", "rate_limited", "invalid_request", "content_filter"])
async def test_a_model_that_says_no_is_there(kind: str) -> None:
    says = Says(Failed.of(UpstreamError("upstream_error", kind=kind)))
    guarded = Guarded(says, TOLERANCE)
    for _ in range(10):
        async for _ in guarded.ask(MODEL, ask("Hi")):
            pass
    assert says.asked == 10


async def test_dropped_answers_open_it_and_nobody_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    says = Says(Text("Half"), Failed.of(UpstreamError("connection_lost")))
    guarded = Guarded(says, TOLERANCE)
    for _ in range(10):
        events = [event async for batch in guarded.ask(MODEL, ask("Hi")) for event in batch]
    assert says.asked == 3
    (refused,) = events
    assert isinstance(refused, Failed)
    assert (refused.kind, refused.reason, refused.retryable) == ("overloaded", RESTING, True)
    assert refused.retry_after and refused.retry_after > 1


async def test_one_upstream_does_not_pay_for_another() -> None:
    says = Says(Failed.of(UpstreamError("connection_lost")))
    guarded = Guarded(says, TOLERANCE)
    for _ in range(5):
        async for _ in guarded.ask(MODEL, ask("Hi")):
            pass
    assert guarded.breaker("other").closed
    fine = Guarded(Says(Text("a"), Finished("stop")), TOLERANCE)
    assert [event async for batch in fine.ask(MODEL, ask("Hi")) for event in batch] == [Text("a"), Finished("stop")]


MANY = 200
IMPATIENT = Limits(retry_pause=0.01, retry_after=1)


async def ends(runs: Runs, up: Upstream, log: MemoryLog, names: list[str]) -> list[Event]:
    """Start all of these and return how each ended."""
    await asyncio.gather(*(runs.start(name, model(up.url), ask("Hi")) for name in names))
    return [(await told(log, name))[-1] for name in names]


async def test_U_46_a_server_that_refuses_everybody_is_not_stormed(
    up: Upstream, client: Client, log: MemoryLog, ledger: Ledger
) -> None:
    up.otherwise = lambda request: failure(503)
    runs = Runs(log, ledger, client, IMPATIENT)
    last = await ends(runs, up, log, [f"run-{number}" for number in range(MANY)])
    assert all(isinstance(event, Failed) for event in last), "each has its own note"
    assert len(up.requests) < MANY + 100, "three times as many without the breaker"
    more = await ends(runs, up, log, [f"more-{number}" for number in range(MANY)])
    assert {event.reason for event in more if isinstance(event, Failed)} == {RESTING}
    assert len(up.requests) < MANY + 100


async def test_U_46_answers_that_are_dropped_at_once_are_not_all_asked_again(
    up: Upstream, client: Client, log: MemoryLog, ledger: Ledger
) -> None:
    gate = Gate()
    up.otherwise = lambda request: openai_answer("Half").upto(2, Wait(gate), Cut(reset=True))
    runs = Runs(log, ledger, client, IMPATIENT)
    dropped = asyncio.create_task(ends(runs, up, log, [f"run-{number}" for number in range(MANY)]))
    async with asyncio.timeout(60):
        while len(up.requests) < MANY:
            await asyncio.sleep(0.02)
    await asyncio.gather(*(until_text(log, "Half", f"run-{number}") for number in range(MANY)))
    gate.open()
    assert {event.kind for event in await dropped if isinstance(event, Failed)} <= {"connection", "truncated"}
    await ends(runs, up, log, [f"again-{number}" for number in range(MANY)])
    assert len(up.requests) == MANY
