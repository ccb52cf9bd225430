"""How often a viewer gets something new."""

from __future__ import annotations

import pytest

from streaming.window import Pace


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("streaming.window.time", clock)
    monkeypatch.setattr("streaming.window.asyncio", clock)
    return clock


PACES = [(40, 0.05), (290, 0.05), (400, 0.15), (2_000, 0.15), (4_000, 0.075), (40_000, 0.05)]


@pytest.mark.parametrize(("characters", "apart"), PACES)
async def test_text_faster_than_anybody_reads_comes_in_larger_pieces(
    clock: Clock, characters: int, apart: float
) -> None:
    pace, gathered = Pace(0.05), 0.0
    for _ in range(10):
        before = clock.now
        await pace.rest(round(gathered))
        gathered = characters * (clock.now - before)
    assert clock.now - before == pytest.approx(apart)


async def test_what_comes_after_a_silence_is_a_beat_before_the_next(clock: Clock) -> None:
    pace = Pace(0.05)
    await pace.rest(5)
    await clock.sleep(3)
    before = clock.now
    await pace.rest(60)
    assert clock.now - before == pytest.approx(0.05)
