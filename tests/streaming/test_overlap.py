"""Where an answer is continued, nothing stands between old and new, and nothing stands there twice."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.errors import UpstreamError
from streaming.events import Alive, Event, Failed, Finished, Reasoning, Started, Text
from streaming.overlap import LONGEST, Continuing, Seam
from streaming.prompts import Prompt, TextPart, Turn
from streaming.upstreams import Catalogue, Model, Upstream

OLD = "Everything that lives near water knows the quick brown fox"


def heard(before: str, *pieces: str, unsent: int = 0) -> str:
    """What is new of these pieces."""
    seam = Seam(before, unsent)
    return "".join(map(seam.feed, pieces)) + seam.close()


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        (OLD, "brown fox jumps", " jumps"),
        (OLD, " jumps", " jumps"),
        (OLD, OLD + " jumps", " jumps"),
        (OLD, " the quick brown fox jumps", " jumps"),
        (OLD[:-1], "fox jumps", "x jumps"),
        (OLD[:-1], "x jumps", "x jumps"),
        ("1. Sand\n2. ", "2. Stone", "Stone"),
        ("- Sand\n- ", "- Stone", "Stone"),
        ("我们可以在河边散步,", "在河边散步,然后回家", "然后回家"),
        ("He said no", " no no", " no no"),
        ("if (a) {\n  b();\n}", "}\n", "}\n"),
        ("the total is 1", "10", "10"),
        ("and so on. ", "And", "And"),
        ("", "anything", "anything"),
        ("a word", "", ""),
    ],
)
def test_words_of_the_end_are_dropped_and_nothing_else(before: str, after: str, new: str) -> None:
    assert heard(before, after) == new
    assert heard(before, *after) == new, "the same, character by character"


def test_spaces_that_the_model_was_not_shown_are_not_doubled() -> None:
    assert heard("So it ends.\n\n", "\n\nThen", unsent=2) == "Then"
    assert heard("So it ends. ", " Then", unsent=1) == "Then"
    assert heard("So it ends. ", "Then", unsent=1) == "Then"
    assert heard("So it ends.\n", "\nThen") == "\nThen", "a paragraph, where the model saw the first of them"


def test_what_is_not_repeated_is_never_late() -> None:
    seam = Seam(OLD)
    assert seam.feed("j") == "j"


WORDS = st.text(alphabet="abcdefgh XYZ\n.,12", max_size=400)


@given(WORDS, WORDS, st.lists(st.integers(1, 30), max_size=30))
def test_what_comes_out_is_the_end_of_what_went_in_however_it_is_cut(before: str, after: str, sizes: list[int]) -> None:
    pieces, rest = [], after
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    new = heard(before, *pieces, rest)
    assert after.endswith(new)
    dropped = after[: len(after) - len(new)]
    assert before.endswith(dropped.lstrip())
    assert len(dropped.lstrip()) <= LONGEST
    assert new == heard(before, after)


@given(
    st.lists(st.sampled_from(["river", "stone", "harbour", "morning", "evening"]), min_size=2, max_size=60), st.data()
)
def test_a_repetition_of_whole_words_is_dropped_whole(words: list[str], data: st.DataObject) -> None:
    before = " ".join(words)
    begins = [0, *(at + 1 for at, letter in enumerate(before) if letter == " ")]
    begin = data.draw(st.sampled_from([at for at in begins if len(before) - at <= LONGEST]))
    assert heard(before, before[begin:] + "! And then.") == "! And then."


class Scripted:
    """A model that says these reads."""

    def __init__(self, *reads: list[Event]) -> None:
        self.reads = reads

    async def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]:
        for read in self.reads:
            yield read


async def reads(before: str, *said: list[Event], prefill: str = "") -> list[list[Event]]:
    """What a run hears of a model that goes on."""
    turns = (Turn("assistant", (TextPart(prefill),)),) if prefill else (Turn("user", (TextPart("Go on."),)),)
    upstream = Upstream("u", "openai", "http://localhost/v1", "key", models=("m",))
    model = Catalogue([upstream]).models[0]
    asker = Continuing(Scripted(*said), before)
    return [events async for events in asker.ask(model, Prompt(turns))]


END = Finished("stop")


async def test_a_run_hears_only_what_is_new() -> None:
    said: list[list[Event]] = [[Started()], [Text("brown ")], [Reasoning("Hm")], [Text("fox"), Text(" jumps")], [END]]
    assert await reads(OLD, *said) == [[Started()], [Alive()], [Reasoning("Hm")], [Text(" jumps")], [END]]


async def test_what_was_held_back_is_said_before_the_end() -> None:
    assert await reads(OLD, [Text("brown")], [END]) == [[Alive()], [Text("brown"), END]]
    failed = Failed.of(UpstreamError("truncated"))
    assert await reads(OLD, [Text("the qu")], [failed]) == [[Alive()], [Text("the qu"), failed]]


async def test_spaces_left_out_of_a_prefill_are_known() -> None:
    assert await reads("So it ends.\n", [Text("\nThen")], prefill="So it ends.") == [[Text("Then")]]
