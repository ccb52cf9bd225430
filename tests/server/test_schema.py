"""A server does not start on a database that it would spoil, and says why."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from chatsite.schema import remote
from scripts import environment, processes

from ..sites import Database
from .test_serve import SERVE, settings


def refused(env: dict[str, str]) -> str:
    """What it says as it refuses to start."""
    env = {**environment.without_settings(os.environ), **env}
    command = [sys.executable, *SERVE]
    done = subprocess.run(command, cwd=processes.ROOT, env=env, text=True, capture_output=True, timeout=90)
    assert done.returncode == 1, done.stdout
    assert done.stdout == "", "it never listened"
    assert "Traceback" not in done.stderr
    return done.stderr


def file_of(env: dict[str, str]) -> Path:
    """The database's file."""
    return Path(env["DATABASE_URL"].removeprefix("sqlite:///"))


@pytest.fixture
def env(filed: Database, tmp_path: Path) -> dict[str, str]:
    """A product with a database in a file."""
    return settings(tmp_path, filed)


def test_D_16_migrations_that_are_missing_are_named(env: dict[str, str]) -> None:
    with sqlite3.connect(file_of(env)) as database:
        database.execute("DELETE FROM django_migrations WHERE name = '0002_upstream_words'")
    database.close()
    assert refused(env) == "The database is not up to date; missing migrations: 1. Run: python3 manage.py migrate\n"


def test_D_16_a_database_of_a_newer_version_is_left_alone(env: dict[str, str]) -> None:
    with sqlite3.connect(file_of(env)) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('conversations', '9999_later', datetime())"
        )
    database.close()
    assert refused(env) == (
        "The database is of a newer version than this program: it knows conversations.9999_later. "
        "Start that version instead.\n"
    )


def test_D_15_a_damaged_database_is_not_touched(env: dict[str, str]) -> None:
    file_of(env).write_bytes(b"This is not a database, whatever its name says. " * 200)
    assert "The database is damaged" in refused(env)


def test_D_15_a_database_that_cannot_be_written_is_told_of(env: dict[str, str]) -> None:
    env["DATABASE_URL"] = f"sqlite:///{file_of(env).parent / 'missing' / 'db.sqlite3'}"
    assert "The database cannot be written" in refused(env)


@pytest.mark.parametrize(
    ("path", "kind"), [("/srv/chat/db.sqlite3", "nfs4"), ("/srv/other/db.sqlite3", ""), ("/srv/chatter/db", "")]
)
def test_D_15_a_network_drive_is_known(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("dev / ext4 rw 0 0\nhost:/x /srv/chat nfs4 rw 0 0\nodd\n")
    assert remote(Path(path), mounts) == kind
    assert remote(Path(path), tmp_path / "none") == ""
