"""Where sockets are blocked, Alice's page reads the same log by HTTP."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from chatsite.accounts.models import User
from chatsite.conversations.engine import log
from tests.answers import Gate
from tests.upstream import Upstream, Wait, openai_answer

from .conftest import Person, SignIn, ended, newest_reply
from .test_replies import shown

pytestmark = pytest.mark.store


async def poll(writer: Person, uid: object, after: int | str) -> tuple[int, dict[str, Any]]:
    """The status and the frame."""
    answer = await writer.get(f"/m/{uid}/events/?after={after}")
    return answer.status_code, json.loads(answer.content) if answer.status_code == 200 else {}


async def test_B_16_the_same_events_come_at_the_same_positions(writer: Person, models: Upstream) -> None:
    gate = Gate()
    models.script(openai_answer("One ", "text").before_last(Wait(gate)))
    await writer.begin()
    reply = await newest_reply()
    await shown(reply, "text")
    status, first = await poll(writer, reply.uid, 0)
    assert (status, first["run"], first["after"]) == (200, str(reply.run.uid), 0)
    assert text(first) == "One text"
    position = first["position"]
    assert await poll(writer, reply.uid, position) == (204, {}), "nothing new yet"
    gate.open()
    status, rest = await poll(writer, reply.uid, position)
    while rest["events"][-1]["type"] != "finished":
        status, more = await poll(writer, reply.uid, rest["position"])
        assert more["after"] == rest["position"]
        rest = more
    reply = await newest_reply()
    assert (reply.text, reply.state, reply.position) == ("One text", "complete", rest["position"])
    assert (await poll(writer, reply.uid, rest["position"]))[0] == 410, "there is no more: the page fetches the message"


async def test_B_16_what_cannot_be_told_is_fetched(writer: Person, models: Upstream) -> None:
    await writer.begin()
    reply = await ended()
    assert (await poll(writer, reply.uid, 99))[0] == 410, "beyond the top (R-05)"
    await log.close(str(reply.run.uid))
    assert (await poll(writer, reply.uid, 0))[0] == 410


@pytest.mark.parametrize("after", ["", "-1", "1.5", "x", "1" * 17, "²"])
async def test_a_position_is_a_number(writer: Person, after: str) -> None:
    await writer.begin()
    assert (await poll(writer, (await ended()).uid, after))[0] == 400


async def test_S_04_only_her_own_replies_can_be_read(writer: Person) -> None:
    await writer.begin()
    reply = await ended()
    assert (await poll(writer, reply.parent.uid, 0))[0] == 404  # type: ignore[union-attr]
    assert (await poll(writer, uuid4(), 0))[0] == 404


async def test_B_13_twenty_pages_of_hers_may_wait_and_charlie_waits_all_the_same(
    writer: Person, sign_in: SignIn, charlie: User, models: Upstream
) -> None:
    theirs = await sign_in(charlie)
    gate = Gate()
    models.otherwise = lambda _: openai_answer("Words").before_last(Wait(gate))
    replies = []
    for person in (writer, theirs):
        await person.begin()
        replies.append(await newest_reply())
        await shown(replies[-1], "Words")
    position = (await poll(writer, replies[0].uid, 0))[1]["position"]
    hers = [asyncio.create_task(poll(writer, replies[0].uid, position)) for _ in range(30)]
    await asyncio.sleep(0)
    assert (await poll(theirs, replies[1].uid, position))[0] == 204
    assert Counter(status for status, _ in await asyncio.gather(*hers)) == {204: 20, 429: 10}
    assert (await poll(writer, replies[0].uid, position))[0] == 204, "who has gone leaves a place"
    gate.open()


def text(frame: dict[str, Any]) -> str:
    """The words of a frame."""
    return "".join(event["text"] for event in frame["events"] if event["type"] == "text")
