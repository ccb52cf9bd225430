"""Rows of the reader's own tables that only a real connection can prove."""

from __future__ import annotations

import asyncio
import gzip
import logging

import pytest

from streaming.certificates import described, telling
from streaming.discretion import Bell, request_id
from streaming.events import Failed, Finished, Started, Text
from streaming.prompts import ask
from streaming.upstream import FULL_READ, Client
from tests.answers import SSE
from tests.certificates import self_signed
from tests.upstream import Answer, Cut, Gate, Send, Upstream, Wait, data, failure, happy, openai_answer

from .asking import answered, failed
from .world import model

KINDS = ["text/x-bogus", "application/octet-stream", "text/plain; charset=windows-1252", "text/event-stream;", ""]
PATHS = {"openai": "", "anthropic": "/messages"}


def said(events: list[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("kind", KINDS)
async def test_W_13_W_22_the_content_type_decides_nothing(
    up: Upstream, client: Client, dialect: str, kind: str
) -> None:
    answer = happy(PATHS[dialect], "ok…")
    up.script(Answer(answer.steps, 200, {"Content-Type": kind} if kind else {}))
    events = await answered(client, model(up.url, dialect))
    assert said([*events]) == "ok…"
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("dialect", PATHS)
async def test_O_17_a_break_in_the_middle_closes_forgets_and_is_told(
    up: Upstream, client: Client, dialect: str
) -> None:
    whole = happy(PATHS[dialect], "Hello")
    half = Send(whole.steps[2].data[:-9])  # type: ignore[union-attr]
    up.script(whole.upto(2, half, Cut()))
    events = await answered(client, model(up.url, dialect))
    assert isinstance(events[-1], Failed)
    assert events[-1].reason == "connection_lost"
    assert await answered(client, model(up.url, dialect)) != events
    assert up.connections == 2


@pytest.mark.parametrize("dialect", PATHS)
async def test_O_18_who_is_cancelled_while_waiting_closes(up: Upstream, client: Client, dialect: str) -> None:
    up.script(happy(PATHS[dialect], "Hello").before_last(Wait(Gate())))
    task = asyncio.create_task(answered(client, model(up.url, dialect)))
    await up.asked()
    await asyncio.sleep(0.1)
    task.cancel()
    await up.saw_close()
    assert said([*await answered(client, model(up.url, dialect))]) == "Hello world"


@pytest.mark.parametrize("dialect", PATHS)
async def test_O_19_who_leaves_after_one_event_closes(up: Upstream, client: Client, dialect: str) -> None:
    up.script(happy(PATHS[dialect], "Hello").before_last(Wait(Gate())))
    reads = client.ask(model(up.url, dialect), ask("Hi"))
    assert await anext(reads)
    await reads.aclose()
    await up.saw_close()


async def test_N_03_a_close_that_fails_after_the_end_changes_nothing(up: Upstream, client: Client) -> None:
    whole = openai_answer("Hello")
    up.script(Answer([*whole.steps, Cut(reset=True)]), Answer([*whole.steps, Wait(Gate())]))
    for _ in range(2):
        events = await answered(client, model(up.url))
        assert said([*events]) == "Hello"
        assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("dialect", PATHS)
async def test_X_18_an_event_is_handed_on_with_its_blank_line(up: Upstream, client: Client, dialect: str) -> None:
    whole = happy(PATHS[dialect], "Hello")
    *head, last = [step.data for step in whole.steps[: 3 if dialect == "anthropic" else 2] if isinstance(step, Send)]
    gates = [Gate(), Gate()]
    up.script(Answer([Send(b"".join(head) + last[:-1]), Wait(gates[0]), Send(last[-1:]), Wait(gates[1])]))
    heard: list[object] = []
    reads = client.ask(model(up.url, dialect), ask("Hi"))
    heard += await anext(reads)
    assert said(heard) == ""
    gates[0].open()
    async with asyncio.timeout(5):
        while not said(heard):
            heard += await anext(reads)
    assert said(heard) == "Hello"
    await reads.aclose()


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_X_20_U_34_U_38_compressed_chunked_and_cut_inside_characters(
    up: Upstream, client: Client, size: int
) -> None:
    words = "潮汐 🌊 déjà vu"
    packed = Answer([Send(gzip.compress(openai_answer(words).body))], 200, {**SSE, "Content-Encoding": "gzip"})
    up.script(packed.pieces(size), openai_answer(words).pieces(size))
    for _ in range(2):
        assert said([*await answered(client, model(up.url))]) == words


async def test_U_03_the_log_has_the_certificates_subject_once(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    async with Upstream(tls=self_signed()[0]) as up:
        for _ in range(3):
            assert (await failed(client, model(up.url))).message == "The secure connection to the model service failed."
        assert up.requests == []
    said = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in said] == [
        "upstream test: no secure connection: self-signed certificate; subject commonName='127.0.0.1'"
    ]


def test_U_03_what_is_no_certificate_is_described_by_its_kind() -> None:
    assert described(OSError("Canary")) == "OSError"
    context = self_signed()[0]
    assert telling(context) is context


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (403, "permission"), (402, "billing")])
async def test_U_04_the_administrator_is_told_once_in_five_minutes_of_each_upstream(
    up: Upstream, client: Client, caplog: pytest.LogCaptureFixture, status: int, kind: str
) -> None:
    up.otherwise = lambda request: failure(status, {"error": {"message": "Canary sk-test"}})
    for _ in range(3):
        await failed(client, model(up.url))
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert said == [f"upstream test: {kind}, status {status}: see to its key or account"]


