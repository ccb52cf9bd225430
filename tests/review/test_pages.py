"""The reviewer's pages."""

from __future__ import annotations

import re
import uuid

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatsite.accounts.models import User
from chatsite.audit.models import Audit
from chatsite.conversations.models import Conversation, State
from chatsite.review.listing import PAGE

from .conftest import WORDS, answer, say

pytestmark = [pytest.mark.django_db, pytest.mark.store]


@pytest.fixture
def his(client: Client, bob: User) -> Client:
    """A browser in which Bob is signed in."""
    client.force_login(bob)
    return client


def address(conversation: Conversation | uuid.UUID) -> str:
    return f"/review/c/{getattr(conversation, 'uid', conversation)}/"


def readings() -> int:
    return Audit.objects.filter(action="conversation.read").count()


def test_bob_sees_titles_and_numbers_and_no_words(his: Client, conversation: Conversation) -> None:
    page = his.get("/review/").content.decode()
    for fact in ("Two tides a day", "Alice", "tour", "4 messages"):
        assert fact in page
    assert WORDS not in page
    assert readings() == 0


def test_opening_asks_why_before_anything_is_shown(his: Client, conversation: Conversation) -> None:
    page = his.get(address(conversation)).content.decode()
    assert "Why do you open this conversation?" in page
    assert "The reason is recorded before anything is shown." in page
    assert "Open and record" in page
    assert WORDS not in page
    assert readings() == 0


def test_with_a_reason_the_transcript_is_shown_and_says_that_it_is_recorded(
    his: Client, bob: User, conversation: Conversation
) -> None:
    answered = his.post(address(conversation), {"reason": "Reported by <his> teacher"})
    page = answered.content.decode()
    assert answered.status_code == 200
    for word in ("one", "two", "three", "four"):
        assert f"{WORDS} {word}" in page
    assert "Recorded: you opened this at" in page
    assert "Reported by &lt;his&gt; teacher" in page
    assert re.search(r"1\s+of\s+2", page)
    assert re.search(r"2\s+of\s+2", page)
    assert "318" in page
    assert "connection_lost" in page
    assert 'data-state="interrupted"' in page
    assert readings() == 1


def test_the_transcript_offers_nothing_to_be_changed(his: Client, conversation: Conversation) -> None:
    page = his.post(address(conversation), {"reason": "Reported"}).content.decode()
    assert "<textarea" not in page
    assert "/replies/" not in page
    assert "Regenerate" not in page


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001, "a\0b"])
def test_without_a_reason_it_asks_again(his: Client, conversation: Conversation, reason: str) -> None:
    answered = his.post(address(conversation), {"reason": reason})
    assert answered.status_code == 400
    assert WORDS not in answered.content.decode()
    assert readings() == 0


def test_charlie_and_superusers_get_what_they_get_for_what_does_not_exist(
    client: Client, charlie: User, alice: User, conversation: Conversation
) -> None:
    nowhere = address(uuid.uuid4())
    for superuser in (False, True):
        charlie.is_superuser = charlie.is_staff = superuser
        charlie.save()
        for person in (charlie, alice):
            client.force_login(person)
            missing = client.get(nowhere)
            for answered in (
                client.get(address(conversation)),
                client.post(address(conversation), {"reason": "Curious"}),
                client.post(address(conversation), {}),
                client.get("/review/"),
            ):
                assert answered.status_code == missing.status_code == 404
                assert answered.content == missing.content
    assert readings() == 0


def test_bob_gets_404_for_what_does_not_exist(his: Client) -> None:
    assert his.get(address(uuid.uuid4())).status_code == 404
    assert his.post(address(uuid.uuid4()), {"reason": "Reported"}).status_code == 404
    assert readings() == 0


def test_S_57_no_other_page_shows_alices_words_to_anybody_else(
    client: Client, bob: User, charlie: User, conversation: Conversation
) -> None:
    charlie.is_superuser = charlie.is_staff = True
    charlie.save()
    message = conversation.messages.order_by("id")[0]
    reply = conversation.messages.order_by("id")[1]
    pages = ["/", "/conversations/", f"/c/{conversation.uid}/", f"/m/{message.uid}/", f"/m/{reply.uid}/"]
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        pages += [base, f"{base}?q=secret-words", f"{base}add/"]
        for row in model._default_manager.all():
            pages += [f"{base}{row.pk}/change/", f"{base}{row.pk}/history/", f"{base}{row.pk}/delete/"]
    for person in (bob, charlie):
        client.force_login(person)
        for page in pages:
            for extra in ({}, {"HTTP_X_FRAGMENT": "1"}):
                shown = client.get(page, **extra).content.decode()  # type: ignore[arg-type]
                assert WORDS not in shown, page
    assert readings() == 0


def test_P_12_what_is_being_written_is_shown_as_such(his: Client, conversation: Conversation) -> None:
    answer(say(conversation, None, "five"), f"{WORDS} so far", State.STREAMING)
    page = his.post(address(conversation), {"reason": "Somebody is in danger"}).content.decode()
    assert 'data-state="streaming"' in page
    assert f"{WORDS} so far" in page


def test_conversations_are_found_by_person(his: Client, conversation: Conversation, charlie: User) -> None:
    Conversation.objects.create(owner=charlie, title="Bread with 80 %")
    for person in ("alice", "ALICE@", "Ali"):
        page = his.get("/review/", {"person": person}).content.decode()
        assert "Two tides a day" in page
        assert "Bread" not in page
    assert "Two tides a day" not in his.get("/review/", {"person": "nobody"}).content.decode()
    assert "Two tides a day" not in his.get("/review/", {"person": "tides"}).content.decode()


def test_older_ones_follow_without_page_numbers(his: Client, alice: User) -> None:
    made = Conversation.objects.bulk_create(
        Conversation(owner=alice, title=f"Talk {n:03}") for n in range(2 * PAGE + 1)
    )
    found: list[str] = []
    query: dict[str, str] = {"person": "alice"}
    while True:
        page = his.get("/review/", query).context["page"]
        found += [one.title for one in page.conversations]
        if page.older is None:
            break
        query["before"] = str(page.older)
    assert found == [one.title for one in reversed(made)]


def test_nonsense_in_the_address_lists_the_newest(his: Client, conversation: Conversation) -> None:
    for query in ("before=x", f"before={uuid.uuid4()}", "person=%00", "before=%00"):
        assert his.get(f"/review/?{query}").status_code == 200


def test_a_list_of_many_takes_no_more_queries(his: Client, conversation: Conversation, alice: User) -> None:
    with CaptureQueriesContext(connection) as short:
        his.get("/review/")
    for n in range(20):
        answer(say(Conversation.objects.create(owner=alice, title=f"Talk {n}"), None, "x"), "y")
    with CaptureQueriesContext(connection) as long:
        his.get("/review/")
    assert len(long) == len(short)


def test_a_long_transcript_takes_no_more_queries(his: Client, conversation: Conversation) -> None:
    with CaptureQueriesContext(connection) as short:
        his.post(address(conversation), {"reason": "Reported"})
    last = conversation.messages.order_by("-id")[0]
    for n in range(20):
        last = answer(say(conversation, last, f"more {n}"), f"answer {n}")
    with CaptureQueriesContext(connection) as long:
        his.post(address(conversation), {"reason": "Reported"})
    assert len(long) == len(short)
