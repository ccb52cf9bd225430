"""The product's heart, whole: from the model server's bytes to the browser's frames and the stored row."""

from __future__ import annotations

import pytest

from chatsite.conversations.models import Message
from streaming.events import TERMINAL, from_dict
from tests.answers import Gate
from tests.upstream import Upstream, Wait, anthropic_answer, openai_answer

from .conftest import MODELS, Person, newest_reply
from .tabs import Tab

ANSWERS = {"openai": openai_answer, "anthropic": anthropic_answer}
WORDS = ("The moon ", "pulls ", "twice a day: ", "🌒🌕", " — 潮汐。")


@pytest.mark.store
@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_the_consumer_relays_upstream_chunks_to_the_browser_and_the_completed_message_is_persisted(
    dialect: str, writer: Person, models: Upstream
) -> None:
    gate = Gate()
    models.script(ANSWERS[dialect](*WORDS).before_last(Wait(gate)))

    answer = await writer.begin("Why two tides a day?", model=MODELS[dialect])
    assert answer.status_code == 201
    reply = await newest_reply()
    tab = Tab(writer)
    await tab.follow(reply.run.uid)
    await tab.read_until("潮汐。")
    assert tab.transcript.state == "streaming", "the answer is shown while it is still being written"
    gate.open()
    frame = await tab.read_to_end()
    assert isinstance(from_dict(frame["events"][-1]), TERMINAL)

    # The end has been shown; so it is stored, without anybody waiting for it here.
    stored = await Message.objects.select_related("run").aget(pk=reply.pk)
    assert stored.text == tab.transcript.text == "".join(WORDS)
    assert (stored.state, stored.run.state, stored.position) == ("complete", "complete", tab.position)
    assert (stored.run.dialect, stored.run.input_tokens, stored.run.output_tokens) == (dialect, 5, 2)
    assert models.requests[0].json["messages"][-1]["content"] in (
        "Why two tides a day?",
        [{"type": "text", "text": "Why two tides a day?"}],
    )
    await tab.socket.disconnect()
