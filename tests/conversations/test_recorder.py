"""What is being written is saved as it grows, and its end is stored once, even if the database is away for a while."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from chatsite.conversations import recording
from chatsite.conversations.engine import engine, log
from chatsite.conversations.models import Message, Run
from streaming.events import Finished, Usage
from streaming.upstreams import Model, Prices
from tests.answers import Answer, Cut, Gate, Pause, Send
from tests.upstream import Upstream, Wait, anthropic_answer, openai_answer, recorded

from .conftest import MODELS, Person, counts, ended, newest_reply
from .test_replies import shown

pytestmark = pytest.mark.store


async def test_I_12_text_is_saved_while_it_grows(writer: Person, models: Upstream) -> None:
    gates = [Gate(), Gate()]
    answer = openai_answer("One ", "two ", "three")
    models.script(answer.at(2, Wait(gates[0])).at(4, Wait(gates[1])))
    await writer.begin()
    reply = await newest_reply()
    await shown(reply, "One ")
    first = await Message.objects.aget(pk=reply.pk)
    gates[0].open()
    await shown(reply, "two ")
    second = await Message.objects.aget(pk=reply.pk)
    gates[1].open()
    last = await ended(reply)
    assert 0 < first.position < second.position < last.position
    assert last.text.startswith(second.text) and second.text.startswith(first.text)
    assert (first.state, last.state, last.text) == ("streaming", "complete", "One two three")


async def test_I_5_fifty_answers_are_saved_at_once_and_none_is_mixed_up(writer: Person, models: Upstream) -> None:
    gate = Gate()

    def numbered(request: Any) -> Answer:
        name = request.json["messages"][-1]["content"]
        return openai_answer(*(f"{name}.{n} " for n in range(20))).before_last(Wait(gate))

    models.otherwise = numbered
    await asyncio.gather(*(writer.begin(f"q{n}") for n in range(50)))
    replies = [reply async for reply in Message.objects.replies().select_related("parent", "run")]
    async with asyncio.timeout(30):
        while await Message.objects.filter(text__contains=".19 ").acount() < 50:
            await asyncio.sleep(0.05)
    gate.open()
    for reply in replies:
        stored = await ended(reply)
        assert stored.text == "".join(f"{reply.parent.text}.{n} " for n in range(20))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (openai_answer("a", "b"), "complete", ""),
        (openai_answer("a", "b", done=False), "complete", ""),
        (openai_answer("a", "b", finish=None), "complete", ""),
        (openai_answer("a", "b", finish=None, done=False), "interrupted", "no_terminal"),
        (openai_answer("a", "b").upto(3, Cut()), "interrupted", "connection_lost"),
        (
            openai_answer("a", "b").at(3, Send(b'data: {"error": {"message": "no"}}\n\n')),
            "interrupted",
            "upstream_error_event",
        ),
    ],
    ids=["done", "no mark", "no reason", "neither", "cut", "error"],
)
async def test_I_10_the_row_is_complete_only_if_the_answer_was(
    answer: Answer, state: str, reason: str, writer: Person, models: Upstream
) -> None:
    models.script(answer)
    await writer.begin()
    reply = await ended()
    assert (reply.state, reply.run.state, reply.run.reason) == (state, state, reason)
    assert bool(reply.run.error_id) == (state != "complete")
    assert reply.text.startswith("a")


async def test_what_the_answer_counted_is_stored_with_its_run(writer: Person, models: Upstream) -> None:
    answer = anthropic_answer("Because", reasoning=("Let me", " think"))
    models.script(answer.at(4, Pause(0.05)))
    await writer.begin(model=MODELS["anthropic"])
    reply = await ended()
    run = reply.run
    assert (reply.reasoning, reply.text) == ("Let me think", "Because")
    assert reply.blocks == [
        {"type": "reasoning_block", "block": "thinking", "text": "Let me think", "signature": "c2lnbmVk"}
    ]
    assert (run.input_tokens, run.output_tokens, run.finish_reason, run.raw_reason) == (5, 2, "stop", "end_turn")
    assert (run.answer_id, run.answer_model, run.upstream, run.dialect) == (
        "msg_test",
        "test-model",
        *["anthropic"] * 2,
    )
    assert run.first_at and run.ended_at and run.created <= run.first_at <= run.ended_at
    assert run.thought_seconds is not None and 0 < run.thought_seconds < 10
    assert run.lease_until is None


async def test_tool_calls_are_kept_as_received(writer: Person, models: Upstream) -> None:
    models.script(recorded("openai-tool-calls-parallel"))
    await writer.begin()
    reply = await ended()
    assert reply.state == "complete"
    assert len(reply.tool_calls) == 2
    assert all(json.loads(call["arguments"]) for call in reply.tool_calls)


def test_an_answers_cost_counts_what_came_from_a_cache_by_its_own_price() -> None:
    prices = Prices(Decimal(3), Decimal(15), cache_read=Decimal("0.3"))
    usage = Usage(input=1_000, output=100, cache_read=600, cache_write=100)
    assert recording.cost(usage, prices) == Decimal("0.00288000")
    assert recording.cost(usage, None) is None
    assert recording.cost(Usage(output=1), prices) is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (10**12, (None, 1, None)),
        (2**31, (None, 1, None)),
        (2**31 - 1, (2**31 - 1, 1, None)),
        (1_000_000, (1_000_000, 1, Decimal("1000.00003000"))),
    ],
)
async def test_I_13_a_count_that_no_server_can_mean_spoils_nothing(
    writer: Person, models: Upstream, monkeypatch: pytest.MonkeyPatch, said: int, kept: tuple[Any, ...]
) -> None:
    monkeypatch.setattr(Model, "prices", property(lambda _: Prices(Decimal(1000), Decimal(30))))
    models.script(openai_answer("Hi", usage=(said, 1)))
    await writer.begin()
    reply = await ended()
    assert (reply.state, reply.run.input_tokens, reply.run.output_tokens, reply.run.cost) == ("complete", *kept)
    assert (await writer.get(f"/c/{reply.conversation.uid}/")).status_code == 200


@pytest.fixture
def unplugged() -> Iterator[Callable[[], contextlib.AbstractContextManager[None]]]:
    """Takes the database away from whoever connects anew, which all threads but the test's own do each time."""
    known = connections.settings["default"]
    name = known["NAME"]

    @contextlib.contextmanager
    def unplug() -> Iterator[None]:
        known["NAME"] = "/nowhere/at/all"
        try:
            yield
        finally:
            known["NAME"] = name

    yield unplug
    known["NAME"] = name


