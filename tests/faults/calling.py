"""How people's requests are broken off."""

from __future__ import annotations

import asyncio

import anyio
import httpx


class Calling(httpx.AsyncHTTPTransport):
    """Breaks a request off by a scope of `anyio`'s, which is the way that httpcore expects.

    A task that is cancelled while httpcore closes connections forgets those that are not closed yet.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, up to the head of its answer."""
        scope = anyio.CancelScope()
        work = asyncio.create_task(self._within(scope, request))
        try:
            response = await asyncio.shield(work)
        except asyncio.CancelledError:
            scope.cancel()
            for late in await asyncio.gather(work, return_exceptions=True):
                if isinstance(late, httpx.Response):
                    await late.aclose()
            raise
        if response is None:
            raise asyncio.CancelledError
        return response

    async def _within(self, scope: anyio.CancelScope, request: httpx.Request) -> httpx.Response | None:
        with scope:
            return await super().handle_async_request(request)
        return None
