"""Runs: each one ends, in one true way, whatever its model, its process or its person do."""

from __future__ import annotations

import asyncio
import logging

import pytest

from streaming.errors import Gone, Refused
from streaming.events import (
    Alive,
    Failed,
    Finished,
    Started,
    Stopped,
    Text,
    Usage,
)
from streaming.logs.memory import MemoryLog
from streaming.prompts import ask
from streaming.runs import Limits

from .running import END, HELLO, MODEL, after, failure, forever, outcome, runs
from .world import RUN, Ledger, told, until_text


async def test_an_answer_is_written_as_it_comes(log: MemoryLog, ledger: Ledger) -> None:
    gate = asyncio.Event()
    live, _ = runs(log, ledger, [HELLO, gate.wait, [Text(" world")], [Usage(1, 2)], END])
    await live.start(RUN, MODEL, ask("Hi"))
    await until_text(log, "Hello")
    assert live.live == 1
    gate.set()
    assert await told(log) == [Started("1", "m"), Text("Hello world"), Usage(1, 2), *END]
    await asyncio.sleep(0.01)
    assert (live.live, ledger.released) == (0, [RUN])


async def test_what_one_read_brings_is_one_entry(log: MemoryLog, ledger: Ledger) -> None:
    reads = [[Started(), Text("a"), Text("b"), Text("c")], [Alive()], [Text("d"), Text("e")], END]
    await outcome(log, ledger, reads)
    events = [event async for batch in log.read(RUN, 0) for event in batch.events]
    assert events == [Started(), Text("abc"), Text("de"), *END]


async def test_a_run_outlives_whoever_asked_for_it(log: MemoryLog, ledger: Ledger) -> None:
    live, _ = runs(log, ledger, [HELLO, after(0.02), END])
    request = asyncio.create_task(live.start(RUN, MODEL, ask("Hi")))
    await request
    assert (await told(log))[-1:] == END


async def test_B_08_stop_reaches_a_run_that_is_just_being_started(log: MemoryLog, ledger: Ledger) -> None:
    gate = asyncio.Event()
    ledger.slow = gate
    live, _ = runs(log, ledger, [HELLO, forever])
    starting = asyncio.create_task(live.start(RUN, MODEL, ask("Hi")))
    await asyncio.sleep(0.01)
    await live.stop(RUN)
    gate.set()
    await starting
    assert (await told(log))[-1] == Stopped("person")


async def test_B_08_stop_ends_the_run_at_once_and_closes_the_upstream(log: MemoryLog, ledger: Ledger) -> None:
    live, asker = runs(log, ledger, [HELLO, forever])
    await live.start(RUN, MODEL, ask("Hi"))
    await until_text(log, "Hello")
    await asyncio.wait_for(live.stop(RUN), 5)
    assert asker.closed == 1
    assert await told(log) == [*HELLO, Stopped("person")]
    await live.stop(RUN)  # once more, after the end
    await live.stop("unknown")


async def test_B_08_a_stop_that_comes_by_the_log_is_heard(log: MemoryLog, ledger: Ledger) -> None:
    live, asker = runs(log, ledger, [HELLO, forever])
    await live.start(RUN, MODEL, ask("Hi"))
    await until_text(log, "Hello")
    await log.ask_to_stop(RUN, "deleted")
    assert (await told(log))[-1] == Stopped("deleted")
    assert asker.closed == 1


async def test_stop_works_before_the_first_word_and_while_waiting_to_try_again(log: MemoryLog, ledger: Ledger) -> None:
    live, asker = runs(log, ledger, [failure("rate_limited", retry_after=19)], limits=Limits())
    await live.start(RUN, MODEL, ask("Hi"))
    while not asker.closed:
        await asyncio.sleep(0.001)
    await live.stop(RUN)
    assert await told(log) == [Stopped("person")]
    assert asker.asked == 1


