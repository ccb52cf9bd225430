"""Every way in which calling a model may fail, before, instead of and during the answer."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from streaming.beat import Beat
from streaming.errors import KIND, SENTENCE
from streaming.events import Failed, Text
from streaming.upstream import ERRORS, Client, reason_of
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

from .asking import answered, failed
from .world import model

DIALECTS = ("openai", "anthropic")


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
