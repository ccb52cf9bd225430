"""Programs that tests need and that only the operating system's packages bring."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from scripts import setup, stores
from scripts.steps import Failed, run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    """Where Chromium is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def clock() -> Path | None:
    """What a program is started with so that its clock can be set, without touching anybody else's."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def nginx() -> str | None:
    """Where nginx is; Debian keeps it off the PATH of everybody but root."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin")


def programs() -> None:
    """Have them installed if we may, or else say in one line what is missing."""
    missing = [package for package, present in PACKAGES.items() if not present()]
    if not missing:
        return
    if os.getuid() or not shutil.which("apt-get"):
        raise Failed(f"Tests need what is not here. As root: apt-get install {' '.join(missing)}", 2)
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run("Fetching the list of system packages", "apt-get", "update", "-q")
    run(f"Installing {', '.join(missing)}", "apt-get", "install", "-y", "-q", "--no-install-recommends", *missing)
    if still := [package for package in missing if not PACKAGES[package]()]:
        raise Failed(f"Installed, and yet not found: {', '.join(still)}", 2)


def versions() -> list[str]:
    """What the tests ran on."""
    python = "import django, sqlite3; print('Django', django.__version__); print('SQLite', sqlite3.sqlite_version)"
    asked = {
        "": (str(setup.PYTHON), "-c", python),
        "PostgreSQL": (stores.program("postgres"), "--version"),
        "Redis": (stores.program("redis-server"), "--version"),
        "Node": ("node", "--version"),
        "Chromium": (browser(), "--version"),
        "nginx": (nginx(), "-v"),
        "Caddy": (shutil.which("caddy"), "version"),
    }
    found = [f"Python {platform.python_version()}"]
    for name, (program, *options) in asked.items():
        if program:
            done = subprocess.run([program, *map(str, options)], capture_output=True, text=True)
            text = done.stdout or done.stderr  # where nginx says it
            version = re.search(r"\d+(\.\d+)+", text)
            found += [f"{name} {version[0]}"] if name and version else text.split("\n")[:2]
    return found


def _font(family: str) -> Callable[[], bool]:
    def present() -> bool:
        if not shutil.which("fc-list"):
            return False
        return bool(subprocess.run(["fc-list", family], capture_output=True).stdout)

    return present


PACKAGES: dict[str, Callable[[], object]] = {
    "caddy": lambda: shutil.which("caddy"),
    "chromium": browser,
    "faketime": clock,
    "fonts-noto-cjk": _font("Noto Sans CJK SC"),
    "fonts-noto-color-emoji": _font("Noto Color Emoji"),
    "nginx-light": nginx,
    "postgresql": lambda: stores.program("initdb") and stores.program("postgres"),
    "redis-server": lambda: stores.program("redis-server"),
}
"""Debian's name of each, and whether it is there."""
