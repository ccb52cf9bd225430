"""A database that is slow, or breaks in the worst moment, makes one message late, not two of it and not none."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from chatsite.conversations.models import Conversation, Message, Run
from tests.answers import Cut, Gate, Send
from tests.upstream import Upstream, Wait, openai_answer

from .conftest import Person, counts, ended, newest_reply
from .tabs import Tab
from .test_replies import shown

pytestmark = pytest.mark.store


async def test_D_11_a_database_that_is_held_up_delays_and_loses_nothing(writer: Person) -> None:
    await writer.begin("One")
    uid = (await ended()).conversation.uid
    holding = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Conversation.objects.select_for_update().get(uid=uid).rename("Held")
            holding.set()
            time.sleep(1)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    await asyncio.to_thread(holding.wait, 10)
    client_id = uuid4()
    answers = await asyncio.gather(*(writer.say(uid, "Two", client_id=client_id) for _ in range(6)))
    await asyncio.to_thread(holder.join)
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    await ended()
    assert await counts() == (1, 4, 2)


async def test_D_12_when_the_connection_breaks_during_the_commit_the_repeat_makes_no_second_message(
    writer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]
    broken: list[str] = []

    def breaks(self: Any) -> Any:
        done = commit(self)
        if not broken and Message.objects.filter(text="Only once").exists():
            broken.append(self.alias)
            raise OperationalError("server closed the connection unexpectedly")
        return done

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", breaks)
    client_id = uuid4()
    first = await writer.begin("Only once", client_id=client_id)
    assert (first.status_code, 'data-reason="storage"' in first.content.decode()) == (503, True)
    again = await writer.begin("Only once", client_id=client_id)
    assert broken
    assert again.status_code in (200, 201)
    assert await counts() == (1, 2, 1)


async def test_I_8_everybody_who_looks_sees_the_end_within_five_seconds(writer: Person, models: Upstream) -> None:
    gate = Gate()
    models.script(openai_answer("All of ", "it").before_last(Wait(gate)))
    await writer.begin()
    reply = await newest_reply()
    follower, onlooker = Tab(writer), Tab(writer)
    await follower.follow(reply.run.uid)
    await onlooker.open()
    await follower.read_until("it")
    gate.open()
    async with asyncio.timeout(5):
        await follower.read_to_end()
        while (hint := await onlooker.read())["what"] != "message":
            pass
    assert hint["id"] == str(reply.uid)
    assert 'data-state="complete"' in (await writer.get(f"/m/{reply.uid}/")).content.decode()
    for tab in (follower, onlooker):
        await tab.socket.disconnect()


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "broken off"])
async def test_I_13_what_was_counted_before_the_end_is_kept_once(
    writer: Person, models: Upstream, stopped: bool
) -> None:
    gate = Gate()
    counted = (
        b'data: {"choices":[{"index":0,"delta":{"content":"b"}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n'
    )
    models.script(openai_answer("a", "c").at(2, Send(counted * 2)).at(3, Wait(gate), Cut()))
    await writer.begin()
    reply = await newest_reply()
    await shown(reply, "b")
    if stopped:
        await writer.post(f"/m/{reply.uid}/stop/")
    gate.open()
    reply = await ended(reply)
    assert reply.state == ("stopped" if stopped else "interrupted")
    assert (reply.run.input_tokens, reply.run.output_tokens) == (5, 2)
    assert await Run.objects.acount() == 1
