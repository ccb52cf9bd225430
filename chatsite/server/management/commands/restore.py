"""`manage.py restore FILE`: the database as a backup holds it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from chatsite import schema
from chatsite.accounts.models import User
from chatsite.backups import BackupError, Manifest, postgresql, read, scratch, sqlite
from chatsite.conversations.models import Conversation, Run


class Command(BaseCommand):
    """Changes all or nothing, and needs nothing else of the product: hence without its checks."""

    requires_system_checks: list[str] = []
    help = "Replace the database by the one in FILE. Stop the servers first. Everybody has to sign in again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """What, and whether people and conversations may be lost by it."""
        parser.add_argument("file", type=Path, help="a file that `manage.py backup` wrote")
        parser.add_argument("--replace", action="store_true", help="even if there are people or conversations")

    def handle(self, *, file: Path, replace: bool, **options: Any) -> None:
        """Look at everything first; then replace in one step."""
        # A pool's idle connections would be taken for those of a server.
        connection.settings_dict["OPTIONS"].pop("pool", None)
        try:
            with scratch(settings.VAR_DIR, "restore") as folder:
                dump = folder / "database"
                _check(read(file, dump))
                _free(replace=replace)
                _load(dump)
        except (BackupError, OSError, DatabaseError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Restored. All sign-in sessions were ended.")
        if not schema.current():
            self.stdout.write("The backup is of an older version. Run: python3 manage.py migrate")


def _check(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        raise BackupError(
            f"This is a backup of {manifest.vendor}, and the database is {connection.vendor}. Set DATABASE_URL."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or {}}
    if newer := sorted(set(manifest.migrations) - known):
        raise BackupError(f"This backup is of a newer version: it knows {newer[-1]}. Restore it with that version.")


def _free(*, replace: bool) -> None:
    """Nobody uses the database, and nothing in it is lost unasked."""
    try:
        used, filled = _used(), _filled()
    except DatabaseError as error:
        if connection.vendor == "sqlite" and schema.is_damaged(error):
            return _damaged(replace=replace)
        raise
    if used:
        raise BackupError(
            "A server is writing an answer in this database. Stop it first, then restore. After a crash, wait a minute."
        )
    if filled and not replace:
        raise BackupError("The database has people or conversations. To lose them for the backup's, add --replace.")
    if connection.vendor == "postgresql" and _others():
        raise BackupError("Others are connected to the database. Stop the servers first, then restore.")


def _damaged(*, replace: bool) -> None:
    if not replace:
        raise BackupError("The database is damaged. To lose what is left in it for the backup's, add --replace.")


def _used() -> bool:
    live = Run.objects.live().exclude(pk__in=Run.objects.lost().values("pk"))
    return Run._meta.db_table in connection.introspection.table_names() and live.exists()


def _filled() -> bool:
    tables = connection.introspection.table_names()
    return any(m._meta.db_table in tables and m._base_manager.exists() for m in (User, Conversation))


def _others() -> bool:
    with connection.cursor() as cursor:
        # Of other users' sessions nobody but a superuser is told the kind.
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND usesysid IS NOT NULL"
            " AND coalesce(backend_type, 'client backend') = 'client backend')"
        )
        return bool(cursor.fetchone()[0])


def _load(dump: Path) -> None:
    connection.close()
    if connection.vendor == "sqlite":
        sqlite.load(dump, Path(connection.settings_dict["NAME"]))
    else:
        postgresql.load(dump, connection.settings_dict)
