"""Dump and load of a PostgreSQL database, with PostgreSQL's own programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .container import BackupError

CLEAR: Final = """
SET LOCAL lock_timeout = '10s';
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE 'DROP TABLE ' || name || ' CASCADE';
  END LOOP;
  FOR name IN SELECT oid::regprocedure FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e') LOOP
    EXECUTE 'DROP ROUTINE ' || name || ' CASCADE';
  END LOOP;
END $$;
"""
OUT: Final = "\nDELETE FROM public.django_session;\n"
NEEDED: Final = " TABLE DATA public django_migrations "
KEPT: Final = {"PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH"}
"""Of the environment, beside PostgreSQL's own variables. The rest has secrets that are none of a child's business."""


def dump(database: Mapping[str, Any], target: Path) -> None:
    """A consistent copy in PostgreSQL's custom format, also while servers write."""
    target.touch(0o600)
    _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], database, target.parent)
    if NEEDED not in _run(["pg_restore", "--list", str(target)], database, target.parent):
        raise BackupError("The tables are not in the schema public, and nowhere else can they be restored from.")


def load(source: Path, database: Mapping[str, Any]) -> None:
    """Put the dump in place of all tables, in one transaction, with no sign-in session in it."""
    folder = source.parent
    script, body = folder / "script.sql", folder / "body.sql"
    only = ["--no-owner", "--no-privileges", "--schema=public"]
    _run(["pg_restore", *only, f"--file={body}", str(source)], database, folder)
    with script.open("x", encoding="utf-8") as file:
        file.write(CLEAR)
        with body.open(encoding="utf-8") as lines:
            file.writelines(lines)
        file.write(OUT)
    whole = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={script}"]
    _run(["psql", *whole], database, folder)


def _environment(database: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Where to connect. The password is in a file of ours alone: others may see command lines and environments."""
    env = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("PG")}
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGDATABASE": "NAME"}
    env |= {name: str(database[key]) for name, key in names.items() if database.get(key)}
    if password := database.get("PASSWORD"):
        secret = folder / "password"
        secret.touch(0o600)
        secret.write_text("*:*:*:*:" + str(password).replace("\\", "\\\\").replace(":", "\\:"), encoding="utf-8")
        env.pop("PGPASSWORD", None)
        env["PGPASSFILE"] = str(secret)
    return {**env, "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C"}


def _run(command: list[str], database: Mapping[str, Any], folder: Path) -> str:
    """What a program prints; `folder` is nobody else's."""
    try:
        done = subprocess.run(command, env=_environment(database, folder), capture_output=True)
    except FileNotFoundError as error:
        raise BackupError(f"{command[0]} is missing. Install PostgreSQL's programs: postgresql-client.") from error
    said = done.stderr.decode(errors="replace")
    if done.returncode == 0:
        return done.stdout.decode(errors="replace")
    if "server version mismatch" in said:
        raise BackupError(f"{command[0]} is older than the server. Install the server's version of postgresql-client.")
    # A failed statement's own lines may hold people's words: only what went wrong is told.
    first = next((line for line in said.splitlines() if "error" in line.lower()), "no reason told")
    raise BackupError(f"{command[0]} failed, and nothing was changed: {first[:300]}")
