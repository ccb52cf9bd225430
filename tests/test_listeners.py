"""The servers that tests bring leave nothing behind: what they leave would be the failure of another test."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from .upstream import Upstream


@pytest.mark.parametrize("turns", range(6))
async def test_who_comes_as_a_server_stops_is_sent_away(turns: int) -> None:
    upstream = await Upstream().start()
    with socket.create_connection(("127.0.0.1", int(upstream.url.rpartition(":")[2])), timeout=10) as late:
        for _ in range(turns):
            await asyncio.sleep(0)
        await upstream.stop()
        await asyncio.sleep(0)
        with contextlib.suppress(ConnectionResetError):
            assert late.recv(1) == b""
