"""Calling a model: a real server on the other side.

`test_upstream_failures.py` has how that fails, `test_upstream_bodies.py` what a body may hold.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing

import pytest

from streaming.beat import Beat
from streaming.events import Finished, Started, Text, Usage
from streaming.prompts import ask
from streaming.upstream import Client
from streaming.upstreams import from_toml
from tests.certificates import self_signed
from tests.upstream import (
    Answer,
    Gate,
    Pause,
    Upstream,
    Wait,
    openai_answer,
    unused_url,
)

from .asking import answered, reads
from .world import model

DIALECTS = ("openai", "anthropic")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_alice_gets_what_the_model_says(up: Upstream, client: Client, dialect: str) -> None:
    events = await answered(client, model(up.url, dialect))
    assert next(event for event in events if not isinstance(event, Started | Usage)) == Text("Hello world")
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "stop"
    assert [event for event in events if isinstance(event, Usage)][-1].output == 2


@pytest.mark.parametrize(
    ("dialect", "path", "header", "value"),
    [
        ("openai", "/v1/chat/completions", "authorization", "Bearer sk-test"),
        ("anthropic", "/v1/messages", "x-api-key", "sk-test"),
    ],
)
async def test_the_question_goes_to_the_dialects_address_with_its_key(
    up: Upstream, client: Client, dialect: str, path: str, header: str, value: str
) -> None:
    await answered(client, model(up.url, dialect))
    (request,) = up.requests
    assert (request.method, request.path, request.headers[header]) == ("POST", path, value)
    assert (request.json["model"], request.json["stream"]) == ("test-model", True)
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["content-type"].startswith("application/json")


async def test_an_upstreams_own_headers_and_query_are_sent(up: Upstream, client: Client) -> None:
    quirks = 'headers = {"X-Team" = "blue"}\nquery = {"api-version" = "1"}'
    table = f'[a]\ndialect="openai"\nbase_url="{up.url}/v1"\nmodels=["m"]\n[a.quirks]\n{quirks}'
    await answered(client, from_toml(table, {}).default)
    assert up.requests[0].path == "/v1/chat/completions?api-version=1"
    assert up.requests[0].headers["x-team"] == "blue"


async def test_a_certificate_that_the_operator_trusts_is_accepted() -> None:
    server, authority = self_signed()
    client = Client(tls=ssl.create_default_context(cadata=authority))
    async with Upstream(tls=server) as up:
        assert isinstance((await answered(client, model(up.url)))[-1], Finished)
    await client.aclose()


@pytest.mark.parametrize("when", ["before the answer", "in the middle"])
@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_who_stops_listening_closes_the_connection_at_once(
    up: Upstream, client: Client, when: str, how: str
) -> None:
    never = Gate()
    early = when == "before the answer"
    up.script(openai_answer("a").after(Wait(never)) if early else openai_answer("a").at(2, Wait(never)))
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(client.ask(model(up.url), ask("Hi"))) as asking:
            async for _ in asking:
                heard.set()
                if how == "closed":
                    return

    listening = asyncio.create_task(listen())
    await up.asked()
    if not early:
        await heard.wait()
    if early or how == "cancelled":
        listening.cancel()
    await asyncio.wait({listening})
    await up.saw_close()


async def test_a_connection_is_used_again_after_a_whole_answer(up: Upstream, client: Client) -> None:
    for _ in range(3):
        await answered(client, model(up.url))
    assert up.connections < 3


async def test_more_than_a_hundred_answers_stream_at_the_same_time(up: Upstream, client: Client) -> None:
    gate = Gate()
    up.otherwise = lambda request: openai_answer("a", "b").before_last(Wait(gate))
    asking = [asyncio.create_task(answered(client, model(up.url))) for _ in range(150)]
    await up.asked(150)
    gate.open()
    assert all(isinstance(events[-1], Finished) for events in await asyncio.gather(*asking))


async def test_nothing_is_taken_from_the_environment(
    up: Upstream, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, unused_url())
    assert isinstance((await answered(client, model(up.url)))[-1], Finished)


async def test_S_19_a_cookie_of_one_answer_is_not_sent_with_the_next_question(up: Upstream, client: Client) -> None:
    baked = openai_answer("a")
    up.script(Answer(baked.steps, 200, {**baked.headers, "Set-Cookie": "person=alice; Path=/"}))
    await answered(client, model(up.url))
    await answered(client, model(up.url))
    assert "cookie" not in up.requests[1].headers


async def test_the_beat_comes_after_the_first_words_and_merges_what_follows(up: Upstream) -> None:
    words = [f"{n} " for n in range(60)]
    up.script(openai_answer(*words).between(Pause(0.002)))
    client = Client(beat=Beat(0.2))
    loop = asyncio.get_running_loop()
    began, first, count = loop.time(), 0.0, 0
    async with aclosing(client.ask(model(up.url), ask("Hi"))) as asking:
        async for events in asking:
            count += 1
            if not first and any(isinstance(event, Text) for event in events):
                first = loop.time()
    await client.aclose()
    assert first - began < loop.time() - began - 0.1
    assert count < 30


async def test_the_beat_does_not_hold_a_fast_model_back(up: Upstream) -> None:
    class Counting(Beat):
        waits = 0

        async def wait(self) -> None:
            self.waits += 1

    beat = Counting()
    client = Client(beat=beat)
    up.script(openai_answer(*["word " * 100] * 4_000))
    many = await reads(client, model(up.url))
    await client.aclose()
    assert len(many) > 100
    assert beat.waits < len(many) / 2


async def test_who_is_cancelled_while_waiting_for_the_beat_takes_nobody_along() -> None:
    beat = Beat(0.05)
    waiting = [asyncio.create_task(beat.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in results] == [type(None), asyncio.CancelledError, type(None)]
