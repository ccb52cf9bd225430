"""Databases as releases left them, in tests/fixtures/upgrade: the migrations of a release, and rows as it wrote them.

    python3 -m tests.releases load 0.1.0        the tables and rows that this release had
    python3 -m tests.releases make 0.2.0.json   a new one: the newest there is, as today's code has it

Either fills the database of DATABASE_URL, which must be empty.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import django

FOLDER: Final = Path(__file__).parent / "fixtures" / "upgrade"
KEPT: Final = ("accounts", "account", "conversations", "audit")
"""The apps whose rows are people's."""


def releases() -> list[str]:
    """All that have one, the oldest first."""
    return sorted(
        (file.stem for file in FOLDER.glob("*.json")), key=lambda name: [int(part) for part in name.split(".")]
    )


def release(name: str) -> dict[str, Any]:
    """Its `migrations`, and its `rows` in the form of Django's dumpdata."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def load(name: str) -> None:
    """Make its tables, by exactly its migrations, and its rows, by its own models."""
    from django.core.management.color import no_style
    from django.core.management.sql import emit_post_migrate_signal
    from django.core.serializers.python import Deserializer
    from django.db import connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    held = release(name)
    executor = MigrationExecutor(connection)
    last = dict(migration.split(".") for migration in sorted(held["migrations"]))
    then = executor.migrate(list(last.items())).apps
    emit_post_migrate_signal(0, False, "default", apps=then, plan=[])

    class Then(Deserializer):
        @staticmethod
        def _get_model_from_node(model_identifier: str) -> Any:
            return then.get_model(model_identifier)

        def _handle_m2m_field_node(self, field: Any, value: list[list[str]]) -> list[int]:
            known = field.related_model.objects
            return [known.get(codename=name, content_type__app_label=app).pk for name, app, _ in value]

    with transaction.atomic():
        rows = list(Then(held["rows"]))
        for row in rows:
            row.save()
    filled = list({type(row.object) for row in rows})
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), filled):
            cursor.execute(statement)


def make(file: str) -> None:
    """Write one from the newest there is. Add to it by hand what is new."""
    from io import StringIO

    from django.contrib.auth.models import Permission
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    load(releases()[-1])
    call_command("migrate", verbosity=0)
    dumped = StringIO()
    call_command("dumpdata", *KEPT, stdout=dumped)
    rows = json.loads(dumped.getvalue())
    for row in rows:
        if row["model"] == "accounts.user":  # whose permissions' keys are another database's
            granted = Permission.objects.filter(user=row["pk"])
            row["fields"]["user_permissions"] = [permission.natural_key() for permission in granted]
    applied = sorted(f"{app}.{migration}" for app, migration in MigrationRecorder(connection).applied_migrations())
    text = json.dumps({"migrations": applied, "rows": rows}, ensure_ascii=False, indent=1)
    Path(file).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    {"load": load, "make": make}[sys.argv[1]](sys.argv[2])
