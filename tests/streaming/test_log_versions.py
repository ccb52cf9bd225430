"""Two versions side by side on one Redis, while a site is updated: what a newer process says that we do not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest
from redis import Redis

from streaming.errors import Gone
from streaming.events import Event, Finished, Text, encode
from streaming.logs import Batch, Log
from streaming.logs import store as layout
from streaming.logs.redis import RedisLog

RUN = "6b1f8f0e-0000-4000-8000-000000000021"
OTHER = "6b1f8f0e-0000-4000-8000-000000000022"
END = Finished("stop", "stop")
CITATION = b'[{"type":"citation","url":"https://example.org"}]'
"""An event of a type that this version does not have."""
Tell = Callable[..., None]


@pytest.fixture
def here(empty_redis: str) -> RedisLog:
    """The process that writes, as far as this version can."""
    return RedisLog(empty_redis)


@pytest.fixture
def there(empty_redis: str) -> RedisLog:
    """Another one, of this version."""
    return RedisLog(empty_redis)


@pytest.fixture
def newer(empty_redis: str) -> Tell:
    """Says something as a newer process would: `newer(key, id, **fields)` adds an entry to a Stream."""

    def tell(key: str, id: str, **fields: bytes) -> None:
        with Redis.from_url(empty_redis) as client:
            client.xadd(key, {name: value for name, value in fields.items()}, id)

    return tell


def entries(run: str = RUN) -> str:
    """Where a run's entries are."""
    return layout.keys(run)[0]


async def say(log: Log, after: int, *events: Event, run: str = RUN) -> None:
    """Write these, one by one."""
    for number, event in enumerate(events, after):
        await log.append(run, 1, number, [event])


async def words(batches: AsyncIterator[Batch], last: str) -> str:
    """What is read until this word has come."""
    text = ""
    async with asyncio.timeout(5):
        while last not in text:
            batch = await anext(batches)
            text += "".join(event.text for event in batch.events if isinstance(event, Text))
    return text


async def gone(log: Log, run: str = RUN, after: int = 0) -> bool:
    """Whether a reader is sent to the row, in time."""
    async with asyncio.timeout(5):
        try:
            async for _ in log.read(run, after):
                pass
        except Gone:
            return True
    return False


async def test_D_21_fields_and_members_that_are_new_are_no_concern_of_ours(
    here: RedisLog, there: RedisLog, newer: Tell, empty_redis: str
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, Text("One "))
    with Redis.from_url(empty_redis) as client:
        client.hset(layout.state(RUN), "colour", "blue")
    async with aclosing(there.read(RUN, 0)) as batches:
        assert await words(batches, "One") == "One "
        newer(entries(), "2-0", a=b"1", e=b'[{"type":"text","text":"two ","lang":"en"}]', zip=b"1")
        assert await words(batches, "two") == "two "
    async with aclosing(RedisLog(empty_redis).read(RUN, 0)) as batches:
        assert await words(batches, "two") == "One two ", "and so for whoever comes later"


@pytest.mark.parametrize("strange", [CITATION, b"[7]", b"{", b'[{"type":"text","text":"too "},{"type":"citation"}]'])
async def test_D_21_what_cannot_be_read_here_sends_alice_to_the_row_and_nobody_else(
    here: RedisLog, there: RedisLog, newer: Tell, strange: bytes
) -> None:
    await here.open(RUN, 1)
    await here.open(OTHER, 1)
    await say(here, 0, Text("One "))
    await say(here, 0, Text("uno "), run=OTHER)
    async with aclosing(there.read(RUN, 0)) as hers, aclosing(there.read(OTHER, 0)) as charlies:
        assert await words(hers, "One") and await words(charlies, "uno")
        newer(entries(), "2-0", a=b"1", e=strange)
        with pytest.raises(Gone):
            await words(hers, "never")
        await say(here, 1, Text("dos "), run=OTHER)
        assert await words(charlies, "dos") == "dos ", "who follows something else goes on"
    assert await gone(there), "and she is told so at once when she asks again"
    assert await gone(there, after=2)


async def test_D_21_a_log_that_begins_with_what_is_strange_is_gone_and_can_be_written_anew(
    here: RedisLog, there: RedisLog, newer: Tell, empty_redis: str
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, Text("One "))
    newer(entries(), "2-0", a=b"1", e=CITATION)
    assert await gone(there)
    await there.open(RUN, 2)
    await there.append(RUN, 2, 0, [Text("Anew.")])
    await there.append(RUN, 2, 1, [END])
    async with asyncio.timeout(5):  # from a third process, as the first does not know yet that it has lost
        read = [event async for batch in RedisLog(empty_redis).read(RUN, 0) for event in batch.events]
    assert read == [Text("Anew."), END]


async def test_D_21_notices_and_entries_of_other_kinds_are_passed_over(
    here: RedisLog, there: RedisLog, newer: Tell
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, Text("One "))
    async with aclosing(there.read(RUN, 0)) as batches:
        assert await words(batches, "One")
        newer(entries(), "1-1", n=b'[{"seconds":3,"reason":"busy","queue":7},1.5,"more"]')
        newer(entries(), "1-2", n=b'{"kind":"poll"}')
        newer(entries(), "1-3", q=b"who knows")
        await say(here, 1, Text("two "), END)
        assert await words(batches, "two") == "two "


async def test_D_21_an_entry_of_another_kind_in_the_place_of_an_event_sends_to_the_row(
    here: RedisLog, there: RedisLog, newer: Tell
) -> None:
    await here.open(RUN, 1)
    await say(here, 0, Text("One "))
    async with aclosing(there.read(RUN, 0)) as batches:
        assert await words(batches, "One")
        newer(entries(), "2-0", a=b"1", packed=b"\x00\x01")
        newer(entries(), "3-0", a=b"2", e=encode([Text("three ")]))
        with pytest.raises(Gone):
            await words(batches, "never")
    assert await gone(there)


async def test_D_21_a_bell_with_new_words_is_still_heard(here: RedisLog, there: RedisLog, newer: Tell) -> None:
    await here.open(RUN, 1)
    await here.open(OTHER, 1)
    bell = layout.BELL + here._store.process
    newer(bell, "*", renew=RUN.encode())
    newer(bell, "*", stop=RUN.encode(), why=b"because")
    async with asyncio.timeout(5):
        assert await here.stop_asked(RUN) == "person", "who does not say for whom stops it for a person"
        await there.ask_to_stop(OTHER, "deleted")
        assert await here.stop_asked(OTHER) == "deleted"
