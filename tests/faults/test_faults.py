"""Everything at once, for as long as the gate allows; `dev.py faults --minutes 10` is the same for longer."""

from __future__ import annotations

import secrets
from collections import Counter

import pytest

from .arena import Setting, arena
from .checker import Verdict, check
from .evidence import Evidence
from .report import table
from .servers import KINDS

GATE = 45.0
LONG = 900.0
GRACE = 3.0
"""How long a second is where the machine is shared with other tests."""


NEVER = {
    "Unclosed": "D-01: a process ended with connections open",
    "a connection broke": "D-01: the server stumbled over a connection",
}
"""What no log may say, and what it means."""


async def suffer(setting: Setting) -> tuple[Evidence, Verdict]:
    """Run the whole suite; what came of it. The seed stands in the output of a test that fails."""
    print(f"python3 dev.py faults --seed {setting.seed} --minutes {setting.seconds / 60:g} --people {setting.people}")
    async with arena(setting) as it:
        evidence = await it.run()
        verdict = check(evidence)
        verdict.breaches += [breach for said, breach in NEVER.items() if said in it.fleet.log.read_text()]
        print(table(evidence, verdict, setting.seconds))
        if verdict.breaches:
            print(it.fleet.log.read_text()[-20_000:], *verdict.breaches, sep="\n")
    return evidence, verdict


@pytest.mark.timeout(300)
async def test_I_1_I_3_I_9_I_10_I_11_I_12_I_13_I_16_R_12_not_one_character_is_lost() -> None:
    evidence, verdict = await suffer(Setting(secrets.randbelow(1_000_000), GATE, people=3, grace=GRACE))
    assert verdict.breaches == []
    assert verdict.runs == verdict.accounted > 10
    assert set(Counter(act.kind for act in evidence.acts)) >= set(KINDS)


@pytest.mark.long
@pytest.mark.timeout(LONG + 300)
async def test_I_12_for_a_quarter_of_an_hour_too() -> None:
    _, verdict = await suffer(Setting(secrets.randbelow(1_000_000), LONG, people=5, grace=GRACE))
    assert verdict.breaches == []
    assert verdict.runs == verdict.accounted > 200
