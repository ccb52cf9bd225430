"""Whether the database is one that this code can work on: there, whole, writable, and of this version (D-15, D-16)."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

REMOTE: Final = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "glusterfs", "ceph", "afs"}
MOUNTS: Final = Path("/proc/self/mounts")
DAMAGED: Final = ("malformed", "not a database")


def complaint() -> str:
    """Why a server must not start on this database, for whoever starts it; nothing if it may.

    A database that is away or locked just now is no reason: it may be back before anybody asks.
    """
    if connection.vendor == "sqlite" and (kind := remote(Path(connection.settings_dict["NAME"]))):
        return f"The database lies on a network drive ({kind}), where SQLite loses data. Move it, or use PostgreSQL."
    try:
        _try_to_write()
        return _misfit()
    except DatabaseError as error:
        return _damaged(error)


def current() -> bool:
    """Whether no migration is missing."""
    return not _missing(MigrationExecutor(connection))


def is_damaged(error: DatabaseError) -> bool:
    """Whether this is what SQLite says of a file that is none of its own, or not any more."""
    return any(word in str(error) for word in DAMAGED)


def remote(path: Path, mounts: Path = MOUNTS) -> str:
    """The kind of network file system that holds this path; nothing where it is a local one, or cannot be told."""
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    holding = [line for line in lines if len(line) > 2 and PurePosixPath(path).is_relative_to(line[1])]
    kind = max(holding, key=lambda line: len(line[1]))[2] if holding else ""
    return kind if kind in REMOTE else ""


def _try_to_write() -> None:
    """Begin what SQLite begins to write with; its error says what keeps it from that."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")


def _misfit() -> str:
    """A schema that is not this code's: older, half done, or newer."""
    executor = MigrationExecutor(connection)
    if missing := _missing(executor):
        return f"The database is not up to date; missing migrations: {missing}. Run: python3 manage.py migrate"
    known = executor.loader.disk_migrations or {}
    apps = {app for app, _ in known}
    newer = sorted(
        f"{app}.{name}" for app, name in executor.loader.applied_migrations if app in apps and (app, name) not in known
    )
    if newer:
        return (
            f"The database is of a newer version than this program: it knows {newer[-1]}. Start that version instead."
        )
    return ""


def _missing(executor: MigrationExecutor) -> int:
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _damaged(error: DatabaseError) -> str:
    said = str(error)
    if is_damaged(error):
        return f"The database is damaged ({said}). Restore a backup of it."
    if "readonly" in said or "unable to open" in said:
        return f"The database cannot be written ({said}). Give this user the right to its file and folder."
    if isinstance(error, OperationalError):
        return ""
    return f"The database cannot be used: {type(error).__name__}."
