"""`manage.py backup FILE`: the whole database in one file."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from chatsite.backups import BackupError, Manifest, postgresql, sqlite, write
from chatsite.backups.container import digest


class Command(BaseCommand):
    """Works while servers run and write, and whatever else is wrong with the product: hence without its checks."""

    requires_system_checks: list[str] = []
    help = "Write the database into FILE. Not in it: the SECRET_KEY (var/secret_key) and .env; keep these apart."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("file", type=Path, help="the backup; an older one there is replaced when this is whole")

    def handle(self, *, file: Path, **options: Any) -> None:
        """Write it, or say in a sentence why not."""
        try:
            write(file, _dump)
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Backup written to {file}. Keep var/secret_key and .env too; they are not in it.")


def _dump(target: Path) -> Manifest:
    created = datetime.now(UTC).isoformat(timespec="seconds")
    migrations = sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
    if connection.vendor == "sqlite":
        sqlite.dump(Path(connection.settings_dict["NAME"]), target)
    else:
        postgresql.dump(connection.settings_dict, target)
    return Manifest(connection.vendor, created, migrations, digest(target))
