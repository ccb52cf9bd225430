"""From a bare machine to a program that can start: environment, packages, page, secrets, database, static files."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from scripts import environment
from scripts.processes import ROOT
from scripts.steps import Failed, is_current, note, once, run, say

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MANAGE = (str(PYTHON), "manage.py")
LOCKS = ROOT / "requirements"
DIST = ROOT / "static" / "dist"
MODULES = ROOT / "node_modules"
STAMPS = ROOT / "var" / "stamps"
PAGE = STAMPS / "page"
OLDEST_NODE = 20


def everything(*, development: bool = False) -> None:
    """All that a program of ours needs on this machine, short of a database and the static files of production."""
    python()
    packages(development=development)
    page()
    secret_key()


def python() -> None:
    """A virtual environment of this Python, whose programs come first from now on."""
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    config = VENV / "pyvenv.cfg"
    version = re.search(r"^version = (\d+\.\d+)", config.read_text(), re.MULTILINE) if config.is_file() else None
    if PYTHON.exists() and version and version[1] == f"{sys.version_info.major}.{sys.version_info.minor}":
        return
    _ensure_venv()
    run("Making a virtual environment in .venv", sys.executable, "-m", "venv", "--clear", VENV)


def packages(*, development: bool = False) -> None:
    """The locked Python packages, each checked against its hash."""
    made = str((VENV / "pyvenv.cfg").stat().st_mtime_ns)
    inputs: dict[str, list[Path | str]] = {name: [LOCKS / f"{name}.lock", made] for name in ("runtime", "dev")}
    # What tests need includes what the product needs.
    if not is_current(STAMPS / "dev", inputs["dev"]):
        name = "dev" if development else "runtime"
        once(STAMPS / name, lambda: _pip("Installing Python packages", LOCKS / f"{name}.lock"), inputs[name])


def node() -> str:
    """The version of Node and npm on the PATH; where there is none that will do, those from PyPI."""
    version = _node_version()
    if version < OLDEST_NODE or not shutil.which("npm"):
        _pip(f"Installing Node from PyPI (none of version {OLDEST_NODE} or later here)", LOCKS / "node.lock")
        version = _node_version()
    if version < OLDEST_NODE:
        raise Failed(f"Node {OLDEST_NODE} or later is needed and does not run here.")
    return str(version)


def page() -> None:
    """What the browser loads."""
    manifests = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
    once(STAMPS / "page-packages", _npm_ci, manifests, [MODULES / ".package-lock.json"])
    once(PAGE, _build, [*manifests, *sorted((ROOT / "static").glob("*.js")), ROOT / "static" / "src"], [DIST])


def secret_key() -> None:
    """The key that signs cookies: made once, for its owner's eyes only."""
    file = var() / "secret_key"
    if environment.value("SECRET_KEY") or file.exists():
        return
    var().mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as secret:
        secret.write(secrets.token_urlsafe(50))
    say(f"Made a secret key in {file}")


def database() -> None:
    """All tables, and the first administrator. Of SQLite we know whether that has been done; others are asked."""
    inputs: list[Path | str] = [*sorted((ROOT / "chatsite").glob("*/migrations")), LOCKS / "runtime.lock"]
    url = environment.value("DATABASE_URL")
    stamp = var() / "stamps" / "database"
    if is_current(stamp, [*inputs, url, *_applied(url)]):
        return
    run("Updating the database", *MANAGE, "migrate", "--verbosity=0")
    if words := run("Looking for an administrator", *MANAGE, "firstadmin").strip():
        say(words)
    if applied := _applied(url):
        note(stamp, [*inputs, url, *applied])


def static() -> None:
    """Every static file under its hashed name, compressed."""
    sources = [DIST, ROOT / "static" / "img", LOCKS / "runtime.lock"]
    target = var() / "static"
    once(var() / "stamps" / "static", _collect, [*sources, str(target), environment.value("DEBUG")], [target])


def var() -> Path:
    """Where what is made here is kept."""
    return ROOT / environment.value("VAR_DIR", "var")


def _ensure_venv() -> None:
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    if os.getuid() or not shutil.which("apt-get"):
        raise Failed("Python's venv is missing here. As root: apt-get install python3-venv", 2)
    run("Fetching the list of system packages", "apt-get", "update", "-q")
    run("Installing python3-venv", "apt-get", "install", "-y", "-q", "--no-install-recommends", "python3-venv")
    importlib.invalidate_caches()


def _pip(title: str, lock: Path) -> None:
    options = ["--require-hashes", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check", "--quiet"]
    run(title, PYTHON, "-m", "pip", "install", *options, "-r", lock)


def _node_version() -> int:
    with contextlib.suppress(OSError, ValueError, subprocess.CalledProcessError):
        version = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout
        return int(version.strip().removeprefix("v").split(".")[0])
    return 0


def _npm_ci() -> None:
    node()
    run("Installing the page's packages", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def _build() -> None:
    node()
    run("Building the page", "npm", "run", "-s", "build")


def _collect() -> None:
    run("Collecting static files", *MANAGE, "collectstatic", "--noinput", "--clear", "--verbosity=0")


def _applied(url: str) -> list[str]:
    """The migrations that a SQLite database says it has had; none of any other kind."""
    if url and not url.startswith("sqlite:///"):
        return []
    file = ROOT / url.removeprefix("sqlite:///") if url else var() / "db.sqlite3"
    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return [
                name for (name,) in database.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id")
            ]
    except sqlite3.Error:
        return []
