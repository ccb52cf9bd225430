"""Alice goes from one version of an answer to another, and on from the one she likes."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from chatsite.accounts.models import User
from chatsite.conversations.models import Message
from tests.upstream import Upstream, openai_answer

from .conftest import Person, SignIn, ended

pytestmark = pytest.mark.store

STEP = re.compile(r'name="version" value="([^"]*)"[^>]*aria-label="(Previous|Next) version"[^>]*?( disabled)?>')


async def two_versions(writer: Person, models: Upstream) -> tuple[Message, Message]:
    """A question with two answers, the first of which was followed by another question."""
    models.script(openai_answer("first"), openai_answer("and then"), openai_answer("second"))
    await writer.begin()
    first = await ended()
    assert first.parent is not None
    await writer.say(first.conversation.uid, "And then?")
    await ended()
    await writer.ask_again(first.parent.uid)
    return first, await ended()


async def shown(writer: Person, conversation: UUID, version: object = "") -> list[str]:
    """The ids of the messages of the page at this address."""
    page = await writer.get(f"/c/{conversation}/?version={version}" if version else f"/c/{conversation}/")
    assert page.status_code == 200
    return re.findall(r'data-message="([^"]+)"', page.content.decode())


async def test_the_page_shows_the_branch_that_its_address_names(writer: Person, models: Upstream) -> None:
    first, second = await two_versions(writer, models)
    uid = first.conversation.uid
    question = str(first.parent.uid)  # type: ignore[union-attr]
    assert await shown(writer, uid) == [question, str(second.uid)]
    assert await shown(writer, uid, second.uid) == [question, str(second.uid)]
    before = await shown(writer, uid, first.uid)
    assert before[:2] == [question, str(first.uid)]
    assert len(before) == 4, "with all that followed it"


async def test_each_version_says_which_it_is_and_leads_to_its_neighbours(writer: Person, models: Upstream) -> None:
    first, second = await two_versions(writer, models)
    page = (await writer.get(f"/c/{first.conversation.uid}/")).content.decode()
    assert "2 of 2" in page
    assert STEP.findall(page) == [(str(first.uid), "Previous", ""), ("", "Next", " disabled")]
    page = (await writer.get(f"/c/{first.conversation.uid}/?version={first.uid}")).content.decode()
    assert "1 of 2" in page
    assert STEP.findall(page) == [("", "Previous", " disabled"), (str(second.uid), "Next", "")]
    alone = (await writer.get(f"/m/{second.uid}/")).content.decode()
    assert "2 of 2" in alone
    assert "Next version" not in (await writer.get(f"/m/{first.parent.uid}/")).content.decode()  # type: ignore[union-attr]


@pytest.mark.parametrize("version", ["nonsense", "7e9f1bfc-7abe-4cd5-b460-62bdd1221b2f", "%00", "..%2F"])
async def test_an_address_that_names_no_version_shows_the_newest(
    writer: Person, models: Upstream, version: str
) -> None:
    first, second = await two_versions(writer, models)
    assert (await shown(writer, first.conversation.uid, version))[-1] == str(second.uid)


async def test_S_13_charlie_cannot_look_through_a_version(
    writer: Person, models: Upstream, charlie: User, sign_in: SignIn
) -> None:
    first, _ = await two_versions(writer, models)
    other = await sign_in(charlie)
    await other.begin("Mine")
    mine = await ended()
    assert (await other.get(f"/c/{first.conversation.uid}/?version={first.uid}")).status_code == 404
    assert str(first.uid) not in await shown(other, mine.conversation.uid, first.uid)


async def test_she_goes_on_from_the_version_that_she_sees(writer: Person, models: Upstream) -> None:
    first, second = await two_versions(writer, models)
    uid = first.conversation.uid
    models.script(openai_answer("from the first"))
    await writer.say(uid, "Once more", parent=first.uid)
    reply = await ended()
    asked = [turn["content"] for turn in models.requests[-1].json["messages"]]
    assert asked == ["Hello", "first", "Once more"]
    path = await shown(writer, uid)
    assert path[-1] == str(reply.uid)
    assert str(second.uid) not in path
    page = (await writer.get(f"/c/{uid}/")).content.decode()
    assert "2 of 2" in page, "what she said now is itself another version"
