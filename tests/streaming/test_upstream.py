"""Calling a model: a real server on the other side, and every way in which it may fail.

`test_upstream_bodies.py` has what a body may hold.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest

from streaming.beat import Beat
from streaming.errors import KIND, SENTENCE
from streaming.events import Alive, Event, Failed, Finished, Started, Text, Usage, merge
from streaming.prompts import ask
from streaming.upstream import ERRORS, Client, Timeouts, reason_of
from streaming.upstreams import Model, from_toml
from tests.certificates import self_signed
from tests.upstream import (
    Answer,
    Cut,
    Gate,
    Pause,
    Send,
    Upstream,
    Wait,
    data,
    failure,
    happy,
    openai_answer,
    unused_url,
)

from .world import model

DIALECTS = ("openai", "anthropic")


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    async with Upstream() as upstream:
        yield upstream


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client(Timeouts(connect=5, refusal=1))
    yield client
    await client.aclose()


async def reads(client: Client, asked: Model) -> list[list[Event]]:
    async with asyncio.timeout(30):
        return [events async for events in client.ask(asked, ask("Hi"))]


async def answered(client: Client, asked: Model) -> list[Event]:
    """Everything one attempt brings, neighbours merged, signs of life left out."""
    events = [event for events in await reads(client, asked) for event in events]
    return merge([event for event in events if not isinstance(event, Alive)])


async def failed(client: Client, asked: Model) -> Failed:
    last = (await answered(client, asked))[-1]
    assert isinstance(last, Failed)
    return last


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


async def test_U_01_nobody_listens(client: Client) -> None:
    told = await failed(client, model(unused_url()))
    assert (told.kind, told.reason, told.retryable) == ("connection", "upstream_unreachable", True)


async def test_U_02_the_name_means_nothing(client: Client) -> None:
    told = await failed(client, model("http://model-service.invalid"))
    assert (told.kind, told.reason) == ("connection", "upstream_dns")


async def test_U_03_a_certificate_of_unknown_origin_is_refused(client: Client) -> None:
    async with Upstream(tls=self_signed()[0]) as up:
        told = await failed(client, model(up.url))
        assert (told.kind, told.reason) == ("connection", "upstream_tls")
        assert up.requests == []


async def test_U_03_a_server_that_speaks_no_tls_is_refused(client: Client) -> None:
    def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as plain:
        told = await failed(client, model(f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}"))
    assert told.reason == "upstream_tls"


async def test_a_certificate_that_the_operator_trusts_is_accepted() -> None:
    server, authority = self_signed()
    client = Client(tls=ssl.create_default_context(cadata=authority))
    async with Upstream(tls=server) as up:
        assert isinstance((await answered(client, model(up.url)))[-1], Finished)
    await client.aclose()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        pytest.param(401, "auth", "upstream_auth", id="U_04_401"),
        pytest.param(403, "permission", "upstream_auth", id="U_04_403"),
        pytest.param(404, "not_found", "model_not_found", id="U_05"),
        pytest.param(400, "invalid_request", "upstream_rejected", id="U_06_400"),
        pytest.param(413, "invalid_request", "upstream_rejected", id="U_06_413"),
        pytest.param(429, "rate_limited", "rate_limited", id="U_07"),
        pytest.param(500, "server_error", "upstream_error", id="U_08_500"),
        pytest.param(503, "overloaded", "upstream_error", id="U_08_503"),
        pytest.param(529, "overloaded", "upstream_error", id="U_08_529"),
    ],
)
async def test_U_04_U_05_U_06_U_07_U_08_a_refusal_is_told_by_its_status(
    up: Upstream, client: Client, dialect: str, status: int, kind: str, reason: str
) -> None:
    up.script(failure(status, b"<html>go away</html>"))
    told = await failed(client, model(up.url, dialect))
    assert (told.kind, told.reason, told.status) == (kind, reason, status)
    assert "<" not in told.message


async def test_U_07_how_long_to_wait_is_told(up: Upstream, client: Client) -> None:
    up.script(failure(429, {"error": {"message": "slow down"}}, {"Retry-After": "7"}))
    assert (await failed(client, model(up.url))).retry_after == 7


async def test_a_refusal_whose_body_never_ends_is_one_all_the_same(up: Upstream, client: Client) -> None:
    never = Gate()
    up.script(Answer([Send(b'{"error":'), Wait(never)], 500), Answer([Send(b"x" * 1_000)] * 200, 500))
    for _ in range(2):
        assert (await failed(client, model(up.url))).status == 500


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
async def test_U_12_a_redirect_is_not_followed(up: Upstream, client: Client, status: int) -> None:
    up.script(failure(status, b"", {"Location": f"{up.url}/elsewhere"}))
    told = await failed(client, model(up.url))
    assert (told.kind, told.reason, told.status) == ("protocol", "redirect_refused", status)
    assert len(up.requests) == 1


@pytest.mark.parametrize("status", [201, 204, 205, 206, 299])
async def test_U_13_another_kind_of_success_is_none(up: Upstream, client: Client, status: int) -> None:
    answer = openai_answer("Hello")
    up.script(Answer([] if status in (204, 205) else answer.steps, status, answer.headers, "close"))
    told = await failed(client, model(up.url))
    assert (told.kind, told.reason) == ("protocol", "bad_response")


@pytest.mark.parametrize("framing", ["chunked", "length"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_U_18_a_connection_that_breaks_keeps_what_came(
    up: Upstream, client: Client, dialect: str, reset: bool, framing: str
) -> None:
    whole = happy("/messages" if dialect == "anthropic" else "", "Hello", " world")
    promised = {} if framing == "chunked" else {"Content-Length": "100000"}
    steps = whole.upto(4, *([Pause(0.1)] if reset else []), Cut(reset)).steps  # a reset overtakes what was sent
    up.script(Answer(steps, 200, {**whole.headers, **promised}, "length" if promised else "chunked"))
    events = await answered(client, model(up.url, dialect))
    assert "".join(event.text for event in events if isinstance(event, Text)).startswith("Hello")
    assert isinstance(events[-1], Failed)
    assert (events[-1].kind, events[-1].reason) == ("connection", "connection_lost")


async def test_U_18_what_came_in_one_turn_with_the_break_is_kept(up: Upstream) -> None:
    words = [f"{n} " for n in range(3_000)]
    client = Client(beat=Beat(0.2))
    up.script(openai_answer(*words).upto(3_001, Cut()), openai_answer(*words).at(5, Pause(0.1)).upto(3_002, Cut()))
    for _ in range(2):
        events = await answered(client, model(up.url))
        assert "".join(event.text for event in events if isinstance(event, Text)) == "".join(words)
        assert isinstance(events[-1], Failed)
        assert events[-1].reason == "connection_lost"
    await client.aclose()


async def test_a_connection_that_breaks_before_the_answer(up: Upstream, client: Client) -> None:
    up.script(openai_answer().after(Cut()), openai_answer().after(Cut(reset=True)))
    for _ in range(2):
        told = await failed(client, model(up.url))
        assert (told.kind, told.reason, told.retryable) == ("connection", "connection_lost", True)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_048_576 + b"\r\n\r\ndata: [DONE]\n\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nX: a\rb\x00\r\n\r\n",
        b"HTTP/1.1 9999999 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
    ],
    ids=["one_header_of_a_MiB", "10000_headers", "two_lengths", "control_characters", "status", "ssh", "tls"],
)
async def test_U_42_a_head_that_plays_tricks_is_refused(up: Upstream, client: Client, head: bytes) -> None:
    up.script(Answer([Send(head)], framing="raw"))
    told = await failed(client, model(up.url))
    assert (told.kind, told.reason) in (("protocol", "bad_response"), ("connection", "connection_lost"))


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
    await up.saw_close(timeout=2)


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


@pytest.mark.parametrize("place", ["refusal", "event"])
async def test_I_17_S_36_a_key_that_a_server_repeats_is_not_passed_on(
    up: Upstream, client: Client, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = "sk-canary-123456"
    error = {"error": {"message": f"The key {key} is bad", "code": key}}
    repeats = failure(400, error) if place == "refusal" else openai_answer("a").upto(2, data(error))
    up.script(repeats)
    told = await failed(client, model(up.url, key=key))
    assert key not in repr(told) + caplog.text
    assert told.message in SENTENCE.values()


def test_every_httpx_error_is_mapped() -> None:
    found = [one for one in vars(httpx).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert len(found) > 20
    for error in found:
        assert any(kind in ERRORS for kind in error.__mro__), error
        for answered_already in (False, True):
            blank = error.__new__(error)
            assert reason_of(blank, answered=answered_already) in KIND


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
