"""What Alice wrote survives the loss of the database, and a bad backup changes nothing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from scripts import environment, processes

from ..sites import Database
from .test_serve import settings

pytestmark = [pytest.mark.store, pytest.mark.long]
WORDS = "Grüße, 世界 \U0001f44b\u200d"
FILL = f"""
from django.contrib.sessions.models import Session
from django.utils import timezone
from chatsite.accounts.models import User
from chatsite.conversations.models import Conversation
alice = User.objects.create_user(email="alice@example.org", password="correct horse battery staple")
Conversation.objects.create(owner=alice, title={WORDS!r})
Session.objects.create(session_key="old", session_data="x", expire_date=timezone.now() + timezone.timedelta(days=1))
"""
TELL = """
from django.contrib.sessions.models import Session
from chatsite.conversations.models import Conversation
print(ascii([list(Conversation.objects.values_list("title", flat=True)), Session.objects.count()]))
"""


def manage(env: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    """A command, as whoever runs the product gives it."""
    env = {**environment.without_settings(os.environ), **env}
    command = [sys.executable, "manage.py", *args]
    return subprocess.run(command, cwd=processes.ROOT, env=env, text=True, capture_output=True, timeout=60)


def done(env: dict[str, str], *args: str) -> str:
    """What a command says that works."""
    result = manage(env, *args)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(env: dict[str, str], *args: str) -> str:
    """What a command says that does not."""
    result = manage(env, *args)
    assert result.returncode == 1, result.stdout
    assert "Traceback" not in result.stderr
    return result.stderr


def held(env: dict[str, str]) -> str:
    """The titles and the number of sessions in the database."""
    return done(env, "shell", "--no-imports", "-c", TELL).strip()


FULL = ascii([[WORDS], 1])
RESTORED = ascii([[WORDS], 0])


@pytest.fixture
def env(migrated: Database, tmp_path: Path) -> dict[str, str]:
    """A product in which Alice has a conversation."""
    env = settings(tmp_path, migrated)
    done(env, "shell", "--no-imports", "-c", FILL)
    return env


@pytest.fixture
def backup(env: dict[str, str], tmp_path: Path) -> Path:
    """A backup of it."""
    done(env, "backup", str(tmp_path / "backup"))
    return tmp_path / "backup"


def changed(backup: Path, **values: object) -> Path:
    """The same backup, telling something else of itself."""
    with tarfile.open(backup) as old:
        manifest = {**json.loads(old.extractfile("manifest.json").read()), **values}  # type: ignore[union-attr]
        dump = old.extractfile("database").read()  # type: ignore[union-attr]
    target = backup.with_name("changed")
    with tarfile.open(target, "w") as new:
        for name, content in (("manifest.json", json.dumps(manifest).encode()), ("database", dump)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return target


def test_alices_words_come_back_and_no_session_does(
    env: dict[str, str], backup: Path, migrated: Database, tmp_path: Path
) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert held(env) == FULL
    other = tmp_path / "other"
    other.mkdir()
    empty = settings(other, migrated)
    assert "All sign-in sessions were ended" in done(empty, "restore", str(backup))
    assert held(empty) == RESTORED


def test_a_filled_database_is_replaced_only_when_told(env: dict[str, str], backup: Path) -> None:
    assert "add --replace" in refused(env, "restore", str(backup))
    assert held(env) == FULL
    done(env, "restore", "--replace", str(backup))
    assert held(env) == RESTORED


def test_a_damaged_byte_is_noticed_before_anything_changes(env: dict[str, str], backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(content)
    assert "damaged" in refused(env, "restore", "--replace", str(backup))
    assert held(env) == FULL


def test_a_backup_of_a_newer_version_or_another_kind_is_refused(env: dict[str, str], backup: Path) -> None:
    newer = changed(backup, migrations=["conversations.9999_future"])
    assert "newer version: it knows conversations.9999_future" in refused(env, "restore", "--replace", str(newer))
    other = changed(backup, vendor="oracle")
    assert "This is a backup of oracle" in refused(env, "restore", "--replace", str(other))
    assert held(env) == FULL


def test_a_backup_that_fails_leaves_the_older_one(env: dict[str, str], backup: Path, tmp_path: Path) -> None:
    before = backup.read_bytes()
    away = {**env, "DATABASE_URL": f"sqlite:///{tmp_path / 'nowhere' / 'db.sqlite3'}"}
    refused(away, "backup", str(backup))
    assert backup.read_bytes() == before
    assert "is a folder" in refused(env, "backup", str(tmp_path))
    assert "cannot be written" in refused(env, "backup", str(tmp_path / "no" / "where"))
    assert not list(tmp_path.glob(".backup.*"))


def test_a_running_answer_keeps_its_database(env: dict[str, str], backup: Path) -> None:
    live = (
        "from chatsite.conversations.models import Run; from django.utils import timezone;"
        "Run.objects.create(model='a', upstream='a', dialect='openai',"
        " lease_until=timezone.now() + timezone.timedelta(hours=1))"
    )
    done(env, "shell", "--no-imports", "-c", live)
    assert "Stop it first" in refused(env, "restore", "--replace", str(backup))
    assert held(env) == FULL
