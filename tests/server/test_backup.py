"""What Alice wrote survives the loss of the database, and a bad backup changes nothing."""

from __future__ import annotations

import re
import shutil
import signal
import sys
import tarfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest

from chatsite.backups import BackupError, Manifest, write
from scripts import processes

from .. import releases
from ..sites import OPENAI_MODEL, Database, Site
from ..upstream import Gate, Pause, Upstream, Wait, openai_answer
from .product import Product, changed
from .test_upgrade import come_in, left_by, read_by_all_three

pytestmark = pytest.mark.store
PROGRAMS = ("pg_dump", "pg_restore", "psql")
SPY = """#!/bin/sh
{{ echo "$0" "$@"; env; }} >> {seen}
exec {program} "$@"
"""
LEFT = ".backup.*.unfinished"
SESSION = "INSERT INTO django_session VALUES ('old', 'x', '2100-01-01')"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every program that a command starts was told, in arguments and environment."""
    folder = tmp_path_factory.mktemp("programs")
    for name in PROGRAMS:
        if program := shutil.which(name):
            (folder / name).write_text(SPY.format(seen=folder / "seen", program=program))
            (folder / name).chmod(0o755)
    return folder / "seen"


@pytest.fixture(scope="module")
def full(seen: Path, tmp_path_factory: pytest.TempPathFactory) -> Product:
    """Alice has a conversation with replies in every state, and is signed in."""
    database = left_by(releases.releases()[-1], tmp_path_factory.mktemp("full"))
    product = Product(database, seen.parent)
    product.done("migrate", "--verbosity=0")
    with database.open() as connection:
        connection.execute(SESSION)
    return product


@pytest.fixture(scope="module")
def backup(full: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it, which no test changes."""
    file = tmp_path_factory.mktemp("backup") / "backup"
    assert "Keep var/secret_key and .env too" in full.done("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    return file


@pytest.fixture
def alices(full: Product, seen: Path, tmp_path: Path) -> Product:
    """A copy of Alice's, for a test to spoil."""
    return Product(full.database.copy(tmp_path), seen.parent)


@pytest.fixture
def nobodys(migrated: Database, seen: Path, tmp_path: Path) -> Product:
    """One with tables and nothing in them."""
    (tmp_path / "empty").mkdir()
    return Product(migrated.copy(tmp_path / "empty"), seen.parent)


@pytest.fixture
def bare(seen: Path, tmp_path: Path) -> Product:
    """One without even tables."""
    (tmp_path / "bare").mkdir()
    return Product(Database.empty(tmp_path / "bare"), seen.parent)


def test_alices_words_come_back_in_every_state_and_a_server_goes_on_with_them(
    full: Product, backup: Path, nobodys: Product, start_site: Callable[..., Site]
) -> None:
    messages, sessions = full.held
    assert {state for _, _, state, *_ in messages} == {"streaming", "complete", "stopped", "interrupted", "failed"}
    assert sessions == 1
    assert "All sign-in sessions were ended" in nobodys.done("restore", str(backup))
    assert nobodys.held == (messages, 0)
    with Upstream.in_thread() as upstream:
        site = start_site(upstream, DATABASE_URL=nobodys.database.url, LEASE_SECONDS="5")
        read_by_all_three(site)
        with httpx.Client(trust_env=False, timeout=20) as alice:
            come_in(site, "alice", alice)
            assert begin(alice, "Hello again").status_code == 201
    assert len(nobodys.held[0]) == len(messages) + 2


def begin(http: httpx.Client, text: str) -> httpx.Response:
    """Ask something in a new conversation."""
    headers = {"X-Fragment": "1", "X-CSRFToken": http.cookies["csrf"]}
    fields = {"text": text, "client_id": str(uuid.uuid4()), "model": OPENAI_MODEL}
    return http.post("/c/", data=fields, headers=headers)


def test_a_filled_database_is_replaced_only_when_told(alices: Product, backup: Path) -> None:
    before = alices.held
    assert "add --replace" in alices.refused("restore", str(backup))
    assert alices.held == before
    with alices.database.open() as connection:
        connection.execute("UPDATE conversations_message SET text = 'spoiled'")
    alices.done("restore", "--replace", str(backup))
    assert alices.held == (before[0], 0)


def test_no_program_is_told_the_password_whatever_is_in_it(alices: Product, backup: Path, seen: Path) -> None:
    if not alices.database.url.startswith("postgres"):
        alices.done("restore", "--replace", str(backup))
        assert not seen.exists(), "SQLite needs no program"
        return
    role, password = f"role_{uuid.uuid4().hex}", r"se:cr\et#'1"
    with alices.database.open() as connection:
        quoted = password.replace("'", "''")
        connection.execute(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{quoted}'")  # type: ignore[arg-type, unused-ignore]
    where = urlsplit(alices.database.url)
    place = f"{role}:{quote(password, safe='')}@{where.netloc.rpartition('@')[2]}"
    theirs = Product(Database(where._replace(netloc=place).geturl()), seen.parent)
    theirs.done("restore", "--replace", str(backup))
    told = seen.read_text()
    assert f"PGUSER={role}" in told
    assert {name for name in PROGRAMS if f"{seen.parent / name} --" in told} == set(PROGRAMS)
    for secret in (password, quote(password, safe=""), where.password, "tests only"):
        assert secret and secret not in told


def test_a_damaged_byte_is_noticed_before_anything_changes(alices: Product, backup: Path, tmp_path: Path) -> None:
    before = alices.held
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "damaged").write_bytes(content)
    assert "damaged" in alices.refused("restore", "--replace", str(tmp_path / "damaged"))
    assert alices.held == before


def test_a_backup_of_a_newer_version_or_another_kind_is_refused(alices: Product, backup: Path, tmp_path: Path) -> None:
    before = alices.held
    newer = changed(backup, tmp_path / "newer", migrations=["conversations.9999_future"])
    said = alices.refused("restore", "--replace", str(newer))
    assert "newer version: it knows conversations.9999_future" in said
    other = changed(backup, tmp_path / "other", vendor="oracle")
    assert "This is a backup of oracle" in alices.refused("restore", "--replace", str(other))
    assert alices.held == before


def test_a_restore_that_fails_half_way_leaves_what_was_there(alices: Product, backup: Path, tmp_path: Path) -> None:
    before = alices.held
    if alices.database.url.startswith("postgres"):
        with alices.database.open() as connection:
            connection.execute("CREATE SCHEMA elsewhere")
            connection.execute("CREATE DOMAIN elsewhere.word AS text")
            connection.execute("CREATE TABLE zz_last (word elsewhere.word)")
        alices.done("backup", str(tmp_path / "bad"))
        with alices.database.open() as connection:
            connection.execute("DROP SCHEMA elsewhere CASCADE")
    else:
        with tarfile.open(backup) as tar:
            dump = bytearray(tar.extractfile("database").read())  # type: ignore[union-attr]
        dump[4096:8192] = bytes(4096)  # its second page
        changed(backup, tmp_path / "bad", dump=bytes(dump))
    assert "nothing was changed" in alices.refused("restore", "--replace", str(tmp_path / "bad"))
    assert alices.held == before
    assert not list(tmp_path.glob(".db.sqlite3.*"))


def test_a_backup_that_fails_leaves_the_older_one(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_bytes(b"the older one")
    away = Product(Database(f"sqlite:///{tmp_path / 'nowhere' / 'db.sqlite3'}"))
    assert "unable to open" in away.refused("backup", str(file))
    assert file.read_bytes() == b"the older one"
    assert not list(tmp_path.glob(".backup.*"))


@pytest.mark.parametrize(("where", "words"), [("", "is a folder"), ("no/where", "cannot be written")])
def test_a_backup_needs_a_place(tmp_path: Path, where: str, words: str) -> None:
    def dump(target: Path) -> Manifest:
        raise AssertionError("nothing is dumped in vain")

    with pytest.raises(BackupError, match=words):
        write(tmp_path / where, dump)


def test_a_killed_backup_leaves_the_older_one_and_the_next_one_clears_up(alices: Product, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_bytes(b"the older one")
    (tmp_path / ".backup.archived").mkdir()
    with alices.database.open() as connection:
        if alices.database.url.startswith("postgres"):
            connection.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        else:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        process = processes.start([sys.executable, "manage.py", "backup", str(file)], env=alices.env)
        until = time.monotonic() + 30
        while not list(tmp_path.glob(LEFT)):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        assert processes.stop(process, how=signal.SIGKILL) == -signal.SIGKILL
    assert file.read_bytes() == b"the older one"
    assert len(list(tmp_path.glob(LEFT))) == 1
    alices.done("backup", str(file))
    assert tarfile.is_tarfile(file)
    assert not list(tmp_path.glob(LEFT))
    assert (tmp_path / ".backup.archived").is_dir(), "only by its name like one of ours"


def test_a_backup_while_a_server_writes_is_whole_and_no_restore_disturbs_the_server(
    alices: Product, backup: Path, bare: Product, tmp_path: Path, start_site: Callable[..., Site]
) -> None:
    words = [f"word{number} " for number in range(400)]
    answer = openai_answer(*words).between(Pause(0.01)).before_last(Wait(Gate()))
    with Upstream.in_thread() as upstream, httpx.Client(trust_env=False, timeout=20) as alice:
        upstream.script(answer)
        site = start_site(upstream, DATABASE_URL=alices.database.url, RECORD_SECONDS="0.1", LEASE_SECONDS="30")
        come_in(site, "alice", alice)
        assert re.search("(using|connected to) the database. Stop", alices.refused("restore", "--replace", str(backup)))
        assert begin(alice, "Count").status_code == 201
        until = time.monotonic() + 30
        while not alices.held[0][-1][3]:
            assert time.monotonic() < until
            time.sleep(0.05)
        alices.done("backup", str(tmp_path / "live"))
        assert "Stop it first" in alices.refused("restore", "--replace", str(backup))
        site.kill()
        assert "After a crash, wait a minute" in alices.refused("restore", "--replace", str(backup))
    bare.done("restore", str(tmp_path / "live"))
    *_, question, reply = bare.held[0]
    assert (question[1], question[3]) == ("user", "Count")
    assert (reply[1], reply[2]) == ("assistant", "streaming")
    assert reply[3] and "".join(words).startswith(reply[3])
