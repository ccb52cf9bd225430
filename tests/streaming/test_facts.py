"""Facts of our stack, and what we do about each: should a fact change, a test here says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import httpx
import pytest
from daphne.utils import parse_x_forwarded_for
from twisted.web.http_headers import Headers

from chatsite.accounts.addresses import client as address_of
from streaming.events import Alive, Event, Failed, Finished, Text, merge
from streaming.logs.memory import MemoryLog
from streaming.prompts import ask
from streaming.runs import Limits, Runs
from streaming.sse import Decoder
from streaming.upstream import Client

from .world import RUN, Ledger, model, told

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
Serve: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: Serve) -> AsyncIterator[str]:
    """A server that answers every request so and then hangs up; its address."""

    answering: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        with suppress(ConnectionError):  # whoever asked may be gone by then
            await answer(writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as serving:
        yield f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}"
        await asyncio.gather(*(task for task in answering if task))


def sends(*pieces: bytes, pause: float = 0) -> Serve:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


async def asked(url: str) -> list[Event]:
    client = Client()
    try:
        return [event async for events in client.ask(model(url), ask("Hi")) for event in events]
    finally:
        await client.aclose()


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"])
def test_F11_httpx_splits_lines_inside_of_content_and_we_do_not(mark: str) -> None:
    body = f"data: one{mark}two\n\n".encode()
    assert len(list(httpx.Response(200, content=body).iter_lines())) > 2
    [event] = Decoder().feed(body)
    assert event.data == f"one{mark}two"


@pytest.mark.parametrize(("last", "complete"), [(b"", False), (FINISH, True), (b"data: [DONE]\n\n", True)])
async def test_F13_a_body_that_stops_in_the_middle_is_no_error_to_httpx_and_no_end_to_us(
    last: bytes, complete: bool
) -> None:
    async with server(sends(CHUNK % b"Half of", last)) as url:
        async with httpx.AsyncClient(trust_env=False) as plain:
            assert (await plain.post(url, content=b"{}")).content == CHUNK % b"Half of" + last
        end = (await asked(url))[-1]
    assert isinstance(end, Finished) is complete
    assert complete or (isinstance(end, Failed) and end.reason == "no_terminal")


async def test_F14_comments_keep_a_read_timeout_away_but_not_our_own_limits(log: MemoryLog, ledger: Ledger) -> None:
    async with server(sends(CHUNK % b"Hi", *[b": still here\n\n"] * 25, pause=0.15)) as url:
        async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=2), trust_env=False) as plain:
            assert (await plain.post(url, content=b"{}")).content.count(b"still here") == 25
        client = Client()
        await Runs(log, ledger, client, Limits(progress=1)).start(RUN, model(url), ask("Hi"))
        said = await told(log)
        await client.aclose()
    assert Text("Hi") in said
    assert isinstance(said[-1], Failed)
    assert said[-1].reason == "no_progress"


def test_F15_the_reader_is_ours_where_others_get_it_wrong() -> None:
    decoder = Decoder()
    assert [event.data for event in decoder.feed(b"\xef\xbb\xbfdata: first\n\n")] == ["first"]  # a byte order mark
    assert decoder.feed(b"id: 7\n\n") == []  # no event without data
    assert decoder.id == "7"
    for odd in (b"1_000", b" 12", b"+5", b"1.5", b"-1", "٣".encode()):
        decoder.feed(b"retry:" + (b" " if odd.startswith(b" ") else b"") + odd + b"\n\n")
        assert decoder.retry is None, odd
    decoder.feed(b"retry: 12\n\n")
    assert decoder.retry == 12


def test_F16_daphne_believes_what_the_client_wrote_and_we_count_from_the_right() -> None:
    forwarded = "1.2.3.4, 192.0.2.7"  # the first is the client's invention, the second what our proxy saw
    believed, _ = parse_x_forwarded_for(Headers({"X-Forwarded-For": [forwarded]}), original_addr=["10.0.0.1", 1])
    assert believed[0] == "1.2.3.4"
    assert address_of({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}, 1) == "192.0.2.7"
    assert address_of({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}, 0) == "10.0.0.1"


@pytest.mark.parametrize("size", [1, 2, 3, 5])
async def test_U_33_U_34_U_35_U_36_bytes_cut_anywhere_are_read_as_they_were_meant(size: int) -> None:
    wire = b"\xef\xbb\xbf" + CHUNK % "潮🌕".encode() + CHUNK.replace(b"\n", b"\r\n") % b"\xff!"
    wire += CHUNK.replace(b"\n", b"\r") % b"\xef\xbb\xbf" + b"data: [DONE]\r\n\r\n"
    async with server(sends(*(wire[at : at + size] for at in range(0, len(wire), size)))) as url:
        said = merge(event for event in await asked(url) if not isinstance(event, Alive))
    assert said[1] == Text("潮🌕�!\ufeff")
    assert isinstance(said[-1], Finished)
