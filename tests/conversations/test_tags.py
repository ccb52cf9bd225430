"""What the templates show is what was written, character for character."""

from __future__ import annotations

import html
import json

import pytest
from django.template import Context, Template

from chatsite.conversations.phrases import PHRASES
from chatsite.conversations.templatetags import chat

TEXTS = ["", "a", "a\n\nb", "a\r\n\r\nb\r", "\n\n\na\n\n", "<b>&amp;</b>\n\n\n\n'\"", "为什么\n\n👩‍👩‍👧"]


@pytest.mark.parametrize("text", TEXTS)
def test_blocks_joined_are_the_text(text: str) -> None:
    shown = Template("{% load chat %}{% for block in text|blocks %}{{ block }}{% endfor %}").render(
        Context({"text": text})
    )
    assert html.unescape(shown) == text
    assert "\r" not in shown, "a browser would read it as a line feed"
    assert "<b>" not in shown


def test_blocks_end_with_their_empty_lines() -> None:
    assert chat.blocks("One.\n\nTwo,\nstill two.\n\n\n\nThree") == ["One.\n\n", "Two,\nstill two.\n\n\n\n", "Three"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (0.04, "0.0 s"), (4.12, "4.1 s"), (9.96, "10 s"), (59.4, "59 s"), (72, "1 min 12 s")],
)
def test_durations_are_said_as_people_say_them(seconds: float | None, said: str) -> None:
    assert chat.duration(seconds) == said.replace(" ", chat.NARROW)


def test_the_words_of_scripts_come_as_data() -> None:
    shown = Template("{% load chat %}{% words %}").render(Context())
    assert shown.startswith('<script id="words" type="application/json">')
    assert json.loads(html.unescape(shown.partition(">")[2].rpartition("<")[0])).keys() == PHRASES.keys()
