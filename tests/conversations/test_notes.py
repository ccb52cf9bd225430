"""Whatever becomes of an answer, its note says what happened, what was kept and what to do."""

from __future__ import annotations

import pytest

from chatsite.conversations.models import Message, Run, State
from chatsite.conversations.notes import CUT, FAILED, Note, note_of
from streaming.errors import KIND


def test_every_reason_has_its_words() -> None:
    assert set(CUT) == set(FAILED) == set(KIND)


@pytest.mark.parametrize("reason", KIND)
def test_a_cut_answer_says_that_it_is_kept_and_offers_another(reason: str) -> None:
    note = said(State.INTERRUPTED, reason=reason)
    assert note and note.sentence.startswith("The answer was cut off: ")
    assert (note.tone, note.again, note.reference, note.grave) == ("warning", True, "7F3K", True)
    assert note.more == "Everything up to here is kept."


@pytest.mark.parametrize("reason", KIND)
def test_a_failed_answer_says_that_the_question_is_kept(reason: str) -> None:
    note = said(State.FAILED, reason=reason)
    assert note and "{" not in note.sentence
    assert (note.tone, note.again, note.reference) == ("danger", True, "7F3K")
    assert note.more == "Your message is kept. Try again, or choose another model."


def test_a_late_model_is_told_with_the_limit(settings: object) -> None:
    settings.FIRST_EVENT_SECONDS = 90.0  # type: ignore[attr-defined]
    note = said(State.FAILED, reason="first_token_timeout")
    assert note and note.sentence == "The model did not begin within 90 s."


def test_who_stopped_an_answer_is_told_that_it_is_kept() -> None:
    note = said(State.STOPPED)
    assert note and (note.sentence, note.more) == ("You stopped this answer.", "What was written is kept.")
    assert not note.grave


def test_what_we_stopped_ourselves_is_not_said_to_be_the_persons_doing() -> None:
    note = said(State.STOPPED, reason="quota")
    assert note and note.sentence == "The answer was cut off: your allowance is used up."


@pytest.mark.parametrize(("finish", "tone"), [("length", "plain"), ("content_filter", "warning"), ("refusal", "plain")])
def test_an_end_that_is_not_the_models_own_is_said(finish: str, tone: str) -> None:
    note = said(State.COMPLETE, finish_reason=finish)
    assert note and note.tone == tone


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "pause", "unknown", ""])
def test_an_answer_that_simply_ends_needs_no_note(finish: str) -> None:
    assert said(State.COMPLETE, finish_reason=finish) is None


def test_nothing_is_said_while_it_is_written() -> None:
    assert said(State.STREAMING) is None


@pytest.mark.parametrize(("state", "finish"), [("stopped", ""), ("interrupted", ""), ("complete", "length")])
def test_what_was_cut_can_be_continued_if_there_is_anything(state: State, finish: str) -> None:
    note = said(state, reason="stalled" if state == "interrupted" else "", finish_reason=finish, text="Half")
    assert note and (note.go_on, note.again) == (True, False), "one button in a note"
    bare = said(state, reason="stalled" if state == "interrupted" else "", finish_reason=finish, text=" \n")
    assert bare and not bare.go_on


@pytest.mark.parametrize(("state", "finish"), [("failed", ""), ("complete", "content_filter"), ("complete", "refusal")])
def test_what_was_not_cut_is_not_continued(state: State, finish: str) -> None:
    note = said(state, reason="stalled" if state == "failed" else "", finish_reason=finish, text="Half")
    assert note and not note.go_on


def said(state: State, reason: str = "", finish_reason: str = "", text: str = "") -> Note | None:
    """The note of a reply in this state."""
    message = Message(role=Message.Role.ASSISTANT, state=state, text=text, parent_id=1)
    message.run = Run(kind=KIND.get(reason, ""), reason=reason, error_id="7F3K", finish_reason=finish_reason)
    return note_of(message)
