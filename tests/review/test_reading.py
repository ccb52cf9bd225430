"""Other people's words: who may read them, and what is recorded before."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from chatsite.accounts.models import User
from chatsite.audit.models import Audit
from chatsite.conversations.models import Conversation, State
from chatsite.review.reading import may_read, read

from .conftest import WORDS, answer, say

pytestmark = [pytest.mark.django_db, pytest.mark.store]

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


def readings() -> list[Audit]:
    """The record of what was read."""
    return list(Audit.objects.filter(action="conversation.read").order_by("id"))


def permission() -> Permission:
    return Permission.objects.get(codename="read_conversation", content_type__app_label="review")


def test_only_who_was_expressly_allowed_may_read(alice: User, bob: User, charlie: User) -> None:
    assert may_read(bob)
    assert not may_read(alice)
    assert not may_read(charlie)
    assert not may_read(AnonymousUser())
    reviewers = Group.objects.create(name="Reviewers")
    reviewers.permissions.add(permission())
    charlie.groups.add(reviewers)
    assert may_read(charlie)


def test_a_superuser_is_not_allowed_by_being_one(charlie: User) -> None:
    charlie.is_superuser = charlie.is_staff = True
    charlie.save()
    assert not may_read(charlie)
    charlie.user_permissions.add(permission())
    assert may_read(charlie)


def test_a_right_that_is_taken_is_gone_at_once(bob: User, conversation: Conversation) -> None:
    read(bob, conversation.uid, "Reported")
    bob.user_permissions.clear()
    with pytest.raises(PermissionDenied):
        read(bob, conversation.uid, "Reported")
    bob.user_permissions.add(permission())
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        read(User.objects.get(pk=bob.pk), conversation.uid, "Reported")
    assert len(readings()) == 1


def test_charlie_reads_nothing_and_nothing_is_recorded(charlie: User, conversation: Conversation) -> None:
    with pytest.raises(PermissionDenied):
        read(charlie, conversation.uid, "Curious")
    assert readings() == []


def test_bob_reads_all_branches_numbered_with_their_runs(bob: User, alice: User, conversation: Conversation) -> None:
    reading = read(bob, conversation.uid, "Reported by Alice's teacher")
    assert reading.owner == alice
    found = [(m.text.split()[-1], m.number, m.place, m.siblings) for m in reading.messages]  # type: ignore[attr-defined]
    assert found == [("one", 1, 1, 1), ("two", 2, 1, 2), ("three", 3, 2, 2), ("four", 4, 1, 1)]
    assert [m.state for m in reading.messages] == ["complete", "interrupted", "complete", "complete"]
    assert reading.messages[2].run.output_tokens == 318


def test_the_record_says_who_read_whose_and_why(bob: User, alice: User, conversation: Conversation) -> None:
    reading = read(bob, conversation.uid, "Reported")
    (row,) = readings()
    assert (row.actor_id, row.owner_id) == (str(bob.uid), str(alice.uid))
    assert (row.object_type, row.object_id) == ("conversations.conversation", str(conversation.uid))
    assert (row.reason, row.time) == ("Reported", reading.time)
    assert WORDS not in str(Audit.objects.values())
    assert conversation.title not in str(Audit.objects.values())
    read(bob, conversation.uid, "Again")
    assert [row.reason for row in readings()] == ["Reported", "Again"]


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_without_a_reason_nothing_is_read(bob: User, conversation: Conversation, reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        read(bob, conversation.uid, reason)
    assert readings() == []


def test_what_does_not_exist_is_not_read_and_not_recorded(bob: User) -> None:
    with pytest.raises(Conversation.DoesNotExist):
        read(bob, uuid.uuid4(), "Reported")
    assert readings() == []


def test_I_22_no_word_is_asked_of_the_database_before_the_record_is_written(
    bob: User, conversation: Conversation
) -> None:
    with CaptureQueriesContext(connection) as asked:
        read(bob, conversation.uid, "Reported")
    statements = [query["sql"] for query in asked.captured_queries]
    written = next(n for n, sql in enumerate(statements) if sql.startswith('INSERT INTO "audit_audit"'))
    before, after = statements[:written], statements[written + 1 :]
    assert not any("conversations_message" in sql or '"title"' in sql for sql in before)
    assert any("conversations_message" in sql for sql in after)


@pytest.mark.django_db(transaction=True)
def test_I_22_the_record_is_committed_before_the_first_word_is_fetched(bob: User, conversation: Conversation) -> None:
    seen: list[bool] = []

    def somebody_else_looks() -> bool:
        try:
            return Audit.objects.filter(action="conversation.read").exists()
        finally:
            connection.close()

    def watch(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if "conversations_message" in sql or '"title"' in sql:
            with ThreadPoolExecutor(1) as other:
                seen.append(other.submit(somebody_else_looks).result())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        read(bob, conversation.uid, "Reported")
    assert seen
    assert all(seen)


def test_I_22_where_nothing_can_be_recorded_nothing_is_read(bob: User, conversation: Conversation) -> None:
    asked: list[str] = []

    def full(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith("INSERT"):
            raise OperationalError("database or disk is full")
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(full), pytest.raises(OperationalError):
        read(bob, conversation.uid, "Reported")
    assert not any("conversations_message" in sql or '"title"' in sql for sql in asked)


@pytest.mark.django_db(transaction=True)
def test_I_22_the_record_cannot_be_taken_back_with_a_transaction_around_it(
    bob: User, conversation: Conversation
) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        read(bob, conversation.uid, "Reported")


def test_P_12_a_conversation_that_is_being_written_is_read_as_far_as_it_is_saved(
    bob: User, conversation: Conversation
) -> None:
    question = say(conversation, None, f"{WORDS} five")
    answer(question, f"{WORDS} so far", State.STREAMING)
    reading = read(bob, conversation.uid, "Somebody is in danger")
    assert len(readings()) == 1
    assert (reading.messages[-1].state, reading.messages[-1].text) == ("streaming", f"{WORDS} so far")


def test_what_is_deleted_is_read_until_it_is_purged(bob: User, conversation: Conversation) -> None:
    conversation.hide()
    assert read(bob, conversation.uid, "Reported").conversation.deleted_at
    conversation.delete()
    with pytest.raises(Conversation.DoesNotExist):
        read(bob, conversation.uid, "Reported")


def test_a_long_conversation_takes_no_more_queries(
    bob: User, conversation: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with CaptureQueriesContext(connection) as short:
        read(bob, conversation.uid, "Reported")
    last = conversation.messages.order_by("-id")[0]
    for n in range(20):
        last = answer(say(conversation, last, f"more {n}"), f"answer {n}")
    with django_assert_num_queries(len(short)):
        read(bob, conversation.uid, "Reported")
