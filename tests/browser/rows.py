"""What a site has stored, read from its database beside it."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import psycopg

from tests.sites import Site

_QUERY = """
SELECT run.state, run.kind, run.reason, run.error_id, run.request_id, run.raw_reason, run.finish_reason,
       message.state AS shown, message.text, message.reasoning, message.refusal, message.tool_calls
FROM conversations_run run JOIN conversations_message message ON message.id = run.reply_id
WHERE replace(CAST(message.uid AS {text}), '-', '') = {mark}
"""


def row(site: Site, message: str) -> dict[str, Any]:
    """What is stored of a reply and of its run, by the reply's uid."""
    url, uid = site.env["DATABASE_URL"], message.replace("-", "")
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as database:
            database.row_factory = sqlite3.Row
            return dict(database.execute(_QUERY.format(text="text", mark="?"), [uid]).fetchone())
    query = _QUERY.format(text="text", mark="%s").encode()
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as server:
        return dict(server.execute(query, [uid]).fetchone() or {})
