"""How tests empty the tables after themselves: the record's too, which refuses it to everybody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.management.commands import flush
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite

Flush = Callable[..., list[str]]

KEPT = {"django_content_type", "auth_permission"}
"""What the last migration has filled and no test changes. To fill them again takes longer than most tests do."""


def install() -> None:
    """From now on, in this process."""
    for operations in (SQLite.ops_class, PostgreSQL.ops_class):
        operations.sql_flush = _keeping(operations.sql_flush)  # type: ignore[method-assign]
    SQLite.ops_class.sql_flush = _lifting_the_guard(SQLite.ops_class.sql_flush)  # type: ignore[method-assign]
    vars(flush)["emit_post_migrate_signal"] = lambda *_args, **_options: None


def _keeping(flush: Flush) -> Flush:
    def keeping(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        return flush(self, style, [table for table in tables if table not in KEPT], **options)

    return keeping


def _lifting_the_guard(flush: Flush) -> Flush:
    """Django empties SQLite's tables by DELETE: take the record's triggers away before it, and put them back after.

    PostgreSQL's are emptied by TRUNCATE, of which triggers on rows hear nothing.
    """

    def lifting(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_audit'")
            triggers = dict(cursor.fetchall())
        drops = [f'DROP TRIGGER "{name}"' for name in triggers]
        return [*drops, *flush(self, style, tables, **options), *triggers.values()]

    return lifting
