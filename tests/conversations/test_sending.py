"""Alice says something: it is stored once, answered once, and whatever keeps it from that is told to her."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from chatsite.accounts.models import User
from chatsite.conversations.engine import engine
from chatsite.conversations.models import Conversation, Message, Run
from chatsite.conversations.sending import Sender
from chatsite.database import db
from tests.answers import Answer, Gate, Send
from tests.upstream import Upstream, Wait, openai_answer

from .conftest import MODELS, Person, counts, ended, newest_reply

pytestmark = pytest.mark.store


async def test_her_first_message_begins_a_conversation(writer: Person, models: Upstream) -> None:
    answer = await writer.begin("Why are there  two tides\na day?")
    conversation = await Conversation.objects.aget()
    assert answer.status_code == 201
    assert answer["Location"] == f"/c/{conversation.uid}/"
    assert f'data-conversation="{conversation.uid}"' in answer.content.decode()
    assert answer.content.decode().count("<article") == 2
    assert conversation.title == "Why are there two tides a day?"
    reply = await ended()
    assert (reply.text, reply.state) == ("Hello world", "complete")
    assert reply.parent is not None and reply.parent.text == "Why are there  two tides\na day?"


async def test_a_further_message_follows_the_newest_one(writer: Person, models: Upstream) -> None:
    await writer.begin()
    first = await ended()
    answer = await writer.say(first.conversation.uid, "And in June?")
    second = await ended()
    assert answer.status_code == 201
    assert second.conversation == first.conversation
    assert [message.text for message in await db(lambda: second.path)()] == [
        *("Hello", "Hello world", "And in June?", "Hello world"),
    ]
    turns = models.requests[1].json["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]


async def test_a_further_message_may_follow_an_older_one(writer: Person) -> None:
    await writer.begin()
    first = await ended()
    await writer.say(first.conversation.uid, "One")
    await ended()
    await writer.say(first.conversation.uid, "Two", parent=first.uid)
    await ended()
    path = await db(first.conversation.path)()
    assert [message.text for message in path] == ["Hello", "Hello world", "Two", "Hello world"]


async def test_without_a_script_she_is_sent_on_to_the_conversation(writer: Person) -> None:
    answer = await writer.client.post("/c/", {"text": "Hello", "client_id": uuid4(), "model": ""})
    conversation = await Conversation.objects.aget()
    assert (answer.status_code, answer["Location"]) == (303, f"/c/{conversation.uid}/")
    await ended()


async def test_without_a_script_she_gets_the_page_again_with_her_text(writer: Person) -> None:
    fields = {"text": "Two < three", "client_id": uuid4(), "model": "gone"}
    answer = await writer.client.post("/c/", fields)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Two &lt; three</textarea>" in page
    assert "This model is not available." in page


async def test_I_1_what_was_accepted_is_committed(writer: Person, models: Upstream) -> None:
    gate = Gate()
    models.script(openai_answer("late").after(Wait(gate)))
    answer = await writer.begin("Remember this")
    assert answer.status_code == 201
    # Another thread has another connection: it sees only what is committed.
    stored = await db(lambda: list(Message.objects.order_by("id").values_list("text", "state")))()
    assert stored == [("Remember this", "complete"), ("", "streaming")]
    gate.open()
    await ended()


async def test_I_2_a_repeated_message_gets_the_same_answer(writer: Person, models: Upstream) -> None:
    client_id = uuid4()
    first = await writer.begin("Once", client_id=client_id)
    reply = await ended()
    again = await writer.begin("Once", client_id=client_id)
    further = await writer.say(reply.conversation.uid, "Once", client_id=client_id)
    assert [answer.status_code for answer in (first, again, further)] == [201, 200, 200]
    assert again["Location"] == first["Location"]
    assert str(reply.uid) in again.content.decode()
    assert await counts() == (1, 2, 1)
    assert len(models.requests) == 1


async def test_I_2_a_thousand_sends_of_one_message_make_one(writer: Person, alice: User, models: Upstream) -> None:
    client_id = uuid4()

    sender = Sender(alice, client_id, MODELS["openai"], engine().catalogue, engine().ledger.worker)

    def send_often() -> set[str]:
        sent = [sender.send("Once") for _ in range(99)]
        return {f"{one.message.uid} {one.reply.uid}" for one in sent}

    # Most of them by the model that the view calls, since a thousand whole requests would only take longer; by ten at
    # once, since SQLite lets its writers in by chance, and of thirty one may wait longer than it is patient.
    answers = set().union(*await asyncio.gather(*(db(send_often)() for _ in range(10))))
    pages = await asyncio.gather(*(writer.begin("Once", client_id=client_id) for _ in range(10)))
    assert len(answers) == 1
    assert {page.status_code for page in pages} == {200}
    assert await counts() == (1, 2, 1)


async def test_I_2_simultaneous_requests_make_one_message_and_one_run(writer: Person, models: Upstream) -> None:
    client_id = uuid4()
    pages = await asyncio.gather(*(writer.begin("Once", client_id=client_id) for _ in range(20)))
    assert sorted(page.status_code for page in pages) == [200] * 19 + [201]
    await ended()
    assert await counts() == (1, 2, 1)
    assert len(models.requests) == 1


async def test_I_2_simultaneous_requests_say_one_further_thing(writer: Person, models: Upstream) -> None:
    await writer.begin()
    uid, client_id = (await ended()).conversation.uid, uuid4()
    pages = await asyncio.gather(*(writer.say(uid, "Once", client_id=client_id) for _ in range(20)))
    assert sorted(page.status_code for page in pages) == [200] * 19 + [201]
    await ended()
    assert await counts() == (1, 4, 2)


async def test_I_2_an_id_that_was_used_for_other_words_is_refused(writer: Person) -> None:
    client_id = uuid4()
    await writer.begin("One thing", client_id=client_id)
    reply = await ended()
    for answer in (
        await writer.begin("Another thing", client_id=client_id),
        await writer.ask_again(reply.parent.uid, client_id=client_id),  # type: ignore[union-attr]
    ):
        assert (answer.status_code, 'data-reason="bad"' in answer.content.decode()) == (400, True)
    assert await counts() == (1, 2, 1)


async def test_the_same_id_of_another_person_is_another_message(writer: Person, charlie: User, sign_in: object) -> None:
    client_id = uuid4()
    other = await sign_in(charlie)  # type: ignore[operator]
    assert (await writer.begin("Once", client_id=client_id)).status_code == 201
    assert (await other.begin("Once", client_id=client_id)).status_code == 201
    assert await counts() == (2, 4, 2)


async def test_I_3_a_second_message_waits_for_the_answer(writer: Person, models: Upstream) -> None:
    gate = Gate()
    models.script(openai_answer("a", "b").before_last(Wait(gate)))
    await writer.begin()
    reply = await newest_reply()
    busy = await writer.say(reply.conversation.uid, "Too soon")
    assert busy.status_code == 409
    assert 'role="alert" data-reason="busy"' in busy.content.decode()
    gate.open()
    await ended(reply)
    assert (await writer.say(reply.conversation.uid, "Now")).status_code == 201
    await ended()


async def test_I_3_of_twenty_messages_at_once_one_is_answered(writer: Person, models: Upstream) -> None:
    await writer.begin()
    reply = await ended()
    gate = Gate()
    models.script(openai_answer("a", "b").before_last(Wait(gate)))
    answers = await asyncio.gather(*(writer.say(reply.conversation.uid, f"{n}") for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert await counts() == (1, 4, 2)
    gate.open()
    await ended()


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u200b\u2060", "\u3000"])
async def test_B_20_nothing_to_see_is_not_sent(writer: Person, text: str) -> None:
    answer = await writer.begin(text)
    assert (answer.status_code, 'data-reason="empty"' in answer.content.decode()) == (400, True)
    assert await counts() == (0, 0, 0)


async def test_B_20_more_than_is_taken_in_is_not_sent(writer: Person, settings: object) -> None:
    settings.MAX_MESSAGE_CHARACTERS = 100  # type: ignore[attr-defined]
    answer = await writer.begin("x" * 101)
    assert (answer.status_code, 'data-reason="too_long"' in answer.content.decode()) == (400, True)
    assert (await writer.begin("🌕" * 100)).status_code == 201
    await ended()


async def test_F10_what_no_database_can_hold_is_mended_once(writer: Person, models: Upstream) -> None:
    halves = [rb"nul \u0000", rb"\ud83c", rb"\udf15 half \ud83c", rb" end\u0000"]
    answer = openai_answer(*(str(n) for n in range(len(halves))))
    swapped = {f'"content": "{n}"'.encode(): b'"content": "%b"' % half for n, half in enumerate(halves)}
    models.script(Answer([Send(_swapped(step.data, swapped)) for step in answer.steps if isinstance(step, Send)]))
    await writer.begin("a\0b\r\nc\rd e\u0301")
    reply = await ended()
    assert reply.parent is not None
    assert reply.parent.text == "a\ufffdb\nc\nd e\u0301"
    assert reply.text == "nul \ufffd🌕 half \ufffd end\ufffd"
    assert models.requests[0].json["messages"][-1]["content"] == reply.parent.text


async def test_S_09_a_model_that_is_not_offered_now_is_refused(writer: Person) -> None:
    for model in ("gpt-9", "openai/other", "Openai-test", "x" * 400, "nul\0"):
        answer = await writer.begin(model=model)
        assert answer.status_code == 400
        assert await counts() == (0, 0, 0)
    answer = await writer.begin(model="gpt-9")
    assert 'data-reason="model"' in answer.content.decode()


async def test_the_model_chosen_last_is_remembered(writer: Person, alice: User) -> None:
    await writer.begin(model=MODELS["anthropic"])
    await ended()
    await alice.arefresh_from_db()
    assert alice.model == MODELS["anthropic"]
    await writer.begin(model="")
    assert (await ended()).run.model == MODELS["anthropic"]


async def test_an_answer_that_cannot_be_begun_is_settled_at_once(writer: Person, models: Upstream) -> None:
    await engine().runs.drain(0)
    answer = await writer.begin("Keep this")
    reply = await newest_reply()
    assert answer.status_code == 201
    assert (reply.state, reply.run.reason, reply.run.kind) == ("failed", "internal", "local")
    assert 'data-state="failed"' in answer.content.decode()
    assert len(reply.run.error_id) == 5


async def test_nothing_new_is_taken_on_while_the_server_ends(writer: Person) -> None:
    await engine().drain(0)
    answer = await writer.begin("Keep this")
    assert (answer.status_code, 'data-reason="stopping"' in answer.content.decode()) == (503, True)
    assert await counts() == (0, 0, 0)


async def test_a_browser_that_hangs_up_while_sending_is_answered_all_the_same(writer: Person) -> None:
    for pause in (0, 0.001, 0.005, 0.01, 0.02):
        request = asyncio.create_task(writer.begin("Do not wait for me"))
        await asyncio.sleep(pause)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
    await asyncio.sleep(0.2)
    for run in [run async for run in Run.objects.all()]:
        await engine().recorder.persist(str(run.uid))
    states = [reply.state async for reply in Message.objects.replies()]
    assert set(states) <= {"complete"}


async def test_what_a_person_says_is_asked_as_it_is_stored(writer: Person, models: Upstream) -> None:
    await writer.begin("  kept as it is  ")
    await ended()
    assert models.requests[0].json["messages"] == [{"role": "user", "content": "  kept as it is  "}]


def _swapped(data: bytes, pairs: dict[bytes, bytes]) -> bytes:
    for old, new in pairs.items():
        data = data.replace(old, new)
    return data
