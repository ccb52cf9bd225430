"""Alice has an answer that was cut go on: a new version that begins with the old text, which stays as it was."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from django.http import HttpResponse

from chatsite.conversations.engine import engine
from chatsite.conversations.models import Message, State
from chatsite.conversations.prompting import GO_ON
from chatsite.database import db
from streaming.overlap import opening
from streaming.prompts import Quirks
from streaming.upstreams import Catalogue
from tests.answers import Answer, Gate
from tests.upstream import Upstream, Wait, anthropic_answer, openai_answer

from .conftest import MODELS, Person, counts, ended, newest_reply

pytestmark = pytest.mark.store

HALF = "The quick brown fox"
CUT = openai_answer("The quick", " brown fox", "?").upto(3)
LONG = openai_answer(HALF, finish="length")


async def cut(writer: Person, models: Upstream, answer: Answer = LONG, **fields: str) -> Message:
    """A reply of Alice's that ended too early."""
    models.script(answer)
    await writer.begin(**fields)
    return await ended()


async def test_a_cut_answer_goes_on_as_a_new_version(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models, CUT)
    assert (old.text, old.state) == (HALF, "interrupted")
    models.script(openai_answer("brown fox", " jumps."))
    answer = await writer.go_on(old.uid)
    new = await ended()
    assert answer.status_code == 201
    assert (new.text, new.state, new.continues_id, new.parent_id) == (
        "The quick brown fox jumps.",
        "complete",
        old.pk,
        old.parent_id,
    )
    old = await Message.objects.aget(pk=old.pk)
    assert (old.text, old.state) == (HALF, "interrupted"), "I-11: what is final stays"
    path = await db(new.conversation.path)()
    assert [message.pk for message in path] == [old.parent_id, new.pk]


async def test_I_7_its_row_holds_the_old_text_where_the_log_has_it(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models)
    gate = Gate()
    models.script(openai_answer(" jumps").after(Wait(gate)))
    answer = (await writer.go_on(old.uid)).content.decode()
    new = await newest_reply()
    assert (new.text, new.position, new.state) == (HALF, len(opening(HALF)), "streaming")
    assert HALF in answer
    assert 'after="1" model' in answer and 'data-phase="waiting"' in answer
    gate.open()
    assert (await ended(new)).text == HALF + " jumps"


async def test_it_is_asked_to_go_on_where_the_text_stops(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models, openai_answer(HALF, reasoning=["Hm."], finish="length"))
    await writer.go_on(old.uid)
    await ended()
    assert models.requests[1].json["messages"] == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": HALF},
        {"role": "user", "content": GO_ON},
    ]


async def test_thinking_is_not_sent_back_with_what_is_continued(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models, anthropic_answer(HALF, finish="max_tokens"), model=MODELS["anthropic"])
    await Message.objects.filter(pk=old.pk).aupdate(
        reasoning="Hm.", blocks=[{"type": "reasoning_block", "block": "thinking", "text": "Hm.", "signature": "s"}]
    )
    await writer.go_on(old.uid)
    new = await ended()
    assert new.run.model == MODELS["anthropic"], "who began it goes on"
    assert models.requests[1].json["messages"][1] == {"role": "assistant", "content": HALF}


async def test_a_model_that_takes_it_is_given_the_beginning(
    writer: Person, models: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = [replace(one, quirks=Quirks(prefill=True)) for one in engine().catalogue.upstreams]
    monkeypatch.setattr(engine(), "catalogue", Catalogue(taking))
    old = await cut(writer, models, anthropic_answer(HALF + ".\n\n", finish="max_tokens"), model=MODELS["anthropic"])
    models.script(anthropic_answer("\n\nThen"))
    await writer.go_on(old.uid)
    assert (await ended()).text == HALF + ".\n\nThen"
    assert models.requests[1].json["messages"][1:] == [{"role": "assistant", "content": HALF + "."}]


async def test_I_2_it_is_continued_once(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models)
    client_id = uuid4()
    answers = await asyncio.gather(*(writer.go_on(old.uid, client_id=client_id) for _ in range(10)))
    await ended()
    later = await writer.go_on(old.uid, client_id=client_id)
    assert sorted(answer.status_code for answer in [*answers, later]) == [200] * 10 + [201]
    assert await counts() == (1, 3, 2)
    assert problem(await writer.ask_again(old.parent.uid, client_id=client_id)) == (400, "bad")  # type: ignore[union-attr]
    assert problem(await writer.go_on(old.parent.uid, client_id=client_id)) == (400, "bad")  # type: ignore[union-attr]


async def test_what_was_continued_and_cut_goes_on_once_more(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models)
    models.script(openai_answer(" jumps over", finish="length"), openai_answer(" the dog."))
    await writer.go_on(old.uid)
    middle = await ended()
    await writer.go_on(middle.uid)
    assert (await ended()).text == "The quick brown fox jumps over the dog."


async def test_a_continuation_that_fails_loses_nothing(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models)
    models.script(*[openai_answer().upto(0)] * 3)
    await writer.go_on(old.uid)
    new = await ended()
    assert (new.text, new.state) == (HALF, "interrupted")
    assert "/continuations/" in (await writer.get(f"/m/{new.uid}/")).content.decode()


@pytest.mark.parametrize("state", [State.COMPLETE, State.FAILED])
async def test_what_was_not_cut_cannot_be_continued(writer: Person, models: Upstream, state: State) -> None:
    old = await cut(writer, models, openai_answer(HALF))
    await Message.objects.filter(pk=old.pk).aupdate(state=state)
    assert problem(await writer.go_on(old.uid)) == (400, "bad")
    assert problem(await writer.go_on(old.parent.uid)) == (404, "missing")  # type: ignore[union-attr]


async def test_I_3_nothing_is_continued_while_something_is_written(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models)
    gate = Gate()
    models.script(openai_answer("a", "b").before_last(Wait(gate)))
    await writer.say(old.conversation.uid)
    assert problem(await writer.go_on(old.uid)) == (409, "busy")
    gate.open()
    await ended()


async def test_its_button_works_without_a_script(writer: Person, models: Upstream) -> None:
    old = await cut(writer, models)
    answer = await writer.client.post(f"/m/{old.uid}/continuations/", {"client_id": uuid4()})
    assert (answer.status_code, answer["Location"]) == (303, f"/c/{old.conversation.uid}/")
    await ended()


def problem(answer: HttpResponse) -> tuple[int, str]:
    """The status and the word for programs."""
    return answer.status_code, answer.content.decode().partition('data-reason="')[2].partition('"')[0]
