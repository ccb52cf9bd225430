"""A real server of ours in a process of its own, as a person's browser meets it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString, Self
from urllib.parse import urlsplit

import psycopg

from scripts import environment, processes

from .upstream import Upstream

OPENAI_MODEL = "openai-test"
ANTHROPIC_MODEL = "anthropic-test"


@dataclass(frozen=True)
class Database:
    """A database in the kind of store that the tests run on: a file of SQLite, or one on PostgreSQL's server."""

    url: str

    @classmethod
    def empty(cls, folder: Path, server: str | None = None) -> Self:
        """One without tables; without a server in a file."""
        server = os.environ.get("DATABASE_URL", "") if server is None else server
        return cls(_create(server) if server.startswith("postgres") else f"sqlite:///{folder / 'db.sqlite3'}")

    @classmethod
    @contextlib.contextmanager
    def migrated(cls, folder: Path, server: str | None = None) -> Iterator[Self]:
        """One with all tables and nothing in them."""
        database = cls.empty(folder, server)
        manage(_environment(DATABASE_URL=database.url), "migrate", "--verbosity=0")
        yield database

    @property
    def file(self) -> Path:
        """Where SQLite keeps it."""
        return Path(self.url.removeprefix("sqlite:///"))

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection | psycopg.Connection]:
        """A connection of the test's own, in a transaction that is committed."""
        connection: Any = psycopg.connect(self.url) if self.url.startswith("postgres") else sqlite3.connect(self.file)
        with contextlib.closing(connection), connection:
            yield connection

    def ask(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        """The rows that a statement finds."""
        with self.open() as connection:
            return connection.execute(statement).fetchall()

    def copy(self, folder: Path) -> Database:
        """Another one with the same content."""
        if self.url.startswith("postgres"):
            return Database(_create(self.url, self.url.rpartition("/")[2]))
        shutil.copy(self.file, folder / "db.sqlite3")
        return Database(f"sqlite:///{folder / 'db.sqlite3'}")


class Site:
    """A running server. `url` is its address, `env` its environment, `log` what it has said so far.

    It has a copy of the database, unless `env` names one that it shares. `host` is where it listens, `arguments` are
    more of `serve`'s, and `within` is a program that starts it.
    """

    host = "127.0.0.1"
    arguments: Sequence[str] = ()
    within: Sequence[str] = ()

    def __init__(self, database: Database, folder: Path, upstream: Upstream | None, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.port = processes.free_port()
        self.url = f"http://localhost:{self.port}"
        own = {} if "DATABASE_URL" in env else {"DATABASE_URL": database.copy(folder).url}
        self.env = _environment(PORT=str(self.port), **own, **_models(upstream), **env)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """Everything the server has written to its log."""
        return (self.folder / "log").read_text()

    def start(self) -> None:
        """Serve, again after `stop` or `kill` on the same port and database; return once it listens."""
        where = "--host", self.host, "--port", str(self.port)
        command = [*self.within, sys.executable, "manage.py", "serve", *where, *self.arguments]
        with (self.folder / "log").open("ab") as log:
            self.process = processes.start(command, env=self.env, output=log)
        try:
            processes.wait_until_listening(self.process, self.host, self.port)
        except processes.Died as died:
            self.stop()
            raise processes.Died(f"The site {died}\n{self.log}") from None

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 15) -> int:
        """End it as an operator would; its exit code."""
        return processes.stop(self.process, seconds, how)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop(signal.SIGKILL)

    def manage(self, *args: str) -> str:
        """What a command of manage.py prints, run on this site's database."""
        return manage(self.env, *args)


def manage(env: Mapping[str, str], *args: str) -> str:
    """Run manage.py and return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *args], cwd=processes.ROOT, env=env, text=True, capture_output=True, timeout=120
    )
    if done.returncode:
        raise processes.Died(f"manage.py {' '.join(args)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment(**env: str) -> dict[str, str]:
    return {**environment.without_settings(os.environ), "SECRET_KEY": "tests only " * 5, **env}


def _models(upstream: Upstream | None) -> dict[str, str]:
    if upstream is None:
        return {}
    return {
        "UPSTREAM_API_KEY": "key-of-the-tests",
        "UPSTREAM_OPENAI_BASE_URL": f"{upstream.url}/v1",
        "UPSTREAM_OPENAI_MODELS": OPENAI_MODEL,
        "UPSTREAM_ANTHROPIC_BASE_URL": upstream.url,
        "UPSTREAM_ANTHROPIC_MODELS": ANTHROPIC_MODEL,
    }


def _create(server: str, template: str = "template0") -> str:
    """A new database beside another on a PostgreSQL server; its address."""
    name = f"site_{uuid.uuid4().hex}"
    with psycopg.connect(urlsplit(server)._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return urlsplit(server)._replace(path=f"/{name}").geturl()
