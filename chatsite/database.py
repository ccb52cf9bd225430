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
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def executor() -> ThreadPoolExecutor:
    """The threads in which the database is used; `DATABASE_CONNECTIONS` of them."""
    return ThreadPoolExecutor(settings.DATABASE_CONNECTIONS, thread_name_prefix="db", initializer=_connect_apart)


def _connect_apart() -> None:
    """Give this thread a connection beside the pool, where there is one.

    A request holds one of the pool's until it is answered, and may wait for us meanwhile: were we to wait for the pool,
    as many requests as it has connections would stand still (D-11).
    """
    pooled = connections[DEFAULT_DB_ALIAS]
    options = pooled.settings_dict["OPTIONS"]
    if "pool" in options:
        apart = {name: value for name, value in options.items() if name != "pool"}
        ours = {**pooled.settings_dict, "OPTIONS": apart, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
        connections[DEFAULT_DB_ALIAS] = type(pooled)(ours, DEFAULT_DB_ALIAS)


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
