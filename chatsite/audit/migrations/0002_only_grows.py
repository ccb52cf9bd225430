"""Let the record only grow: its rows are neither changed nor deleted, whoever asks.

PostgreSQL's TRUNCATE is no row's deletion and needs the owner of the table, so that it may stand.
A later migration that makes SQLite build this table anew must make its triggers again.
"""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REFUSAL = "The record only grows."

MAKE = {
    "postgresql": [
        f"""
        CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        """
        CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON audit_audit
        FOR EACH ROW EXECUTE FUNCTION audit_refuse()
        """,
    ],
    # Of a row that INSERT OR REPLACE takes the place of, SQLite's delete triggers hear nothing: hence the third.
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit_audit {when} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for verb, when in (
            ("UPDATE", ""),
            ("DELETE", ""),
            ("INSERT", "WHEN EXISTS (SELECT 1 FROM audit_audit WHERE id = NEW.id)"),
        )
    ],
}
DROP = {
    "postgresql": ["DROP TRIGGER audit_only_grows ON audit_audit", "DROP FUNCTION audit_refuse()"],
    "sqlite": [f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete", "insert")],
}


def make(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in MAKE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def drop(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(make, drop)]
