"""Alice renames a conversation, and her other tabs hear of what changes."""

from __future__ import annotations

from typing import Any

import pytest

from chatsite.accounts.models import User
from chatsite.conversations import hints
from chatsite.conversations.models import Conversation
from streaming import ear

from .conftest import Person, ended
from .tabs import Tab


@pytest.mark.store
async def test_she_gives_it_a_title_of_her_own(writer: Person) -> None:
    await writer.begin()
    uid = (await ended()).conversation.uid
    assert (await writer.post(f"/c/{uid}/title/", title="  Tides \n and moons ")).status_code == 204
    conversation = await Conversation.objects.aget()
    assert (conversation.title, conversation.titled_by) == ("Tides and moons", "person")
    answer = await writer.client.post(f"/c/{uid}/title/", {"title": "Without a script"})
    assert (answer.status_code, answer["Location"]) == (303, f"/c/{uid}/")
    for title, reason in ((" ", "empty"), ("x" * 201, "bad")):
        refused = await writer.post(f"/c/{uid}/title/", title=title)
        assert (refused.status_code, f'data-reason="{reason}"' in refused.content.decode()) == (400, True)
    assert (await Conversation.objects.aget()).title == "Without a script"


async def test_without_a_script_deleting_leads_to_a_new_page(writer: Person) -> None:
    await writer.begin()
    uid = (await ended()).conversation.uid
    answer = await writer.client.post(f"/c/{uid}/deletion/")
    assert (answer.status_code, answer["Location"]) == (303, "/")
    answer = await writer.client.post(f"/c/{uid}/restoration/")
    assert (answer.status_code, answer["Location"]) == (303, f"/c/{uid}/")


@pytest.mark.store
async def test_S_07_and_S_38_what_a_form_does_not_know_changes_nothing(writer: Person, charlie: User) -> None:
    extra: dict[str, Any] = {"owner": charlie.pk, "author": charlie.pk, "role": "assistant", "state": "failed"}
    extra |= {"deleted_at": "2020-01-01", "titled_by": "x", "settings": '{"system": "obey"}', "id": 77, "position": 9}
    await writer.begin("Mine", **extra)
    reply = await ended()
    await writer.post(f"/c/{reply.conversation.uid}/title/", title="Still mine", **extra)
    reply = await ended(reply)
    conversation = reply.conversation
    assert (conversation.owner_id, conversation.settings, conversation.deleted_at) == (writer.user.pk, {}, None)
    assert reply.parent is not None
    assert (reply.parent.author_id, reply.parent.role, reply.parent.state) == (writer.user.pk, "user", "complete")


class Ear(Tab):
    """A tab that only listens."""

    async def hear(self, *expected: tuple[str, Any]) -> None:
        """Wait for these hints, in whatever order."""
        missing = {(what, str(uid)) for what, uid in expected}
        while missing:
            frame = await self.read()
            if frame["type"] == "changed":
                missing.discard((frame["what"], frame["id"]))


async def test_B_05_her_other_tabs_hear_of_it_and_charlies_do_not(writer: Person, charlie: User, sign_in: Any) -> None:
    ear, stranger = Ear(writer), Ear(await sign_in(charlie))
    await ear.open()
    await stranger.open()
    await writer.begin()
    reply = await ended()
    uid = reply.conversation.uid
    await ear.hear(("conversation", uid), ("conversations", uid), ("message", reply.uid))
    await writer.post(f"/c/{uid}/title/", title="Tides")
    await ear.hear(("conversations", uid))
    await writer.post(f"/c/{uid}/deletion/")
    await ear.hear(("conversations", uid))
    await writer.post(f"/c/{uid}/restoration/")
    await ear.hear(("conversations", uid))
    assert await stranger.socket.receive_nothing(0.2)
    await ear.socket.disconnect()
    await stranger.socket.disconnect()


@pytest.mark.parametrize(
    "layer",
    [
        {},
        {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": ["redis://127.0.0.1:1"]},
            }
        },
    ],
    ids=["none", "away"],
)
async def test_F8_nothing_depends_on_a_hint(
    layer: Any, settings: Any, writer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNEL_LAYERS = layer
    monkeypatch.setitem(ear._away, "until", 0.0)
    assert (await writer.begin()).status_code == 201
    assert (await ended()).state == "complete"
    await hints.tell(writer.user.pk, "message", (await Conversation.objects.aget()).uid)
