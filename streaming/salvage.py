"""What had arrived when a connection broke is still handed over.

aiohttp keeps the bytes it has read in a buffer, and once the connection breaks it raises instead of giving them out:
the last words before the break would be lost, a beat's worth or, if both came in one turn, any.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast

import aiohttp


class Response(aiohttp.ClientResponse):
    """A response whose body ends with its bytes, and only then with its error."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Receive the head."""
        await super().start(connection)
        self.content = cast(aiohttp.StreamReader, _Patient(self.content))
        return self


class _Patient:
    """A stream of aiohttp's that is read in chunks."""

    def __init__(self, stream: aiohttp.StreamReader) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def iter_chunked(self, size: int) -> AsyncGenerator[bytes, None]:
        """All bytes that came, in chunks; then the error, if there was one."""
        stream = self._stream
        try:
            async for chunk in stream.iter_chunked(size):
                yield chunk
        except Exception as error:
            broken = stream.exception()
            if broken is None:
                raise
            stream.set_exception(cast(BaseException, None))
            rest = stream.read_nowait(-1)
            stream.set_exception(broken)
            for at in range(0, len(rest), size):
                yield rest[at : at + size]
            raise error
