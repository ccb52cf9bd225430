"""S-51: whatever a tab says, it is closed with a code that means something, and nothing breaks."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from streaming.frames import TOO_MANY
from streaming.logs.memory import MemoryLog
from streaming.window import Bucket

from .tab import Tab
from .world import Door


def anything(rng: Random, depth: int = 3) -> Any:
    """A JSON value that may be almost right."""
    match rng.randrange(9 if depth else 7):
        case 0:
            return rng.choice(["follow", "leave", "ack", "ping", "", "events"])
        case 1:
            return str(uuid4())
        case 2:
            return rng.choice([0, 1, -1, 2**53, 2**64, 1.5, 1e308])
        case 3:
            return rng.choice([None, True, False])
        case 4:
            return rng.choice(["\0", "🌕", "\u2028", "x" * 70_000, "\ud83d"])
        case 5 | 6:
            return rng.randrange(100)
        case 7:
            return [anything(rng, depth - 1) for _ in range(rng.randrange(4))]
    names = ["type", "run", "after", "n", "id", "__proto__"]
    return {name: anything(rng, depth - 1) for name in rng.sample(names, rng.randrange(5))}


async def test_S_51_no_frame_breaks_anything(log: MemoryLog, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.consumers._warnings", Bucket(1_000, 1_000))
    rng = Random(52)
    codes = set()
    for _ in range(60):
        tab = Tab(log, door)
        await tab.open()
        for _ in range(30):
            frame = anything(rng) if rng.random() < 0.5 else {"type": "follow", "run": str(uuid4()), "after": 1}
            await tab.line.send_input({"type": "websocket.receive", "text": json.dumps(frame)})
        while (said := await tab.line.receive_output(10))["type"] != "websocket.close":
            assert json.loads(said["text"])["type"] in ("gone", "ping")
        codes.add(said["code"])
        await tab.close()
    assert codes <= {4400, 4413, TOO_MANY}
    assert 4400 in codes
