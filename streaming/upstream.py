"""Calls a model. The only file that imports httpx, and the one that turns all of its errors into ours.

One call is one attempt; whether to try again, and when an answer has taken too long, is for `runs` to say.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from .beat import Beat
from .certificates import authorities, described, telling
from .dialects import DIALECTS
from .discretion import Bell, discreet, request_id
from .errors import UpstreamError
from .events import CONTENT, Alive, Event, Failed
from .lessons import REFUSALS, Lessons
from .prompts import Prompt
from .reading import Reading, Unpacker
from .salvage import Response
from .upstreams import Model

logger = logging.getLogger(__name__)

FULL_READ: Final = 16_384
"""What the transport hands over at most at once: a read of this size has more behind it."""
REFUSAL: Final = 65_536
"""Bytes of the body of a refusal that are looked at."""

REASONS: Final[Mapping[type[Exception], str]] = {
    httpx.ConnectError: "upstream_unreachable",
    httpx.ConnectTimeout: "upstream_unreachable",
    httpx.PoolTimeout: "upstream_unreachable",
    httpx.TimeoutException: "upstream_unreachable",
    httpx.ProxyError: "upstream_unreachable",
    httpx.UnsupportedProtocol: "upstream_unreachable",
    httpx.InvalidURL: "upstream_unreachable",
    httpx.ReadTimeout: "stalled",
    httpx.WriteTimeout: "connection_lost",
    httpx.NetworkError: "connection_lost",
    httpx.ProtocolError: "bad_response",
    httpx.DecodingError: "bad_response",
    httpx.HTTPStatusError: "bad_response",
    httpx.CookieConflict: "bad_response",
    httpx.TooManyRedirects: "redirect_refused",
    httpx.StreamError: "connection_lost",
    httpx.HTTPError: "connection_lost",
    # What the transport lets through unmapped: a head that is no HTTP, and whatever it will invent next.
    aiohttp.ClientResponseError: "bad_response",
    aiohttp.ClientError: "connection_lost",
    OSError: "connection_lost",
}
"""Why a call failed before there was an answer, by the class of the error or the nearest one above it."""

OURS: Final = ("upstream_auth", "billing")
"""Reasons that only an administrator can do something about."""

ERRORS: Final[tuple[type[Exception], ...]] = tuple(REASONS)
_NO_MATTER: Final[tuple[type[Exception], ...]] = (TimeoutError, UpstreamError, *ERRORS)

_CAUSES: Final[Mapping[type[BaseException], str]] = {
    socket.gaierror: "upstream_dns",
    ssl.SSLError: "upstream_tls",
    ssl.CertificateError: "upstream_tls",
    # The transport calls these a ConnectTimeout, but there was a connection.
    aiohttp.ServerDisconnectedError: "connection_lost",
    aiohttp.ClientConnectorError: "upstream_unreachable",
    aiohttp.ClientOSError: "connection_lost",
}


@dataclass(frozen=True)
class Timeouts:
    """Seconds for what belongs to the connection: making it, sending the question, reading a refusal, closing."""

    connect: float = 10
    write: float = 30
    refusal: float = 10
    close: float = 2


class Client:
    """Asks models, over one pool of connections for each event loop."""

    def __init__(
        self,
        timeouts: Timeouts | None = None,
        *,
        connections: int = 10_000,
        beat: Beat | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.timeouts: Final = timeouts or Timeouts()
        self.connections: Final = connections
        self._beat: Final = beat or Beat()
        self._tls: Final = telling(tls) if tls else authorities()
        self._lessons: Final = Lessons()
        self._bell: Final = Bell()
        self._pools: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}

    async def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]:
        """One attempt: the events of each read, `[Alive()]` where one brought none, and a terminal event at the end.

        Nothing that an upstream does is raised. Closing this, or cancelling who waits for it, closes the connection.
        """
        failed: UpstreamError
        response: httpx.Response | None = None
        reading: Reading | None = None
        key, request = model.upstream.key, ""
        try:
            response, refusal = await self._answer(model, prompt)
            request = request_id(response.headers)
            if response.status_code == 200:
                reading = Reading(DIALECTS[model.dialect].Parser(), response.headers.get("content-encoding", ""))
                async with aclosing(self._read(response, reading)) as reads:
                    async for events in reads:
                        yield discreet(events, key, request)
            else:
                yield discreet([self._refused(model, response, refusal)], key, request)
            return
        except UpstreamError as error:
            failed = error
        except ERRORS as error:
            failed = UpstreamError(reason_of(error, answered=response is not None))
            self._complain(model, error, failed)
        finally:
            if response is not None:
                await self._close(response)
            if reading is not None and reading.trouble:
                logger.warning("an answer of %s broke: %s request=%s", model.upstream.name, reading.trouble, request)
        yield discreet(reading.broken(failed) if reading else [Failed.of(failed)], key, request)

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()

    async def _answer(self, model: Model, prompt: Prompt) -> tuple[httpx.Response, bytes]:
        """The answer, and how its body begins if it is a refusal. What it refuses by name is left out next time."""
        learner = self._lessons.about(model, prompt)
        while True:
            response = await self._send(model, learner.body)
            if response.status_code == 200:
                learner.taken()
                return response, b""
            try:
                refusal = await self._beginning(response) if response.status_code >= 400 else b""
            except BaseException:
                await self._close(response)
                raise
            if response.status_code not in REFUSALS or not learner.refused(refusal):
                return response, refusal
            await self._close(response)

    async def _send(self, model: Model, body: bytes) -> httpx.Response:
        upstream, dialect, pool = model.upstream, DIALECTS[model.dialect], self._pool()
        request = pool.build_request(
            "POST",
            upstream.base_url + dialect.PATH,
            params=model.quirks.query or None,
            headers=dialect.headers(upstream.key, model.quirks),
            content=body,
        )
        return await pool.send(request, stream=True)

    async def _read(self, response: httpx.Response, reading: Reading) -> AsyncGenerator[list[Event], None]:
        spoken = False
        async with aclosing(_raw(response)) as reads:
            async for data in reads:
                for turn, events in enumerate(reading.pieces(data)):
                    if turn:
                        await asyncio.sleep(0)
                    yield events or [Alive()]
                    if reading.done:
                        return
                    spoken = spoken or any(isinstance(event, CONTENT) for event in events)
                if spoken and len(data) < FULL_READ:
                    await self._beat.wait()
        yield reading.close()

    def _refused(self, model: Model, response: httpx.Response, body: bytes) -> Failed:
        """What an answer with another status than 200 means."""
        status = response.status_code
        if status < 300:
            return Failed.of(UpstreamError("bad_response", status=status))
        if status < 400:
            host = httpx.URL(response.headers.get("location", "")).host
            logger.warning("upstream %s redirects to %r; not followed", model.upstream.name, host)
            return Failed.of(UpstreamError("redirect_refused", status=status))
        failed: Failed = DIALECTS[model.dialect].failure(status, response.headers, body)
        if failed.reason in OURS and self._bell.rings(f"{model.upstream.name} {failed.kind}"):
            logger.error(
                "upstream %s: %s, status %d: see to its key or account", model.upstream.name, failed.kind, status
            )
        return failed

    def _complain(self, model: Model, error: BaseException, failed: UpstreamError) -> None:
        """Tell the administrator what is wrong with a secure connection; the person learns only that it is."""
        if failed.reason == "upstream_tls" and self._bell.rings(f"{model.upstream.name} tls"):
            causes = [one for one in _chain(error) if isinstance(one, ssl.SSLError | ssl.CertificateError)]
            why = described(causes[0]) if causes else failed.reason
            logger.error("upstream %s: no secure connection: %s", model.upstream.name, why)

    async def _beginning(self, response: httpx.Response) -> bytes:
        """As much of a refusal's body as there is within a moment; a refusal is one without it too."""
        body = b""
        try:
            unpacker = Unpacker(response.headers.get("content-encoding", ""))
            async with asyncio.timeout(self.timeouts.refusal), aclosing(_raw(response)) as reads:
                async for data in reads:
                    for piece in unpacker.feed(data):
                        body += piece
                        if len(body) >= REFUSAL:
                            return body[:REFUSAL]
        except _NO_MATTER:
            pass
        return body

    async def _close(self, response: httpx.Response) -> None:
        """Close the connection unless its answer was read to the end; never waits long for the other side."""
        try:
            async with asyncio.timeout(self.timeouts.close):
                await response.aclose()
        except _NO_MATTER as error:
            logger.debug("closing a connection: %s", type(error).__name__)

    def _pool(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if loop not in self._pools:
            for old in [one for one in self._pools if one.is_closed()]:
                del self._pools[old]
            self._pools[loop] = self._made()
        return self._pools[loop]

    def _made(self) -> httpx.AsyncClient:
        """A client that keeps no cookies, follows nothing, and takes no advice from the environment."""
        seconds = self.timeouts
        return httpx.AsyncClient(
            transport=AiohttpTransport(client=self._session),
            timeout=httpx.Timeout(connect=seconds.connect, read=None, write=seconds.write, pool=seconds.connect),
            headers={
                "User-Agent": "chatsite",
                "Accept": "text/event-stream, application/json",
                "Accept-Encoding": "identity",
            },
            # What one person's answer sets must not be sent with another's question.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )

    def _session(self) -> aiohttp.ClientSession:
        # Without a session of ours the transport's own would stop at 100 connections and keep an upstream's cookies.
        connector = aiohttp.TCPConnector(limit=self.connections, ssl=self._tls, keepalive_timeout=30)
        jar = aiohttp.DummyCookieJar()
        return aiohttp.ClientSession(connector=connector, cookie_jar=jar, response_class=Response)


def _raw(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The bytes of the body as they come: no lines, no unpacking (F11, F12)."""
    return cast(AsyncGenerator[bytes, None], response.aiter_raw())


def reason_of(error: BaseException, *, answered: bool) -> str:
    """The reason of an error of httpx or of its transport, before or after there was an answer."""
    if answered:
        return "connection_lost"
    for cause in _chain(error):
        for kind, reason in _CAUSES.items():
            if isinstance(cause, kind):
                return reason
    return next((REASONS[kind] for kind in type(error).__mro__ if kind in REASONS), "connection_lost")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error's causes, deepest first: the first that was raised knows best."""
    causes = []
    while error is not None:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return reversed(causes)
