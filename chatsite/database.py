"""The one way to the database outside a synchronous view.

Every `a…` method of the ORM and `database_sync_to_async` share ONE thread of a process outside requests; this
helper has threads of its own, as many as there may be connections, and gives each connection back.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar, cast

from channels.db import DatabaseSyncToAsync
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def executor() -> ThreadPoolExecutor:
    """The threads in which the database is used; `DATABASE_CONNECTIONS` of them."""
    return ThreadPoolExecutor(max_workers=settings.DATABASE_CONNECTIONS, thread_name_prefix="db")


def db(fn: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """`fn`, which uses the ORM, as a coroutine function: `await db(Message.objects.count)()`."""
    # Channels has no types; this is what it makes of `fn`.
    return cast(Callable[P, Awaitable[R]], DatabaseSyncToAsync(fn, thread_sensitive=False, executor=executor()))


@functools.cache
def keep_open() -> BaseDatabaseWrapper | None:
    """For a process that serves on SQLite: one connection that stays, so that none is ever the last.

    With its last connection SQLite folds its write-ahead log into the file and removes it, and the next one makes it
    anew; as every request has a connection of its own, that would be most of the work of a write.
    """
    if connection.vendor != "sqlite":
        return None
    kept = connection.copy()
    kept.inc_thread_sharing()
    kept.ensure_connection()
    return kept
