"""People who break off leave no connection behind: that would be the failure of another test."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Literal

import httpx
import pytest

from tests.upstream import Upstream

from .calling import Calling


def collected(action: Literal["always", "ignore"]) -> list[str]:
    """What is said of things that nobody has closed."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter(action, ResourceWarning)
        gc.collect()
    return [str(one.message) for one in said]


@pytest.mark.parametrize("turns", range(8))
async def test_who_breaks_off_while_old_connections_are_closed_leaves_none(turns: int) -> None:
    assert collected("ignore") == []  # of earlier tests
    async with Upstream() as upstream, httpx.AsyncClient(transport=Calling(), trust_env=False) as person:
        await asyncio.gather(*(person.post(upstream.url, json={"stream": True}) for _ in range(4)))
        await upstream.stop()
        asking = asyncio.create_task(person.get(upstream.url))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        assert collected("always") == []