def test_U_04_a_bell_rings_for_each_thing_and_again_after_its_time() -> None:
    now = [0.0]
    bell = Bell(300, lambda: now[0])
    assert [bell.rings("a"), bell.rings("a"), bell.rings("b")] == [True, False, True]
    now[0] = 299
    assert not bell.rings("a")
    now[0] = 300
    assert bell.rings("a")


async def test_U_08_a_gateway_that_ran_out_of_time_is_a_failing_service(up: Upstream, client: Client) -> None:
    up.script(failure(504, b"<html>Gateway Time-out</html>"), failure(502, b"<html>Bad Gateway</html>"))
    told = [await failed(client, model(up.url)) for _ in range(2)]
    assert [(one.kind, one.reason, one.retryable) for one in told] == [
        ("timeout", "upstream_error", True),
        ("server_error", "upstream_error", True),
    ]


@pytest.mark.parametrize("name", ["x-request-id", "request-id", "apim-request-id", "x-generation-id"])
@pytest.mark.parametrize("dialect", PATHS)
async def test_the_upstreams_name_for_the_request_comes_with_the_answer(
    up: Upstream, client: Client, dialect: str, name: str
) -> None:
    answer = happy(PATHS[dialect], "Hello")
    named = {**answer.headers, name: "req_01"}
    up.script(Answer(answer.steps, 200, named), Answer([*answer.steps[:3], Cut()], 200, named))
    first, *_ = await answered(client, model(up.url, dialect))
    assert isinstance(first, Started)
    assert first.request == "req_01"
    assert (await failed(client, model(up.url, dialect))).request == "req_01"
    up.script(failure(400, b"", {name: "req_02"}))
    assert (await failed(client, model(up.url, dialect))).request == "req_02"


@pytest.mark.parametrize("value", ["", "two words", "x" * 129, "<b>", "é"])
def test_what_is_no_name_of_a_request_is_not_taken_for_one(value: str) -> None:
    assert request_id({"x-request-id": value}) == ""


async def test_I_17_a_server_that_names_a_request_by_our_key_is_not_believed(up: Upstream, client: Client) -> None:
    key = "sk-canary-123456"
    up.script(failure(500, b"", {"x-request-id": key}), openai_answer("a").upto(2, data({"error": key})))
    for _ in range(2):
        assert key not in repr(await failed(client, model(up.url, key=key)))


async def test_N_11_a_hundred_thousand_events_in_one_packet_are_not_read_ahead(up: Upstream, client: Client) -> None:
    event = openai_answer("Hello").steps[1]
    assert isinstance(event, Send)
    up.script(Answer([Send(event.data * 100_000), Wait(Gate())]))
    reads = client.ask(model(up.url), ask("Hi"))
    first = await anext(reads)
    assert 0 < len(first) <= 2 * FULL_READ / len(event.data)
    await reads.aclose()
    assert said([*await answered(client, model(up.url))]) == "Hello world"
