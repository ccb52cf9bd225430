"""What the database itself refuses, whoever writes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from chatsite.accounts.models import User
from chatsite.conversations.models import Conversation, Message, State
from chatsite.conversations.recording import Recording, save
from streaming.events import Failed, Finished, ReasoningBlock, Stopped, Text, ToolCall
from streaming.logs import Batch
from streaming.transcript import Transcript
from streaming.upstreams import Catalogue, Upstream

from .conftest import left_behind

pytestmark = pytest.mark.store


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return Conversation.objects.create(owner=alice, title="Tides")


def refused(act: Any) -> bool:
    try:
        with transaction.atomic():
            act()
    except IntegrityError:
        return True
    return False


def test_I_3_one_reply_of_a_conversation_streams(conversation: Conversation) -> None:
    question = conversation.messages.create(role="user", text="?")
    begin = dict(role="assistant", parent=question, state="streaming")
    first = conversation.messages.create(**begin)
    assert refused(lambda: conversation.messages.create(**begin))
    Message.objects.filter(pk=first.pk).update(state="complete")
    assert conversation.messages.create(**begin).pk


def test_S_02_a_parent_stands_in_the_same_conversation(conversation: Conversation, alice: User) -> None:
    other = Conversation.objects.create(owner=alice, title="Other")
    theirs, ours = other.messages.create(role="user"), conversation.messages.create(role="user")
    assert refused(lambda: conversation.messages.create(role="assistant", parent=theirs))
    assert refused(lambda: Message.objects.filter(pk=ours.pk).update(parent=theirs))
    reply = conversation.messages.create(role="assistant", parent=ours)
    assert refused(lambda: Message.objects.filter(pk=reply.pk).update(conversation=other))
    assert refused(
        lambda: Message.objects.bulk_create([Message(conversation=conversation, parent=theirs, role="user")])
    )


def test_a_person_does_not_stream_and_states_are_known(conversation: Conversation) -> None:
    assert refused(lambda: conversation.messages.create(role="user", state="streaming"))
    assert refused(lambda: conversation.messages.create(role="assistant", state="thinking"))


@pytest.mark.django_db(transaction=True)
def test_the_guard_of_parents_can_be_taken_back_and_put_up_again(alice: User) -> None:
    latest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "conversations"]
    MigrationExecutor(connection).migrate([("conversations", None)])
    try:
        assert "conversations_message" not in connection.introspection.table_names()
    finally:
        MigrationExecutor(connection).migrate([*latest, *MigrationExecutor(connection).loader.graph.leaf_nodes()])
    one, two = (Conversation.objects.create(owner=alice, title=title) for title in "ab")
    assert refused(lambda: one.messages.create(role="user", parent=two.messages.create(role="user")))


def folded(*events: Any) -> Transcript:
    transcript = Transcript()
    transcript.apply_all(events)
    return transcript


def recorded(reply: Message, position: int, *events: Any) -> Recording:
    recording = Recording(
        reply.run, reply, Catalogue([Upstream("u", "openai", "http://u", models=("m",))]).default.prices
    )
    recording.take(Batch(0, position, list(events)))
    return recording


def test_I_7_words_and_position_are_saved_together(alice: User) -> None:
    reply = left_behind(alice)
    save([recorded(reply, 2, Text("Half of "), Text("it")).snapshot()])
    reply.refresh_from_db()
    assert (reply.text, reply.position) == ("Half of it", 2)


def test_I_11_final_is_final(alice: User) -> None:
    reply = left_behind(alice, "Half of it")
    assert reply.run.settle(State.STOPPED, {}, {"text": "Half of it."})
    save([recorded(reply, 9, Text("Something else")).snapshot()])
    assert not reply.run.settle(State.COMPLETE, {}, {"text": "Something else"})
    assert not reply.run.give_up("server_lost")
    assert not reply.run.take_over("elsewhere")
    reply.refresh_from_db()
    assert (reply.text, reply.state, reply.run.state) == ("Half of it.", "stopped", "stopped")


@pytest.mark.parametrize(
    ("events", "state", "kind"),
    [
        ((Text("a"), Finished("stop")), "complete", ""),
        ((Text("a"), Finished("length")), "complete", ""),
        ((Text("a"), Stopped()), "stopped", ""),
        ((Text("a"), Stopped("deleted")), "stopped", "local"),
        ((Text("a"), Failed("truncated", "truncated", "cut")), "interrupted", "truncated"),
        ((ToolCall(0, "1", "f"), Failed("truncated", "truncated", "cut")), "interrupted", "truncated"),
        ((Failed("auth", "upstream_auth", "no"),), "failed", "auth"),
    ],
)
def test_I_10_only_what_was_said_to_be_complete_is(events: Any, state: str, kind: str) -> None:
    transcript = folded(ReasoningBlock("thinking", "hm", "c2ln"), *events)
    assert (transcript.state, transcript.kind) == (state, kind)
    assert bool(transcript.blocks) == (state == "complete"), "half a thought is never sent back"
