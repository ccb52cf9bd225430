"""A run that goes on with an answer: its log begins with the old text, and all of it together is the new answer."""

from __future__ import annotations

from streaming.errors import UpstreamError
from streaming.events import Failed, Text
from streaming.logs.memory import MemoryLog
from streaming.measure import PIECE
from streaming.overlap import opening
from streaming.prompts import ask
from streaming.runs import Limits
from streaming.transcript import Transcript

from .running import END, MODEL, runs
from .world import RUN, Ledger, told

OLD = "The quick brown fox"


async def test_the_log_of_a_continued_answer_is_the_whole_answer(log: MemoryLog, ledger: Ledger) -> None:
    live, _ = runs(log, ledger, [[Text("brown fox")], [Text(" jumps")], END])
    await live.start(RUN, MODEL, ask("Go on"), OLD)
    assert await told(log) == [Text(OLD + " jumps"), *END]
    rest = [batch async for batch in log.read(RUN, len(opening(OLD)))]
    assert (rest[0].after, rest[0].events[0]) == (1, Text(" jumps"))


async def test_a_continuation_that_fails_keeps_the_old_text(log: MemoryLog, ledger: Ledger) -> None:
    failed = Failed.of(UpstreamError("upstream_auth"))
    live, _ = runs(log, ledger, [[failed]])
    await live.start(RUN, MODEL, ask("Go on"), OLD)
    transcript = Transcript()
    transcript.apply_all(await told(log))
    assert (transcript.text, transcript.state) == (OLD, "interrupted")


async def test_I_19_what_is_continued_counts_against_the_limit(log: MemoryLog, ledger: Ledger) -> None:
    live, _ = runs(log, ledger, [[Text(" 234567890")], END], limits=Limits(text=len(OLD) + 4))
    await live.start(RUN, MODEL, ask("Go on"), OLD)
    text, end = await told(log)
    assert text == Text(OLD + " 234")
    assert isinstance(end, Failed) and end.reason == "too_long"


def test_a_long_text_is_several_events() -> None:
    assert [len(event.text) for event in opening("x" * (PIECE + 1)) if isinstance(event, Text)] == [PIECE, 1]
