"""`dev.py test`: everything that must hold, from style to a real browser, on every kind of store."""

from __future__ import annotations

import os
import secrets
import signal
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts import environment, processes, setup, stores, system
from scripts.processes import ROOT
from scripts.steps import Failed, run, say

PRODUCTION = {"PUBLIC_ORIGIN": "https://chat.example.org", "UPSTREAM_API_KEY": "unused", "SIGNUP": "closed"}
"""Settings of a real site, for Django's own check of them."""
NO_TESTS = 5
"""How pytest ends when it found nothing to run."""


class Gate:
    """The stages, in order; the first that fails ends the run."""

    def __init__(self, arguments: Sequence[str], *, long: bool) -> None:
        self.arguments = list(arguments)
        self.long = long
        self.passed: list[str] = []
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.began = time.monotonic()

    def check(self) -> None:
        """What needs no server: style, types, settings, migrations, who imports whom."""
        tools = setup.VENV / "bin"
        templates = sorted((ROOT / "templates").rglob("*.html"))
        self._stage("ruff check", tools / "ruff", "check", "--quiet")
        self._stage("ruff format", tools / "ruff", "format", "--check", "--quiet")
        self._stage("djade", tools / "djade", "--check", "--target-version", "5.2", *templates)
        self._stage("mypy", tools / "mypy")
        self._stage("tsc", "npm", "run", "-s", "types")
        self._stage("node --test", "npm", "run", "-s", "test")
        self._stage("makemigrations --check", *setup.MANAGE, "makemigrations", "--check", "--dry-run")
        with _environment(PRODUCTION | {"SECRET_KEY": secrets.token_urlsafe(50)}):
            self._stage("check --deploy", *setup.MANAGE, "check", "--deploy", "--fail-level", "WARNING")
        self._stage("import contracts", tools / "lint-imports")

    def test(self) -> None:
        """Pytest on SQLite and memory, then on PostgreSQL and Redis: what touches a store, or everything if long."""
        self._pytest("SQLite", "" if self.long else "not long")
        with (
            stores.postgresql() as database,
            stores.redis() as redis,
            _environment({"DATABASE_URL": database, "REDIS_URL": redis}),
        ):
            # The server goes away with its databases, so nobody need wait until they can be dropped.
            self._pytest("PostgreSQL", "" if self.long else "store and not long", "--reuse-db")

    def sum_up(self, failed: str) -> None:
        """The last lines: what ran, on what, how long, and how it went."""
        seconds = time.monotonic() - self.began
        say(f"\nPassed: {', '.join(self.passed) or 'nothing'}.")
        if failed:
            say(f"FAILED: {failed}. What comes after it was not run.")
        say(f"On {', '.join(system.versions())}; {seconds // 60:.0f} min {seconds % 60:.0f} s.")
        skipped = f", {self.counts['skipped']} skipped" if self.counts["skipped"] else ""
        if sum(self.counts.values()):
            say(f"{self.counts['passed']} passed, {self.counts['failed']} failed{skipped}")

    def _stage(self, name: str, *args: str | Path) -> None:
        run(name, *args)
        self.passed.append(name)

    def _pytest(self, store: str, markers: str, *options: str) -> None:
        name = f"pytest on {store}"
        say(f"\n{name}")
        report = ROOT / "var" / f"pytest-{store.lower()}.xml"
        report.unlink(missing_ok=True)
        command = [str(setup.PYTHON), "-m", "pytest", "-n", "auto", f"--junitxml={report}", "-m", markers, *options]
        process = processes.start([*command, *self.arguments])
        try:
            code = process.wait()
        finally:
            processes.stop(process, 5, signal.SIGINT)
        count = self._count(report)
        if code and not (code == NO_TESTS and self.arguments):
            raise Failed(name)
        self.passed.append(f"{name} ({count})")

    def _count(self, report: Path) -> int:
        suites = ET.parse(report).getroot().iter("testsuite") if report.is_file() else ()  # noqa: S314 (our own file)
        total = 0
        for suite in suites:
            tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            self.counts["passed"] += tests - failed - skipped
            self.counts["failed"] += failed
            self.counts["skipped"] += skipped
            total += tests
        return total


def test(arguments: Sequence[str], *, long: bool) -> int:
    """Set up, check and test; 0 if everything holds."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in environment.settings():
        os.environ.pop(name, None)
    # Tests wait for servers and browsers half of their time.
    os.environ.setdefault("PYTEST_XDIST_AUTO_NUM_WORKERS", str(3 * (os.cpu_count() or 1) // 2))
    system.programs()
    setup.everything(development=True)
    setup.static()
    setup.node()
    gate = Gate(arguments, long=long)
    failed = ""
    try:
        gate.check()
        gate.test()
    except Failed as failure:
        failed = str(failure)
        say(failure.output)
    gate.sum_up(failed)
    return 1 if failed else 0


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """These settings while the block runs."""
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in settings:
            del os.environ[name]
