"""Lets tests empty the tables after themselves, the record's too, which refuses it to everybody else."""

from __future__ import annotations

from typing import Any

from django.db.backends.sqlite3.base import DatabaseWrapper

_flush = DatabaseWrapper.ops_class.sql_flush


def _lifting_the_guard(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
    """Django empties SQLite's tables by DELETE: take the record's triggers away before it, and put them back after.

    PostgreSQL's are emptied by TRUNCATE, of which triggers on rows hear nothing.
    """
    with self.connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_audit'")
        triggers = dict(cursor.fetchall())
    drops = [f'DROP TRIGGER "{name}"' for name in triggers]
    return [*drops, *_flush(self, style, tables, **options), *triggers.values()]


def install() -> None:
    """From now on, in this process."""
    DatabaseWrapper.ops_class.sql_flush = _lifting_the_guard  # type: ignore[assignment, method-assign]
