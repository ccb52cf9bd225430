"""A product at rest: its database, and the commands that are given for it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from scripts import environment, processes

from ..sites import Database

MESSAGES = (
    "SELECT id, role, state, text, reasoning, position, parent_id, continues_id FROM conversations_message ORDER BY id"
)


class Product:
    """A database, and the commands that whoever runs the product gives for it."""

    def __init__(self, database: Database, programs: Path | None = None) -> None:
        self.database = database
        mine = {"DATABASE_URL": database.url, "SECRET_KEY": "tests only " * 5}
        self.env = {**environment.without_settings(os.environ), **mine}
        if programs is not None:
            self.env["PATH"] = f"{programs}:{os.environ['PATH']}"

    def done(self, *args: str) -> str:
        """What a command says that works."""
        result = self._run(*args)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refused(self, *args: str) -> str:
        """What a command says that does not."""
        result = self._run(*args)
        assert result.returncode == 1, result.stdout
        assert "Traceback" not in result.stderr
        return result.stderr

    @property
    def held(self) -> tuple[list[tuple[Any, ...]], int]:
        """All messages, and how many people are signed in."""
        ((sessions,),) = self.database.ask("SELECT count(*) FROM django_session")
        return self.database.ask(MESSAGES), sessions

    def _run(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *args]
        return subprocess.run(command, cwd=processes.ROOT, env=self.env, text=True, capture_output=True, timeout=60)


def changed(backup: Path, target: Path, dump: bytes | None = None, **values: object) -> Path:
    """The same backup, telling something else of itself, or holding something else."""
    with tarfile.open(backup) as old:
        manifest = {**json.loads(old.extractfile("manifest.json").read()), **values}  # type: ignore[union-attr]
        held = old.extractfile("database").read()  # type: ignore[union-attr]
    if dump is not None:
        held, manifest["sha256"] = dump, hashlib.sha256(dump).hexdigest()
    with tarfile.open(target, "w") as new:
        for name, content in (("manifest.json", json.dumps(manifest).encode()), ("database", held)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return target
