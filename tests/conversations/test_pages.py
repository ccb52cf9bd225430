"""The pages of conversations: what is on them, and what they cost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils.html import escape

from chatsite.accounts.models import User
from chatsite.conversations.engine import reset
from chatsite.conversations.models import Conversation

from .conftest import MODELS, left_behind
from .test_prompting import BIG, Talk


@pytest.fixture(autouse=True)
def offered(settings: Any) -> Any:
    settings.UPSTREAM_ENVIRONMENT = {
        "UPSTREAM_API_KEY": "key-of-the-tests",
        "UPSTREAM_OPENAI_BASE_URL": "http://localhost:1/v1",
        "UPSTREAM_OPENAI_MODELS": MODELS["openai"],
        "UPSTREAM_ANTHROPIC_BASE_URL": "http://localhost:1",
        "UPSTREAM_ANTHROPIC_MODELS": MODELS["anthropic"],
    }
    reset()
    yield
    reset()


@pytest.fixture
def browser(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


@pytest.mark.parametrize("length", [1, 40])
def test_a_conversation_costs_the_same_whatever_its_length(
    length: int, alice: User, browser: Client, django_assert_num_queries: Any
) -> None:
    talk = Talk(alice)
    for n in range(length):
        talk.said(f"Question {n}")
        talk.answered(text=f"Answer {n}")
        left_behind(alice)
    # Session and person; the conversation; its tree and its branch; the list; the person's rights, of themselves and
    # of their groups.
    with django_assert_num_queries(8):
        answer = browser.get(f"/c/{talk.conversation.uid}/")
    assert answer.content.decode().count("<article") == 2 * length


def test_one_message_and_the_list_cost_one_query_beyond_the_person(
    alice: User, browser: Client, django_assert_num_queries: Any
) -> None:
    reply = left_behind(alice, "Half of it")
    with django_assert_num_queries(3):
        piece = browser.get(f"/m/{reply.uid}/").content.decode()
    assert f'run="{reply.run.uid}" after="7"' in piece
    assert 'data-state="streaming"' in piece
    with django_assert_num_queries(3):
        assert str(reply.conversation.uid) in browser.get("/conversations/").content.decode()


def test_I_7_a_streaming_reply_is_shown_with_the_position_its_text_stands_at(alice: User, browser: Client) -> None:
    reply = left_behind(alice, "Half of it")
    page = browser.get(f"/c/{reply.conversation.uid}/")
    assert [message.uid for message in page.context["messages"]] == [reply.parent.uid, reply.uid]  # type: ignore[union-attr]
    assert f'run="{reply.run.uid}" after="7"' in page.content.decode()


def test_a_new_page_has_all_that_its_template_was_promised(alice: User, browser: Client) -> None:
    page = browser.get("/")
    context = page.context
    assert (context["conversation"], context["messages"], context["groups"]) == (None, [], [])
    assert [model.id for model in context["models"]] == [MODELS["openai"], MODELS["anthropic"]]
    assert context["model"] == MODELS["openai"]
    assert isinstance(context["client_id"], UUID)
    assert (context["problem"], context["draft"], context["demo"]) == (None, "", False)
    assert browser.get("/").context["client_id"] != context["client_id"]


@pytest.mark.parametrize(("last", "shown"), [(MODELS["anthropic"],) * 2, ("gone", MODELS["openai"])])
def test_the_model_chosen_last_is_chosen_if_it_is_still_there(
    last: str, shown: str, alice: User, browser: Client
) -> None:
    User.objects.filter(pk=alice.pk).update(model=last)
    assert browser.get("/").context["model"] == shown


def test_words_are_never_markup(alice: User, browser: Client) -> None:
    evil = "<script>alert(1)</script>&amp;\"'"
    talk = Talk(alice)
    talk.said(evil)
    talk.answered(BIG, text=evil, reasoning=evil)
    Conversation.objects.update(title=evil)
    page = browser.get(f"/c/{talk.conversation.uid}/").content.decode()
    assert "<script>alert" not in page
    assert page.count(escape(evil)) >= 4


@pytest.mark.parametrize("path", ["/c/", "/m/{}/stop/", "/m/{}/replies/", "/c/{}/messages/", "/c/{}/deletion/"])
def test_looking_changes_nothing(path: str, alice: User, browser: Client) -> None:
    reply = left_behind(alice)
    uid = reply.conversation.uid if path.startswith("/c/") else reply.uid
    assert browser.get(path.format(uid)).status_code == 405