async def test_stop_at_any_moment_leaves_one_end(ledger: Ledger) -> None:
    for turns in range(12):
        log = MemoryLog()
        words = [step for n in range(4) for step in ([Text(str(n))], after(0))]
        live, asker = runs(log, ledger, [*words, END])
        await live.start(RUN, MODEL, ask("Hi"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await live.stop(RUN)
        events = await told(log)
        assert [type(event) for event in events if isinstance(event, Finished | Stopped | Failed)] == [type(events[-1])]
        assert asker.closed <= 1


async def test_leases_of_all_runs_are_renewed_by_one_call(log: MemoryLog, ledger: Ledger) -> None:
    gate = asyncio.Event()
    names = {str(n) for n in range(5)}
    live, _ = runs(log, ledger, *[[HELLO, gate.wait, END]] * 5)
    for name in names:
        await live.start(name, MODEL, ask("Hi"))
    while names not in ledger.renewals:
        await asyncio.sleep(0.005)
    gate.set()
    await asyncio.gather(*(told(log, name) for name in names))


async def test_I_3_a_run_that_somebody_else_took_over_ends_here(log: MemoryLog, ledger: Ledger) -> None:
    live, asker = runs(log, ledger, [HELLO, forever])
    await live.start(RUN, MODEL, ask("Hi"))
    await until_text(log, "Hello")
    ledger.lost.add(RUN)
    last = (await told(log))[-1]
    assert isinstance(last, Failed)
    assert last.reason == "server_lost"
    assert asker.closed == 1


async def test_I_3_a_late_writer_changes_nothing(log: MemoryLog, ledger: Ledger) -> None:
    gate = asyncio.Event()
    live, asker = runs(log, ledger, [HELLO, gate.wait, [Text("late")], END])
    await live.start(RUN, MODEL, ask("Hi"))
    await until_text(log, "Hello")
    await log.open(RUN, 99)
    await log.append(RUN, 99, 2, failure("server_lost"))
    gate.set()
    while live.live:
        await asyncio.sleep(0.001)
    assert await told(log) == [*HELLO, *failure("server_lost")]
    assert asker.closed == 1


async def test_a_ledger_that_is_away_ends_nobody(log: MemoryLog, ledger: Ledger) -> None:
    ledger.broken = True

    async def twice() -> None:
        while len(ledger.renewals) < 2:
            await asyncio.sleep(0.005)

    assert await outcome(log, ledger, [HELLO, twice, END]) == [*HELLO, *END]


async def test_a_log_that_is_closed_under_a_run_ends_it(log: MemoryLog, ledger: Ledger) -> None:
    gate = asyncio.Event()
    live, asker = runs(log, ledger, [HELLO, gate.wait, [Text("more")], forever])
    await live.start(RUN, MODEL, ask("Hi"))
    await until_text(log, "Hello")
    await log.close(RUN)
    gate.set()
    while live.live:
        await asyncio.sleep(0.001)
    assert asker.closed == 1
    with pytest.raises(Gone):
        await told(log)


async def test_I_21_whatever_breaks_inside_still_ends_the_run(
    log: MemoryLog, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    words = "what Alice was told"

    async def breaks() -> None:
        raise RuntimeError(words)

    events = await outcome(log, ledger, [HELLO, breaks])
    assert events == [*HELLO, *failure("internal")]
    assert "RuntimeError" in caplog.text
    assert words not in caplog.text


async def test_S_37_the_record_of_a_run_holds_no_words(
    log: MemoryLog, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await outcome(log, ledger, [HELLO, failure("upstream_error_event", message="Hello canary")])
        await asyncio.sleep(0.01)
    assert "reason=upstream_error_event" in caplog.text
    assert "Hello" not in caplog.text
    assert "canary" not in caplog.text


async def test_the_same_run_is_not_started_twice(log: MemoryLog, ledger: Ledger) -> None:
    live, asker = runs(log, ledger, [HELLO, forever])
    results = await asyncio.gather(*(live.start(RUN, MODEL, ask("Hi")) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in results if one] == [Refused, Refused]
    assert asker.asked <= 1
    await live.stop(RUN)


async def test_a_run_that_is_not_ours_is_refused(log: MemoryLog, ledger: Ledger) -> None:
    ledger.lost.add(RUN)
    live, _ = runs(log, ledger)
    with pytest.raises(Refused):
        await live.start(RUN, MODEL, ask("Hi"))
    assert live.live == 0


async def test_too_many_runs_are_refused(log: MemoryLog, ledger: Ledger) -> None:
    live, _ = runs(log, ledger, [HELLO, forever], limits=Limits(runs=1))
    await live.start(RUN, MODEL, ask("Hi"))
    with pytest.raises(Refused):
        await live.start("other", MODEL, ask("Hi"))
    await live.stop(RUN)


async def test_draining_lets_runs_end_and_then_ends_them(log: MemoryLog, ledger: Ledger) -> None:
    live, _ = runs(log, ledger, [HELLO, after(0.05), END], [HELLO, forever])
    await live.start("quick", MODEL, ask("Hi"))
    await live.start("slow", MODEL, ask("Hi"))
    draining = asyncio.create_task(live.drain(0.3))
    await asyncio.sleep(0)
    with pytest.raises(Refused):
        await live.start("new", MODEL, ask("Hi"))
    await draining
    assert live.live == 0
    assert (await told(log, "quick"))[-1:] == END
    last = (await told(log, "slow"))[-1]
    assert isinstance(last, Failed)
    assert (last.kind, last.reason) == ("local", "server_stopped")


async def test_draining_what_does_not_run_takes_no_time(log: MemoryLog, ledger: Ledger) -> None:
    live, _ = runs(log, ledger)
    await asyncio.wait_for(live.drain(60), 5)


async def test_a_run_whose_lease_comes_after_draining_began_is_refused(
    log: MemoryLog, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    leased = asyncio.Event()

    async def slowly(run: str) -> int:
        await leased.wait()
        return 1

    monkeypatch.setattr(ledger, "lease", slowly)
    live, asker = runs(log, ledger, [HELLO, forever])
    starting = asyncio.create_task(live.start(RUN, MODEL, ask("Hi")))
    await asyncio.sleep(0)
    draining = asyncio.create_task(live.drain(5))
    await asyncio.sleep(0)
    leased.set()
    with pytest.raises(Refused):
        await starting
    await draining
    assert (asker.asked, ledger.released) == (0, [RUN])
