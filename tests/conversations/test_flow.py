"""The product's heart, whole: from the model server's bytes to the browser's frames and the stored row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings

from chatsite.asgi import application
from chatsite.conversations.models import Message
from streaming.events import TERMINAL, from_dict
from streaming.transcript import Transcript
from tests.answers import Gate
from tests.upstream import Upstream, Wait, anthropic_answer, openai_answer

from .conftest import MODELS, Person, newest_reply

ANSWERS = {"openai": openai_answer, "anthropic": anthropic_answer}
WORDS = ("The moon ", "pulls ", "twice a day: ", "🌒🌕", " — 潮汐。")


class Tab:
    """A browser's tab: it follows a run and folds what it is sent."""

    def __init__(self, person: Person) -> None:
        cookie = person.client.cookies[settings.SESSION_COOKIE_NAME].value
        headers = [
            (b"host", b"localhost"),
            (b"origin", f"http://localhost:{settings.PORT}".encode()),
            (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()),
        ]
        self.socket = WebsocketCommunicator(application, "/ws/", headers, ["chat.v1"])
        self.transcript, self.position, self.n = Transcript(), 0, 0

    async def follow(self, run: str, after: int = 0) -> None:
        connected, protocol = await self.socket.connect()
        assert (connected, protocol) == (True, "chat.v1")
        await self.socket.send_json_to({"type": "follow", "run": run, "after": after})

    async def read(self) -> dict[str, Any]:
        """The next frame; events are applied, and must follow what is there without a hole (I-4)."""
        frame: dict[str, Any] = json.loads(await self.socket.receive_from(timeout=10))
        self.n += 1
        assert frame["n"] == self.n
        if frame["type"] == "events":
            assert frame["after"] == self.position
            self.transcript.apply_all([from_dict(event) for event in frame["events"]])
            self.position = frame["position"]
        return frame

    async def read_until(self, text: str) -> None:
        while text not in self.transcript.text:
            await self.read()


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
    await tab.follow(str(reply.run.uid))
    await tab.read_until("潮汐。")
    assert tab.transcript.state == "streaming", "the answer is shown while it is still being written"
    gate.open()
    while tab.transcript.state == "streaming":
        frame = await tab.read()
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
