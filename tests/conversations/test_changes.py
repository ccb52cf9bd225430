"""What the operator changes while an answer is being written: it goes on as it began, the next one is asked anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatsite.conversations.engine import engine
from streaming.upstreams import Catalogue
from tests.answers import Gate
from tests.upstream import Upstream, Wait, openai_answer

from .conftest import MODELS, Person, ended, newest_reply
from .test_replies import shown

pytestmark = pytest.mark.store


async def begun(writer: Person, models: Upstream) -> Gate:
    """An answer is being written until the gate is opened."""
    gate = Gate()
    models.script(openai_answer("Begun ", "and ended").before_last(Wait(gate)))
    await writer.begin()
    await shown(await newest_reply(), "Begun")
    return gate


async def test_P_09_a_model_that_is_switched_off_ends_what_it_began_and_is_not_asked_again(
    writer: Person, models: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = await begun(writer, models)
    others = [one for one in engine().catalogue.upstreams if MODELS["openai"] not in one.models]
    monkeypatch.setattr(engine(), "catalogue", Catalogue(others))
    gate.open()
    reply = await ended()
    assert (reply.text, reply.state) == ("Begun and ended", "complete")
    refused = await writer.say(reply.conversation.uid, model=MODELS["openai"])
    assert (refused.status_code, 'data-reason="model"' in refused.content.decode()) == (400, True)
    assert (await writer.say(reply.conversation.uid, model=MODELS["anthropic"])).status_code == 201
    await ended()


async def test_P_10_a_key_that_is_changed_is_used_from_the_next_question_on(
    writer: Person, models: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = await begun(writer, models)
    changed = [replace(one, key="key-after-the-change") for one in engine().catalogue.upstreams]
    monkeypatch.setattr(engine(), "catalogue", Catalogue(changed))
    gate.open()
    reply = await ended()
    assert reply.state == "complete"
    await writer.say(reply.conversation.uid)
    await ended()
    sent = [request.headers["authorization"] for request in models.requests]
    assert sent == ["Bearer key-of-the-tests", "Bearer key-after-the-change"]
