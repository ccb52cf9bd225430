"""What is taken along: every word of it, and no more than it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chatsite.accounts.models import User

from .conftest import left_behind
from .test_prompting import BIG, Talk

pytestmark = [pytest.mark.django_db, pytest.mark.store]

WORDS = "Line\r\nend, \u2028 separator, </script> & <b>, “quotes”, 𝄞, \t tab, trailing  \n\n\n# no heading of ours\n"


@pytest.fixture
def browser(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def talk(alice: User) -> Talk:
    return Talk(alice, system="Be brief")


def taken(browser: Client, talk: Talk, ending: str, query: str = "") -> str:
    answer = browser.get(f"/exports/{talk.conversation.uid}.{ending}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_json_holds_every_version_and_what_became_of_each(browser: Client, talk: Talk) -> None:
    question = talk.said(WORDS)
    first = talk.answered(text=WORDS, reasoning="hm", tool_calls=[{"id": "1", "name": "look", "arguments": "{}"}])
    talk.last = question
    second = talk.answered(state="interrupted", text="Half")
    whole = json.loads(taken(browser, talk, "json"))
    assert whole["schema"] == "chatsite/conversation/1"
    assert (whole["id"], whole["title"], whole["settings"]) == (
        *(str(talk.conversation.uid), "Tides"),
        {"system": "Be brief"},
    )
    said, one, other = whole["messages"]
    assert (said["role"], said["text"], said["parent"], said["answer"]) == ("user", WORDS, None, None)
    assert (one["id"], one["parent"], one["text"]) == (str(first.uid), str(question.uid), WORDS)
    assert (one["reasoning"], one["tool_calls"][0]["name"], one["state"]) == ("hm", "look", "complete")
    assert (other["id"], other["parent"], other["text"]) == (str(second.uid), str(question.uid), "Half")
    assert (other["state"], other["answer"]["model"]) == ("interrupted", BIG.name)


def test_markdown_holds_the_branch_that_is_read_word_by_word(browser: Client, talk: Talk) -> None:
    question = talk.said(WORDS)
    first = talk.answered(text=f"First {WORDS}")
    talk.last = question
    talk.answered(text=f"Second {WORDS}")
    newest, older = taken(browser, talk, "md"), taken(browser, talk, "md", f"?version={first.uid}")
    assert newest.startswith("# Tides\n\n")
    assert newest.count(WORDS) == older.count(WORDS) == 2
    assert f"Second {WORDS}" in newest and f"First {WORDS}" not in newest
    assert f"First {WORDS}" in older and f"Second {WORDS}" not in older


def test_I_10_an_answer_that_is_not_whole_says_so_in_a_file_too(browser: Client, talk: Talk, alice: User) -> None:
    talk.said("Why?")
    talk.answered(state="stopped", text="Becau")
    talk.said("Go on")
    talk.answered(state="failed")
    talk.conversation.messages.last().run.settle("failed", {}, {})  # type: ignore[union-attr]
    words = taken(browser, talk, "md")
    assert "Becau\n\n> You stopped this answer. What was written is kept.\n\n## You" in words
    assert words.rstrip().splitlines()[-1].startswith("> Something broke on our side.")
    talk.conversation = left_behind(alice, "Half of it").conversation
    assert taken(browser, talk, "md").endswith("Half of it\n\n> Was still being written.\n")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("```py\nx = 1", "\n```"),
        ("~~~~\n~~~\n```", "\n~~~~"),
        ("```\ncode\n```", ""),
        ("````\n```\n````  ", ""),
        ("```\n~~~", "\n```"),
        ("```a `b` c", ""),
        ("    ```\nindented", ""),
    ],
)
def test_what_a_cut_answer_leaves_open_is_closed_for_what_follows(
    browser: Client, talk: Talk, text: str, end: str
) -> None:
    talk.said("Code, please")
    talk.answered(state="stopped", text=text)
    assert f"\n\n{text}{end}\n\n> You stopped" in taken(browser, talk, "md")


def test_thinking_refusals_and_calls_are_there_for_what_they_are(browser: Client, talk: Talk) -> None:
    talk.said("Do it")
    call = {"id": "1", "name": "search", "arguments": '{"q":\n"tides"}'}
    talk.answered(reasoning="Shall I?", refusal="I will not.", tool_calls=[call])
    words = taken(browser, talk, "md")
    assert "<summary>Thought</summary>\n\nShall I?\n\n</details>\n\nI will not.\n\n" in words
    assert 'Asked for `search`; not run here:\n\n    {"q":\n    "tides"}\n' in words


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Why two tides?", "why-two-tides"),
        ("潮汐 为什么", "潮汐-为什么"),
        ('=cmd|"/C calc"!A0', "cmdc-calca0"),
        ("../../etc/passwd\r\nX: y", "etcpasswd-x-y"),
        ("…", "conversation"),
        ("CON", "con"),
        ("x" * 200, "x" * 60),
    ],
)
def test_S_58_the_name_of_a_file_is_made_by_us(
    browser: Client, talk: Talk, title: str, stem: str, settings: Any
) -> None:
    talk.conversation.rename(title)
    for ending in ("md", "json"):
        answer = browser.get(f"/exports/{talk.conversation.uid}.{ending}")
        name = f"{stem}-{timezone.localdate():%Y-%m-%d}.{ending}"
        told = answer["Content-Disposition"]
        assert told.startswith("attachment; filename")
        assert answer["Cache-Control"] == "no-store"
        assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        if name.isascii():
            assert told == f'attachment; filename="{name}"'


def test_an_export_costs_the_same_whatever_its_length(
    browser: Client, talk: Talk, django_assert_max_num_queries: Any
) -> None:
    for n in range(30):
        talk.said(f"Question {n}")
        talk.answered(text=f"Answer {n}")
    for address in (f"/exports/{talk.conversation.uid}.json", f"/exports/{talk.conversation.uid}.md"):
        with django_assert_max_num_queries(5):
            browser.get(address)
    with django_assert_max_num_queries(6):
        assert browser.get(f"/c/{talk.conversation.uid}/export/").content.decode().count("<article") == 60