async def test_D_09_an_answer_goes_on_without_the_database_and_is_stored_when_it_is_back(
    writer: Person, models: Upstream, unplugged: Callable[[], contextlib.AbstractContextManager[None]]
) -> None:
    gate = Gate()
    models.script(openai_answer("One ", "two ", "three").at(2, Wait(gate)))
    await writer.begin()
    reply = await newest_reply()
    await shown(reply, "One ")
    run = str(reply.run.uid)
    with unplugged():
        gate.open()
        batches = [batch async for batch in log.read(run, 0)]
        assert isinstance(batches[-1].events[-1], Finished), "nothing on the way of text waits for the database"
        await engine().recorder.persist(run, 0.3)
        assert run in engine().recorder.live, "it is still being tried"
    reply = await ended(reply)
    assert (reply.text, reply.state, reply.position) == ("One two three", "complete", batches[-1].position)


async def test_D_09_an_answer_that_could_not_be_stored_in_time_says_so(
    writer: Person, models: Upstream, unplugged: Callable[[], contextlib.AbstractContextManager[None]]
) -> None:
    gate = Gate()
    models.script(openai_answer("One ", "two ", "three").at(2, Wait(gate)))
    await writer.begin()
    reply = await newest_reply()
    await shown(reply, "One ")
    engine().recorder.patience = 0.1
    with unplugged():
        gate.open()
        async with asyncio.timeout(10):
            while engine().recorder.live:
                await asyncio.sleep(0.01)
        await engine().keeper.quietly(engine().keeper.sweep)
    assert await engine().keeper.sweep() == 1
    reply = await ended(reply)
    assert (reply.text, reply.state, reply.run.reason) == ("One ", "interrupted", "not_stored")


async def test_D_10_a_message_that_cannot_be_stored_is_not_accepted(
    writer: Person, unplugged: Callable[[], contextlib.AbstractContextManager[None]]
) -> None:
    await writer.get("/")
    with unplugged():
        answer = await writer.begin("Keep this")
    assert (answer.status_code, 'data-reason="storage"' in answer.content.decode()) == (503, True)
    assert await counts() == (0, 0, 0)


async def test_an_ended_process_has_stored_everything(writer: Person, models: Upstream) -> None:
    models.otherwise = lambda request: openai_answer("Half of it").before_last(Wait(Gate()))
    for _ in range(5):
        await writer.begin()
        await shown(await newest_reply(), "Half of it")
    await engine().drain(0)
    rows = [reply async for reply in Message.objects.replies().select_related("run")]
    assert {(row.text, row.state, row.run.reason) for row in rows} == {("Half of it", "interrupted", "server_stopped")}
    assert not await Run.objects.live().aexists()
