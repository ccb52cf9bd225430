"""Dump and load of a SQLite database."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Final

from .container import BackupError, settle
from .scratch import scratch

LOCKS: Final = 0x40000000
"""Where SQLite's locks lie in a file, of whatever size: https://www.sqlite.org/fileformat.html#the_lock_byte_page"""
LOCKS_SIZE: Final = 512
IN_USE: Final = "A server is using the database. Stop it first, then restore."


def dump(database: Path, target: Path) -> None:
    """A consistent copy, also while a server writes."""
    if not database.is_file():
        raise BackupError(f"There is no database at {database}. Run: python3 manage.py migrate")
    target.touch(0o600)
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"The database cannot be copied: {error}.") from error


def load(source: Path, database: Path) -> None:
    """Put the dump in the database's place, in one step, with no sign-in session in it."""
    database = database.resolve()
    try:
        with scratch(database.parent, database.name) as folder:
            copy = folder / "database"
            shutil.copyfile(source, copy)
            copy.chmod(0o600)
            _sign_everybody_out(copy)
            _alone(database)
            _remove_journals(database)
            copy.replace(database)
            settle(database.parent)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"The database cannot be replaced, and nothing was changed: {error}.") from error


def _sign_everybody_out(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as copy:
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupError("The database in this backup is damaged; nothing was changed. Take another backup.")
        copy.execute("DELETE FROM django_session")
        copy.commit()
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _alone(database: Path) -> None:
    """Fold the write-ahead log into the file, which SQLite does only for whoever is alone with it."""
    if not database.is_file():
        return
    try:
        with contextlib.closing(sqlite3.connect(database, timeout=1)) as old:
            mode = old.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise BackupError(IN_USE) from error
    except sqlite3.DatabaseError:
        _unlocked(database)
        return
    if mode != ("delete",):
        raise BackupError(IN_USE)


def _unlocked(damaged: Path) -> None:
    """SQLite reads no file that is damaged, but a process that had it open before still has its lock there."""
    with damaged.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCKS_SIZE, LOCKS)
        except OSError as error:
            raise BackupError(IN_USE) from error


def _remove_journals(database: Path) -> None:
    """What a crash left beside a damaged or lost file would be taken for a part of the new one."""
    for end in ("-wal", "-shm", "-journal"):
        database.with_name(database.name + end).unlink(missing_ok=True)
