"""`dev.py lock`: pin what pyproject.toml asks for, with hashes, for every platform."""

from __future__ import annotations

import shutil

from scripts.setup import LOCKS
from scripts.steps import Failed, run

GROUPS = {
    "runtime": ["pyproject.toml"],
    "dev": ["pyproject.toml", "--group", "dev"],
    "node": ["--group", "node"],
}


def lock() -> int:
    """Write requirements/*.lock anew."""
    if not shutil.which("uv"):
        raise Failed("Locking needs uv: pip install uv")
    options = [
        "--generate-hashes",
        "--universal",
        "--python-version",
        "3.11",
        "--no-annotate",
        "--no-header",
        "--quiet",
    ]
    for name, sources in GROUPS.items():
        run(f"Locking {name}", "uv", "pip", "compile", *options, *sources, "-o", LOCKS / f"{name}.lock")
    return 0
