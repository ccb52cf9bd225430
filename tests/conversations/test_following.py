"""Snapshot and position: whenever Alice looks, she sees all of it, once, and in the end what is stored."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from chatsite.conversations.engine import engine, log
from chatsite.conversations.models import Message
from tests.answers import Gate, Pause
from tests.upstream import Upstream, Wait, openai_answer

from .conftest import Person, ended, newest_reply
from .tabs import Tab

WORDS = [f"{n} 🌕潮\n" for n in range(120)]

pytestmark = pytest.mark.store


async def looked_at(person: Person, reply: Message) -> Tab:
    """A tab that has just loaded the page: the row's text and position, then the run from there."""
    row = await Message.objects.aget(pk=reply.pk)
    tab = Tab(person, row.text, row.position)
    await tab.follow(reply.run.uid)
    return tab


async def test_I_4_I_6_and_I_7_whenever_she_reloads_she_sees_the_whole_text_once(
    writer: Person, models: Upstream
) -> None:
    gate = Gate()
    models.script(openai_answer(*WORDS).between(Pause(0.005)).before_last(Wait(gate)))
    await writer.begin()
    reply = await newest_reply()
    tabs = []
    for n in range(10):
        tabs.append(await looked_at(writer, reply))
        await asyncio.sleep(0.02 * n)
    gate.open()
    for tab in tabs:
        await tab.read_to_end()
        await tab.socket.disconnect()
    stored = await ended(reply)
    assert [tab.transcript.text for tab in tabs] == [stored.text] * 10
    assert stored.text == "".join(WORDS)
    assert len({tab.position for tab in tabs}) == 1


async def test_R_09_an_answer_that_ended_between_the_page_and_the_socket_is_told(writer: Person) -> None:
    await writer.begin()
    reply = await ended()
    late = Tab(writer)
    await late.follow(reply.run.uid)
    await late.read_to_end()
    assert late.transcript.text == reply.text
    await late.socket.disconnect()


async def test_R_05_and_R_12_a_position_that_the_log_does_not_have_takes_the_row(writer: Person) -> None:
    await writer.begin()
    reply = await ended()
    ahead = Tab(writer, position=reply.position + 5)
    await ahead.follow(reply.run.uid)
    assert (await ahead.read())["type"] == "resync"
    await log.close(str(reply.run.uid))  # as after a restart: the row is all there is
    await ahead.ask_for(reply.run.uid)
    assert (await ahead.read())["type"] == "resync"
    piece = (await writer.get(f"/m/{reply.uid}/")).content.decode()
    assert 'data-state="complete"' in piece and "Hello world" in piece
    await ahead.socket.disconnect()


async def test_R_14_a_deleted_conversation_is_like_none(writer: Person) -> None:
    await writer.begin()
    reply = await ended()
    tab = Tab(writer)
    await tab.open()
    await writer.post(f"/c/{reply.conversation.uid}/deletion/")
    for run in (reply.run.uid, uuid4()):
        await tab.ask_for(run)
        while (frame := await tab.read())["type"] == "changed":
            pass
        assert frame["type"] == "gone"
    await tab.socket.disconnect()


async def test_P_01_signing_out_lets_the_answer_end_and_be_stored(writer: Person, models: Upstream) -> None:
    models.script(openai_answer(*WORDS[:20]).between(Pause(0.01)))
    await writer.begin()
    reply = await newest_reply()
    await writer.client.alogout()
    stored = await ended(reply)
    assert (stored.state, stored.text) == ("complete", "".join(WORDS[:20]))
    assert engine().runs.live == 0
