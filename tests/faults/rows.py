"""Reads what is stored, past all of our own code: plain SQL that SQLite and PostgreSQL understand alike."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from .evidence import Row

RUNS = """
SELECT r.uid, r.state, r.reason, r.output_tokens, r.ended_at, r.created, m.uid, m.state, m.text, m.position,
       c.uid, c.deleted_at, p.uid, coalesce(m.client_id, p.client_id), p.text
FROM conversations_run r
LEFT JOIN conversations_message m ON m.id = r.reply_id
LEFT JOIN conversations_conversation c ON c.id = m.conversation_id
LEFT JOIN conversations_message p ON p.id = m.parent_id
WHERE r.id > (SELECT coalesce(max(id), 0) FROM conversations_run) - {newest}
ORDER BY r.id
"""
LIVE = "SELECT conversation_id, count(*) FROM conversations_message WHERE state = 'streaming' GROUP BY conversation_id"
DOUBLE = """
SELECT author_id, client_id, count(*) FROM conversations_message WHERE client_id IS NOT NULL
GROUP BY author_id, client_id HAVING count(*) > 1
"""


class Rows:
    """What the database at this address holds."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        if self.url.startswith("postgres"):
            with psycopg.connect(self.url) as connection:
                yield connection
        else:
            file = self.url.removeprefix("sqlite:///")
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)) as connection:
                yield connection

    def runs(self, newest: int = 1_000_000) -> list[Row]:
        """The newest runs, each with its reply."""
        with self._connected() as connection:
            return [_row(*values) for values in connection.execute(RUNS.format(newest=newest)).fetchall()]

    def crowded(self) -> list[Any]:
        """Conversations in which more than one reply is being written (I-3)."""
        with self._connected() as connection:
            return [conversation for conversation, count in connection.execute(LIVE).fetchall() if count > 1]

    def doubled(self) -> list[Any]:
        """Messages that were made twice of one client id (I-2)."""
        with self._connected() as connection:
            return list(connection.execute(DOUBLE).fetchall())

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else can write while the block runs (D-14)."""
        if self.url.startswith("postgres"):
            with psycopg.connect(self.url) as connection:
                connection.execute("LOCK TABLE conversations_message, conversations_run IN EXCLUSIVE MODE")
                yield
            return
        file = self.url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


def _row(run: Any, state: Any, reason: Any, tokens: Any, ended: Any, created: Any, *rest: Any) -> Row:
    reply, reply_state, text, position, conversation, deleted, message, client_id, asked = rest
    return Row(
        run=_uid(run),
        run_state=state,
        reason=reason,
        output_tokens=tokens,
        ended_at=_time(ended),
        created=_time(created) or 0.0,
        reply=_uid(reply),
        state=reply_state or "",
        text=text or "",
        position=position or 0,
        conversation=_uid(conversation),
        deleted=bool(deleted),
        message=_uid(message),
        client_id=_uid(client_id),
        asked=asked or "",
    )


def _uid(value: Any) -> str:
    return str(UUID(str(value))) if value else ""


def _time(value: Any) -> float | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
