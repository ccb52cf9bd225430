"""A conversation is called by its first words."""

from __future__ import annotations

import pytest

from chatsite.conversations.titles import LONGEST, title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Tides", "Tides"),
        ("  Why \n\n two\ttides?  ", "Why two tides?"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("word " * 30, ("word " * 12)[:-1] + "…"),
        (
            "One, two, three, four, five, six, seven, eight, nine, ten, eleven",
            "One, two, three, four, five, six, seven, eight, nine, ten…",
        ),
        ("潮汐" * 40, "潮汐" * 29 + "潮…"),
        ("\u200b", "\u200b"),
        ("", "New chat"),
        (" \n ", "New chat"),
    ],
)
def test_it_is_the_first_words_on_one_line(text: str, title: str) -> None:
    assert title_of(text) == title


@pytest.mark.parametrize("text", ["e\u0301" * 50, "👩\u200d👩\u200d👧" * 30])
def test_it_ends_between_characters(text: str) -> None:
    title = title_of(text)
    assert 1 < len(title) <= LONGEST
    assert text[len(title) - 1] not in "\u0301\u200d"
