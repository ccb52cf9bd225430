"""`dev.py faults`: breaks everything that can break while people chat, and proves that not one character was lost.

python3 dev.py faults --minutes 10
python3 dev.py faults --minutes 10 --scaled                 three processes on PostgreSQL and Redis, behind nginx
python3 dev.py faults --minutes 1 --seed 42 --people 2      the same again
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.faults.arena import Setting, arena  # noqa: E402 (the line above makes it importable)
from tests.faults.checker import check  # noqa: E402
from tests.faults.report import table  # noqa: E402
from tests.faults.scaled import MORE, scaled  # noqa: E402
from tests.faults.servers import KINDS, embedded  # noqa: E402


def main() -> int:
    """Run it, print the table; 0 if every promise was kept."""
    asked = _parser().parse_args()
    setting = Setting(
        asked.seed,
        asked.minutes * 60,
        asked.people,
        asked.tabs,
        kinds=tuple(filter(None, asked.only.split(","))) or None,
        fleet=scaled if asked.scaled else embedded,
    )
    print(f"seed {setting.seed}", flush=True)
    return asyncio.run(_run(setting))


async def _run(setting: Setting) -> int:
    began = time.monotonic()
    async with arena(setting) as it:
        evidence = await it.run()
        verdict = check(evidence)
        print(table(evidence, verdict, time.monotonic() - began))
        for breach in verdict.breaches[:50]:
            print(breach)
        if verdict.breaches:
            kept = ROOT / "var" / f"faults-{setting.seed}.log"
            kept.parent.mkdir(exist_ok=True)
            shutil.copy(it.fleet.log, kept)
            print(f"The server's log is in {kept}; again with --seed {setting.seed}")
    return 1 if verdict.breaches else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1, help="how long there is trouble (%(default)s)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="the same number, the same plan")
    parser.add_argument("--people", type=int, default=4, help="how many chat (%(default)s)")
    parser.add_argument("--tabs", type=int, default=2, help="how many tabs each has open (%(default)s)")
    parser.add_argument("--scaled", action="store_true", help="three processes behind nginx, PostgreSQL and Redis")
    parser.add_argument("--only", default="", help=f"only these faults, of: {', '.join((*KINDS, *MORE))}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
