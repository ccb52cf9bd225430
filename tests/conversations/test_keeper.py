"""What a dead process left is settled by whoever lives; what Alice deleted is purged."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from chatsite.accounts.models import User
from chatsite.audit.models import Audit
from chatsite.conversations.engine import door, engine, log, reset
from chatsite.conversations.models import UNDO, Conversation, Message, Run, leased
from chatsite.database import db
from streaming.errors import Gone
from tests.answers import Gate
from tests.upstream import Upstream, Wait, openai_answer

from .conftest import Person, SignIn, ended, left_behind, newest_reply
from .test_replies import shown

pytestmark = pytest.mark.store


async def test_D_03_and_I_9_a_run_that_nobody_answers_for_is_settled_with_its_text(
    alice: User, models: Upstream
) -> None:
    cut, empty = await db(left_behind)(alice, "Half of it"), await db(left_behind)(alice)
    call = await db(left_behind)(alice, tool_calls=[{"id": "1", "name": "f", "arguments": "{"}])
    assert await engine().keeper.sweep() == 3
    assert await engine().keeper.sweep() == 0
    rows = {reply.pk: reply async for reply in Message.objects.replies().select_related("run")}
    assert [rows[one.pk].state for one in (cut, empty, call)] == ["interrupted", "failed", "interrupted"]
    assert (rows[cut.pk].text, rows[cut.pk].position) == ("Half of it", 7)
    assert rows[call.pk].tool_calls == []
    for reply in rows.values():
        assert (reply.run.kind, reply.run.reason, len(reply.run.error_id)) == ("local", "server_lost", 5)
        assert (reply.run.fence, reply.run.lease_until) == (2, None)
        assert reply.run.ended_at is not None


async def test_D_04_it_is_done_at_once_when_a_process_starts(alice: User, models: Upstream) -> None:
    left = await db(left_behind)(alice, "Half of it")
    await engine().close()
    reset()
    engine()  # is built anew, and used for the first time on this loop
    async with asyncio.timeout(10):
        while (await Message.objects.aget(pk=left.pk)).state == "streaming":
            await asyncio.sleep(0.02)


async def test_D_04_the_rounds_begin_with_the_first_socket_whatever_server_it_is(alice: User, models: Upstream) -> None:
    await engine().close()
    reset()
    reply = await db(left_behind)(alice, "Half of")
    await door.may_open({"headers": []})
    async with asyncio.timeout(10):
        while (await Message.objects.aget(pk=reply.pk)).streaming:
            await asyncio.sleep(0.02)


async def test_a_round_that_breaks_is_not_the_last(models: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks() -> None:
        raise ValueError("whatever it may be")

    await engine().keeper.quietly(breaks)


async def test_a_run_whose_lease_stands_is_left_alone(alice: User, models: Upstream) -> None:
    left = await db(left_behind)(alice)
    await Run.objects.aupdate(lease_until=leased())
    assert await engine().keeper.sweep() == 0
    assert (await Message.objects.aget(pk=left.pk)).state == "streaming"


async def test_a_run_of_this_process_is_left_alone_whatever_its_lease(writer: Person, models: Upstream) -> None:
    gate = Gate()
    models.script(openai_answer("a", "b").before_last(Wait(gate)))
    await writer.begin()
    reply = await newest_reply()
    await Run.objects.aupdate(lease_until=timezone.now() - timedelta(seconds=30))
    assert await engine().keeper.sweep() == 0
    gate.open()
    assert (await ended(reply)).state == "complete"


async def test_D_05_and_I_11_a_zombie_changes_nothing(writer: Person, models: Upstream) -> None:
    gate = Gate()
    models.script(openai_answer("Half", " of it").before_last(Wait(gate)))
    await writer.begin()
    reply = await newest_reply()
    await shown(reply, "Half of it")
    # Another process has found our lease over and settled the run, while we stood still.
    await Run.objects.aupdate(fence=2, worker="elsewhere")
    other = await Run.objects.aget()
    assert await db(other.give_up)("server_lost")
    gate.open()
    await engine().recorder.persist(str(reply.run.uid))
    async with asyncio.timeout(10):
        while engine().recorder.live:
            await asyncio.sleep(0.01)
    reply = await newest_reply()
    assert (reply.text, reply.state, reply.run.reason) == ("Half of it", "interrupted", "server_lost")
    assert await engine().ledger.renew({str(reply.run.uid): 1}) == {str(reply.run.uid)}


async def test_P_06_deleting_hides_at_once_and_stops_the_answer(writer: Person, models: Upstream) -> None:
    models.script(openai_answer("Half of it").before_last(Wait(Gate())))
    await writer.begin("A secret")
    reply = await newest_reply()
    await shown(reply, "Half of it")
    uid = reply.conversation.uid
    assert (await writer.post(f"/c/{uid}/deletion/")).status_code == 204
    await models.saw_close()
    run = await Run.objects.aget()
    assert (run.state, run.kind, run.reason) == ("stopped", "local", "deleted")
    for path in (f"/c/{uid}/", f"/m/{reply.uid}/"):
        assert (await writer.get(path)).status_code == 404
    assert "secret" not in (await writer.get("/conversations/")).content.decode()
    assert (await writer.say(uid)).status_code == 404
    assert (await writer.post(f"/c/{uid}/deletion/")).status_code == 404
    deleted = await Audit.objects.filter(action="conversation.deleted").aget()
    assert (deleted.owner_id, deleted.object_id) == (str(writer.user.uid), str(uid))
    assert "secret" not in f"{deleted.object}{deleted.detail}"


async def test_P_06_and_I_23_after_the_purge_nothing_has_the_words(writer: Person) -> None:
    await writer.begin("A secret")
    reply = await ended()
    run = str(reply.run.uid)
    await writer.post(f"/c/{reply.conversation.uid}/deletion/")
    assert await engine().keeper.purge() == 0, "there is a time to undo"
    await Conversation.objects.aupdate(deleted_at=timezone.now() - UNDO - timedelta(seconds=1))
    assert await engine().keeper.purge() == 1
    assert not await Conversation.objects.aexists()
    assert not await Message.objects.aexists()
    kept = await Run.objects.aget()
    assert (kept.reply_id, kept.model, kept.input_tokens, kept.state) == (None, "openai-test", 5, "complete")
    with pytest.raises(Gone):
        await anext(log.read(run, 0))
    assert await Audit.objects.filter(action="conversation.purged").acount() == 1


async def test_P_13_when_an_account_is_deleted_its_answer_ends_and_its_words_are_gone(
    writer: Person, models: Upstream
) -> None:
    models.script(openai_answer("a ", "b").before_last(Wait(Gate())))
    await writer.begin()
    reply = await newest_reply()
    await shown(reply, "b")
    await db(writer.user.delete)()
    assert (await writer.get("/session")).status_code == 401
    await engine().keeper.stop()
    await engine().recorder.persist(str(reply.run.uid), 20)
    run = await Run.objects.aget(pk=reply.run.pk)
    assert (run.state, run.reason, run.reply_id, run.owner_id) == ("stopped", "deleted", None, None)
    assert (await Message.objects.acount(), await Conversation.objects.acount()) == (0, 0)


async def test_I_23_a_purge_that_breaks_halfway_leaves_no_log_of_what_it_removed(
    writer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = []
    for text in ("One", "Two"):
        await writer.begin(text)
        replies.append(await ended())
    await Conversation.objects.aupdate(deleted_at=timezone.now() - timedelta(days=1))
    delete = Conversation.delete
    gone: list[int] = []

    def once(self: Conversation, *args: Any) -> Any:
        if gone:
            raise OperationalError
        gone.append(self.pk)
        return delete(self, *args)

    monkeypatch.setattr(Conversation, "delete", once)
    with pytest.raises(OperationalError):
        await engine().keeper.purge()
    for reply in replies:
        removed = reply.conversation_id in gone
        assert await Message.objects.filter(pk=reply.pk).aexists() is not removed
        try:
            found = [batch async for batch in log.read(str(reply.run.uid), 0)]
        except Gone:
            found = []
        assert bool(found) is not removed


async def test_P_03_what_is_written_for_an_account_that_was_disabled_is_stopped(
    writer: Person, models: Upstream, charlie: User, sign_in: SignIn
) -> None:
    gates = [Gate(), Gate()]
    models.script(openai_answer("a ", "b").before_last(Wait(gates[0])))
    await writer.begin()
    hers = await newest_reply()
    models.script(openai_answer("c ", "d").before_last(Wait(gates[1])))
    await (await sign_in(charlie)).begin()
    his = await newest_reply()
    await shown(hers, "b")
    await shown(his, "d")
    await User.objects.filter(pk=writer.user.pk).aupdate(is_active=False)
    await engine().keeper.stop()
    hers = await ended(hers)
    assert (hers.text, hers.state, hers.run.reason) == ("a b", "stopped", "account_disabled")
    gates[1].open()
    assert (await ended(his)).text == "c d"


async def test_what_has_to_be_kept_for_days_is(writer: Person, settings: Any) -> None:
    settings.KEEP_DELETED_DAYS = 2
    await writer.begin()
    reply = await ended()
    await writer.post(f"/c/{reply.conversation.uid}/deletion/")
    await Conversation.objects.aupdate(deleted_at=timezone.now() - timedelta(days=1))
    assert await engine().keeper.purge() == 0
    assert (await writer.post(f"/c/{reply.conversation.uid}/restoration/")).status_code == 404
    await Conversation.objects.aupdate(deleted_at=timezone.now() - timedelta(days=3))
    assert await engine().keeper.purge() == 1


async def test_a_deletion_can_be_undone_for_a_while(writer: Person, charlie: User, sign_in: Any) -> None:
    await writer.begin("Keep me")
    reply = await ended()
    uid = reply.conversation.uid
    await writer.post(f"/c/{uid}/deletion/")
    assert (await (await sign_in(charlie)).post(f"/c/{uid}/restoration/")).status_code == 404
    assert (await writer.post(f"/c/{uid}/restoration/")).status_code == 204
    assert (await writer.get(f"/c/{uid}/")).status_code == 200
    assert (await writer.post(f"/c/{uid}/restoration/")).status_code == 404, "there is nothing to undo any more"
    await writer.post(f"/c/{uid}/deletion/")
    await Conversation.objects.aupdate(deleted_at=timezone.now() - UNDO)
    assert (await writer.post(f"/c/{uid}/restoration/")).status_code == 404


async def test_an_answer_that_is_being_written_is_never_purged(alice: User, models: Upstream) -> None:
    left = await db(left_behind)(alice, "Half of it")
    await Run.objects.aupdate(lease_until=leased())
    await Conversation.objects.aupdate(deleted_at=timezone.now() - timedelta(days=1))
    assert await engine().keeper.purge() == 0
    await Run.objects.aupdate(lease_until=timezone.now() - timedelta(seconds=30))
    await engine().keeper.sweep()
    assert await engine().keeper.purge() == 1
    assert not await Message.objects.filter(pk=left.pk).aexists()
