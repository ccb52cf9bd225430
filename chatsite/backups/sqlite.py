"""Dump and load of a SQLite database."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from .container import BackupError


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
    beside = database.with_name(f".{database.name}.restoring")
    try:
        shutil.copyfile(source, beside)
        beside.chmod(0o600)
        _sign_everybody_out(beside)
        _alone(database)
        beside.replace(database)
        _settle(database.parent)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"The database was left as it was; it cannot be replaced: {error}.") from error
    finally:
        beside.unlink(missing_ok=True)


def _sign_everybody_out(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as copy:
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupError("The database in this backup is damaged. Take another backup.")
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
        raise BackupError("A server is using the database. Stop it first, then restore.") from error
    if mode != ("delete",):
        raise BackupError("A server is using the database. Stop it first, then restore.")


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
