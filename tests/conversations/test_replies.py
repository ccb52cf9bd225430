"""Alice stops an answer, or asks for another one; what was written stays as it was."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from chatsite.conversations.models import Message
from chatsite.database import db
from tests.answers import Gate
from tests.upstream import Upstream, Wait, failure, openai_answer

from .conftest import MODELS, Person, counts, ended, newest_reply

pytestmark = pytest.mark.store


async def shown(reply: Message, text: str) -> None:
    """Wait until this much of the reply is stored."""
    async with asyncio.timeout(10):
        while text not in (await Message.objects.aget(pk=reply.pk)).text:
            await asyncio.sleep(0.02)


async def test_B_08_she_stops_an_answer_and_keeps_what_was_written(writer: Person, models: Upstream) -> None:
    models.script(openai_answer("Half of ", "it").before_last(Wait(Gate())))
    await writer.begin()
    reply = await newest_reply()
    await shown(reply, "it")
    stopped = await writer.post(f"/m/{reply.uid}/stop/")
    assert (stopped.status_code, stopped.content) == (204, b"")
    # Without waiting: the answer to Stop says that it has been stored.
    reply = await newest_reply()
    assert (reply.text, reply.state, reply.run.state) == ("Half of it", "stopped", "stopped")
    assert (reply.run.reason, reply.run.error_id) == ("", "")
    await models.saw_close()
    again = await writer.post(f"/m/{reply.uid}/stop/")
    assert again.status_code == 204
    assert (await newest_reply()).state == "stopped"


async def test_B_08_stopping_what_has_ended_changes_nothing(writer: Person) -> None:
    await writer.begin()
    reply = await ended()
    assert (await writer.post(f"/m/{reply.uid}/stop/")).status_code == 204
    assert (await newest_reply()).state == "complete"


async def test_stopping_before_the_first_word_leaves_an_empty_reply(writer: Person, models: Upstream) -> None:
    models.script(openai_answer("late").after(Wait(Gate())))
    await writer.begin()
    reply = await newest_reply()
    await models.asked()
    await writer.post(f"/m/{reply.uid}/stop/")
    assert ((await newest_reply()).text, (await newest_reply()).state) == ("", "stopped")


async def test_stop_works_without_a_script(writer: Person, models: Upstream) -> None:
    models.script(openai_answer("a", "b").before_last(Wait(Gate())))
    await writer.begin()
    reply = await newest_reply()
    answer = await writer.client.post(f"/m/{reply.uid}/stop/")
    assert (answer.status_code, answer["Location"]) == (303, f"/c/{reply.conversation.uid}/")
    assert (await ended(reply)).state == "stopped"


async def test_what_she_said_herself_cannot_be_stopped(writer: Person) -> None:
    await writer.begin()
    reply = await ended()
    assert (await writer.post(f"/m/{reply.parent.uid}/stop/")).status_code == 404  # type: ignore[union-attr]


async def test_another_reply_is_a_new_sibling(writer: Person, models: Upstream) -> None:
    models.script(openai_answer("first"), openai_answer("second"))
    await writer.begin()
    first = await ended()
    question = first.parent
    assert question is not None
    answer = await writer.ask_again(question.uid)
    second = await ended()
    assert answer.status_code == 201
    assert answer.content.decode().count("<article") == 2
    assert (second.parent, second.text) == (question, "second")
    assert (await Message.objects.aget(pk=first.pk)).text == "first"
    path = await db(first.conversation.path)()
    assert [message.text for message in path] == ["Hello", "second"]
    assert models.requests[0].json == models.requests[1].json


async def test_another_reply_may_come_from_another_model(writer: Person, models: Upstream) -> None:
    await writer.begin()
    first = await ended()
    uid = first.parent.uid  # type: ignore[union-attr]
    await writer.ask_again(uid, model=MODELS["anthropic"])
    assert (await ended()).run.model == MODELS["anthropic"]
    await writer.ask_again(uid)
    assert (await ended()).run.model == MODELS["anthropic"], "the one that answered last is asked again"
    assert (await writer.ask_again(uid, model="gone")).status_code == 400


async def test_I_2_another_reply_is_asked_for_once(writer: Person, models: Upstream) -> None:
    await writer.begin()
    first = await ended()
    uid, client_id = first.parent.uid, uuid4()  # type: ignore[union-attr]
    answers = await asyncio.gather(*(writer.ask_again(uid, client_id=client_id) for _ in range(10)))
    await ended()
    later = await writer.ask_again(uid, client_id=client_id)
    assert sorted(answer.status_code for answer in [*answers, later]) == [200] * 10 + [201]
    assert await counts() == (1, 3, 2)
    assert len(models.requests) == 2


async def test_P_07_regenerating_meanwhile_stops_the_old_reply_and_keeps_its_text(
    writer: Person, models: Upstream
) -> None:
    models.script(openai_answer("Half").before_last(Wait(Gate())), openai_answer("whole"))
    await writer.begin()
    first = await newest_reply()
    await shown(first, "Half")
    answer = await writer.ask_again(first.parent.uid)  # type: ignore[union-attr]
    second = await ended()
    first = await Message.objects.aget(pk=first.pk)
    assert answer.status_code == 201
    assert (first.text, first.state) == ("Half", "stopped")
    assert (second.text, second.state) == ("whole", "complete")


async def test_P_07_regenerating_with_a_model_that_is_gone_stops_nothing(writer: Person, models: Upstream) -> None:
    gate = Gate()
    models.script(openai_answer("All of ", "it").before_last(Wait(gate)))
    await writer.begin()
    first = await newest_reply()
    await shown(first, "All")
    answer = await writer.ask_again(first.parent.uid, model="gone")  # type: ignore[union-attr]
    assert (answer.status_code, 'data-reason="model"' in answer.content.decode()) == (400, True)
    gate.open()
    first = await ended(first)
    assert (first.text, first.state) == ("All of it", "complete")


async def test_a_reply_elsewhere_in_the_conversation_is_not_stopped(writer: Person, models: Upstream) -> None:
    await writer.begin()
    first = await ended()
    gate = Gate()
    models.script(openai_answer("a", "b").before_last(Wait(gate)))
    await writer.say(first.conversation.uid)
    live = await newest_reply()
    answer = await writer.ask_again(first.parent.uid)  # type: ignore[union-attr]
    assert (answer.status_code, 'data-reason="busy"' in answer.content.decode()) == (409, True)
    gate.open()
    assert (await ended(live)).state == "complete"


async def test_a_failed_answer_is_shown_in_place_with_a_reference(writer: Person, models: Upstream) -> None:
    models.script(failure(401, {"error": {"message": "no such key"}}))
    await writer.begin()
    reply = await ended()
    assert (reply.state, reply.run.kind, reply.run.reason) == ("failed", "auth", "upstream_auth")
    piece = (await writer.get(f"/m/{reply.uid}/")).content.decode()
    assert 'data-state="failed"' in piece
    assert reply.run.error_id in piece
    assert "no such key" not in piece
    await writer.ask_again(reply.parent.uid)  # type: ignore[union-attr]
    assert (await ended()).state == "complete"
    assert [turn["role"] for turn in models.requests[1].json["messages"]] == ["user"]
