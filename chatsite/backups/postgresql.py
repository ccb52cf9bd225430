"""Dump and load of a PostgreSQL database, with PostgreSQL's own programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .container import BackupError

CLEAR: Final = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE 'DROP TABLE ' || name || ' CASCADE';
  END LOOP;
END $$;
"""
OUT: Final = "\nDELETE FROM public.django_session;\n"


def dump(database: Mapping[str, Any], target: Path) -> None:
    """A consistent copy in PostgreSQL's custom format, also while servers write."""
    target.touch(0o600)
    _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], database)


def load(source: Path, database: Mapping[str, Any]) -> None:
    """Put the dump in place of all tables, in one transaction, with no sign-in session in it."""
    script = source.with_name("script.sql")
    body = source.with_name("body.sql")
    _run(["pg_restore", "--no-owner", "--no-privileges", "--schema=public", f"--file={body}", str(source)], database)
    with script.open("x", encoding="utf-8") as file:
        script.chmod(0o600)
        file.write(CLEAR)
        with body.open(encoding="utf-8") as lines:
            file.writelines(lines)
        file.write(OUT)
    _run(
        ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={script}"],
        database,
    )


def _environment(database: Mapping[str, Any]) -> dict[str, str]:
    """Where to connect: in the environment, because everybody can read a command line."""
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    options = {name: str(database[key]) for name, key in names.items() if database.get(key)}
    return {**os.environ, **options, "PGCONNECT_TIMEOUT": "10", "LC_MESSAGES": "C"}


def _run(command: list[str], database: Mapping[str, Any]) -> None:
    try:
        done = subprocess.run(command, env=_environment(database), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except FileNotFoundError as error:
        raise BackupError(f"{command[0]} is missing. Install PostgreSQL's programs: postgresql-client.") from error
    if done.returncode == 0:
        return
    said = done.stderr.decode(errors="replace")
    if "server version mismatch" in said:
        raise BackupError(f"{command[0]} is older than the server. Install the server's version of postgresql-client.")
    # A failed statement's own lines may hold people's words: only what went wrong is told.
    first = next((line for line in said.splitlines() if "error" in line.lower()), "no reason told")
    raise BackupError(f"{command[0]} failed, and nothing was changed: {first[:300]}")
