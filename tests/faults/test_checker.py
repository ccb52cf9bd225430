"""The checker itself: it lets pass what is right, and finds each thing that could be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from .checker import check
from .evidence import Accepted, Act, Evidence, Fresh, Row, Seen
from .nemesis import plan
from .oracle import Call, Script, text_of, word
from .servers import KINDS

WORDS = 6
WHOLE = text_of("u1.g1", 1, WORDS)
HALF = text_of("u1.g1", 1, 3)
REST = WHOLE.removeprefix(HALF)


def honest() -> Evidence:
    """One answer, as it should be: asked at 100, seen from its half on by one tab, and finished at 102."""
    call = Call(Script("u1.g1", WORDS, 5), 1, 100.1, sent=WORDS + 4, over=True, until=101.9)
    row = Row(
        *("run-1", "complete", "", WORDS, 102.0, 100.0, "reply-1", "complete", WHOLE, 9),
        *("conversation-1", False, "message-1", "client-1", "Please: u1.g1 n=6 pace=5"),
    )
    return Evidence(
        seed=1,
        calls=[call],
        rows=[row],
        accepted=[Accepted(100.0, "u1", "client-1", "u1.g1", "conversation-1", "message-1", "reply-1", "run-1")],
        seen=[
            Seen(101.0, "u1.0", "run-1", "snapshot", 0, 4, HALF, "streaming"),
            Seen(102.1, "u1.0", "run-1", "events", 4, 9, REST, "complete"),
        ],
        fresh=[Fresh("u1", "reply-1", "complete", WHOLE)],
        online={"u1.0": [(99.0, 200.0)]},
    )


def killed(shown_at: float) -> Evidence:
    """The same, but the server was killed at 101.5, and the second half was not saved."""
    it = honest()
    it.rows[0] = replace(it.rows[0], run_state="interrupted", state="interrupted", reason="server_lost", text=HALF)
    it.acts.append(Act("SIGKILL", 101.5, 102.0))
    it.seen[1] = replace(it.seen[1], at=shown_at, state="streaming")
    it.seen.append(Seen(103.0, "u1.0", "run-1", "snapshot", 9, 4, HALF, "interrupted"))
    it.fresh = []
    return it


def test_what_is_right_passes() -> None:
    verdict = check(honest())
    assert verdict.breaches == []
    assert (verdict.runs, verdict.accounted, verdict.shown, verdict.stored) == (1, 1, len(WHOLE), len(WHOLE))


def test_I_12_what_was_shown_in_the_last_second_before_a_kill_may_be_lost() -> None:
    assert check(killed(shown_at=100.4)).breaches != []
    verdict = check(killed(shown_at=101.0))
    assert verdict.breaches == []
    assert verdict.last_second == len(REST)


def _row(**changes: object) -> Callable[[Evidence], None]:
    def change(it: Evidence) -> None:
        it.rows[0] = replace(it.rows[0], **changes)  # type: ignore[arg-type]

    return change


def _seen(step: int, **changes: object) -> Callable[[Evidence], None]:
    def change(it: Evidence) -> None:
        it.seen[step] = replace(it.seen[step], **changes)  # type: ignore[arg-type]

    return change


def _call(**changes: object) -> Callable[[Evidence], None]:
    def change(it: Evidence) -> None:
        it.calls[0] = replace(it.calls[0], **changes)  # type: ignore[arg-type]

    return change


def _twice(it: Evidence) -> None:
    it.accepted.append(replace(it.accepted[0], reply="reply-2", run="run-2"))


WRONG: dict[str, tuple[str, Callable[[Evidence], None]]] = {
    "an accepted question is not there": ("I-1", lambda it: it.rows.clear()),
    "a client id made two replies": ("I-2", _twice),
    "a run made of the same client id": ("I-2", lambda it: it.rows.append(replace(it.rows[0], run="run-3"))),
    "a word is missing": ("I-4", _row(text=WHOLE.replace(word("u1.g1", 1, 2), ""))),
    "a word is there twice": ("I-4", _row(text=HALF + word("u1.g1", 1, 2) + REST)),
    "words are out of order": ("I-4", _row(text=REST + HALF)),
    "half a word is gone": ("I-4", _row(text=WHOLE.replace("t0002 ", "t0002"))),
    "another text was shown": ("I-5", _seen(1, text="Something else.")),
    "a tab never learnt of the end": ("I-6", _seen(1, state="streaming", text="")),
    "a loaded page shows less": ("I-6", lambda it: it.fresh.append(Fresh("u1", "reply-1", "complete", HALF))),
    "a tab learnt late": ("I-8", _seen(1, at=109.0)),
    "a run goes on for ever": ("I-9", _row(run_state="streaming", state="streaming")),
    "a run that stopped, and its reply did not": ("I-9", _row(state="streaming")),
    "it ended a minute late": ("I-9", _row(ended_at=170.0)),
    "called complete without an end": ("I-10", _call(over=False)),
    "called complete without the last word": ("I-10", _row(text=text_of("u1.g1", 1, WORDS - 1))),
    "counted wrongly": ("I-13", _row(output_tokens=WORDS * 2)),
    "it changed after its end": (
        "I-11",
        lambda it: it.seen.append(Seen(103.0, "u1.0", "run-1", "snapshot", 9, 9, WHOLE, "stopped")),
    ),
    "shown and then lost": ("I-12", _row(text=HALF, state="stopped", run_state="stopped")),
    "an answer to somebody else": ("I-16", _row(text=text_of("u2.g1", 1, WORDS))),
    "a call was left open": ("U-45", lambda it: setattr(it, "open_calls", 1)),
    "an unclean end": ("D-01", lambda it: it.exits.append(-9)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(name: str) -> None:
    expected, spoil = WRONG[name]
    evidence = honest()
    spoil(evidence)
    assert expected in {breach.partition(":")[0] for breach in check(evidence).breaches}


def test_the_same_seed_makes_the_same_plan() -> None:
    assert plan(42, 300) == plan(42, 300) != plan(43, 300)
    assert {fault.kind for fault in plan(42, 60)} == set(KINDS)
    assert str(Script.random("u1.g1", Random(7))) == str(Script.random("u1.g1", Random(7)))


def test_a_question_is_its_own_script() -> None:
    for seed in range(200):
        script = Script.random(f"u{seed}.g1", Random(seed))
        assert replace(Script.read(f"Before. {script}") or script, at=0) == replace(script, at=0)
