"""Logs in Redis: one Stream and one hash a run, changed by scripts only, each of which is one step for everybody.

An entry's id is the position of its last event, chosen by the writer: Redis itself takes no position twice. The hash
has the fence, and the scripts refuse whoever comes with an older one. Keys expire by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from redis.asyncio.connection import AbstractConnection

from ..errors import StreamingError
from ..events import TERMINAL, Event, Waiting, decode, encode
from .link import PATIENCE, Command, Link
from .memory import Bounds, Kept

SCRIPTS: Final = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "lua").glob("*.lua")}
RUNNING: Final = 3_600.0
"""Seconds for which a log is kept that nobody writes to, and that has not ended."""
GROUP: Final = 100
"""Events of one entry at most, where a log is put whole."""
BELL: Final = "chatsite:bell:"
RINGS: Final = 1_000
"""How many of its latest rings a bell keeps."""
BLOCK: Final = 2.0
"""Seconds for which a reader waits at Redis before it asks anew."""


class Strange(StreamingError):
    """What a process of another version wrote, and nobody can read here: the row says it instead (D-21)."""


class Said(IntEnum):
    """How Redis takes a writer's word."""

    DONE = 0
    LOST = 1
    BEHIND = 2


class Entry(NamedTuple):
    """One entry of a Stream: events with their positions, or a notice, or a word for the process itself."""

    id: bytes
    fields: dict[bytes, bytes]

    @property
    def position(self) -> int:
        """The position of its last event, or at which it was said."""
        return int(self.id.partition(b"-")[0])


class Store:
    """What can be asked of Redis about runs; `Away` from each while it cannot be reached."""

    def __init__(self, link: Link, process: str, bounds: Bounds) -> None:
        self.link, self.process, self.bounds = link, process, bounds

    async def open(self, run: str, fence: int) -> tuple[Said, Kept | None, str]:
        """Become its writer; what stands in it already, and who has asked the run to stop."""
        said, top, stop = await self._do("open", [state(run)], fence, self.process, _ms(RUNNING))
        found = None
        with contextlib.suppress(Strange):
            found = await self.fetch(run) if int(top) and said == Said.DONE else None
        return Said(said), found and found[0], stop.decode()

    async def append(self, run: str, fence: int, after: int, events: Sequence[Event]) -> tuple[Said, str]:
        """Add events; who has asked the run to stop."""
        ended = isinstance(events[-1], TERMINAL)
        words = after, after + len(events), encode(events), int(ended), self._lasting(ended)
        said, stop = await self._do("append", keys(run), fence, *words)
        return Said(said), stop.decode()

    async def put(self, run: str, kept: Kept) -> tuple[Said, str]:
        """Have the whole log be this; who has asked the run to stop."""
        state = kept.fence, self.process, kept.top, int(kept.ended), self._lasting(kept.ended)
        said, stop = await self._do("put", keys(run), *state, *(word for entry in _entries(kept) for word in entry))
        return Said(said), stop.decode()

    async def tell(self, run: str, fence: int, notice: Waiting) -> Said:
        """Show a notice."""
        said, _ = await self._do("tell", keys(run), fence, msgspec.json.encode((notice, time.time())))
        return Said(said)

    async def fetch(self, run: str) -> tuple[Kept, bytes] | None:
        """What there is of a run, and the id of its last entry; None if there is no such log."""
        fence, rows = await self._do("fetch", keys(run))
        entries = _entries_of(rows)
        return (kept(int(fence), entries), entries[-1].id if entries else b"0-0") if fence else None

    async def stop(self, run: str, by: str) -> None:
        """Note that somebody wants it to end."""
        await self._do("stop", [state(run)], run, by, _ms(self.bounds.seconds), BELL, RINGS)

    async def close(self, run: str) -> None:
        """Forget it."""
        await self._do("close", keys(run), run, _ms(self.bounds.seconds), BELL, RINGS)

    async def ring(self) -> None:
        """Wake our own reader."""
        await self.link.ask("XADD", BELL + self.process, "MAXLEN", "~", RINGS, "*", "wake", 1)
        await self.link.ask("PEXPIRE", BELL + self.process, _ms(RUNNING))

    def _lasting(self, ended: bool) -> int:
        return _ms(self.bounds.seconds if ended else RUNNING)

    async def _do(self, name: str, keys: Sequence[str], *words: bytes | str | int | float) -> Any:
        sha = hashlib.sha1(SCRIPTS[name], usedforsecurity=False).hexdigest()
        return await self.link.ask("EVALSHA", sha, len(keys), *keys, *words)


async def read(line: AbstractConnection, ids: dict[str, bytes]) -> list[tuple[str, list[Entry]]]:
    """Wait until one of these Streams has more than we have, or for a while; what is new."""
    async with asyncio.timeout(BLOCK + PATIENCE):
        await line.send_command("XREAD", "COUNT", 1_000, "BLOCK", _ms(BLOCK), "STREAMS", *ids, *ids.values())
        found: Any = await line.read_response(disable_decoding=True)
    return [(name.decode(), _entries_of(rows)) for name, rows in found or ()]


def loading() -> list[Command]:
    """What makes Redis know the scripts."""
    return [("SCRIPT", "LOAD", script) for script in SCRIPTS.values()]


def keys(run: str) -> list[str]:
    """Where a run's entries and its state are; the braces keep both on one node."""
    return [f"chatsite:log:{{{run}}}", state(run)]


def state(run: str) -> str:
    """Where a run's state is."""
    return f"chatsite:log:{{{run}}}:state"


def run_of(key: str) -> str:
    """Whose entries these are."""
    return key[key.index("{") + 1 : key.index("}")]


def kept(fence: int, entries: Iterable[Entry]) -> Kept:
    """The log that these entries make up; `Strange` if any of it is missing."""
    log = Kept(fence, 0, 0, [], [])
    for entry in entries:
        events = events_of(entry)
        if b"h" in entry.fields:
            log = Kept(fence, int(entry.fields[b"a"]), entry.position, events, [])
        elif events and not log.top:
            after = int(entry.fields[b"a"])
            log = Kept(fence, after, after, [], events)
        else:
            log.tail.extend(events)
        if events and log.top != entry.position:
            raise Strange
    return log


def events_of(entry: Entry) -> list[Event]:
    """The events of an entry; none if it is of another kind, `Strange` if we do not know all of them."""
    words = entry.fields.get(b"e") or entry.fields.get(b"h")
    try:
        return decode(words) if words else []
    except msgspec.DecodeError:
        raise Strange from None


def notice_of(entry: Entry) -> Waiting | None:
    """A notice, with the seconds that are left of it by this machine's clock; None if it is none that we know."""
    words = entry.fields.get(b"n")
    if not words:
        return None
    try:
        notice, told = msgspec.json.decode(words, type=tuple[Waiting, float])
    except msgspec.DecodeError:
        return None
    left = min(max(notice.seconds - (time.time() - told), 0), notice.seconds)
    return Waiting(left, notice.reason)


def _entries_of(rows: Any) -> list[Entry]:
    return [Entry(id, dict(zip(words[::2], words[1::2], strict=True))) for id, words in rows]


def _entries(kept: Kept) -> Iterator[tuple[int, str, int, bytes]]:
    """Position, name, the position before, and events: what is merged in one entry, then the rest in groups."""
    if kept.head:
        yield kept.floor, "h", kept.start, encode(kept.head)
    for at in range(0, len(kept.tail), GROUP):
        group = kept.tail[at : at + GROUP]
        yield kept.floor + at + len(group), "e", kept.floor + at, encode(group)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
