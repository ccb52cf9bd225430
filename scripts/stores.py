"""Private instances of PostgreSQL and Redis for the tests: a free port, a folder in /tmp, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts import processes


def program(name: str) -> str | None:
    """Where a program is; Debian keeps PostgreSQL's own off the PATH."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(re.sub(r"\D", "", path.parts[4]) or 0)
    )
    return str(versions[-1]) if versions else shutil.which(name)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The address of a fresh PostgreSQL, as DATABASE_URL wants it: fast rather than safe."""
    user = _unprivileged()
    with _folder(user) as folder:
        password = secrets.token_hex(16)
        secret = folder / "password"
        secret.write_text(password)
        secret.chmod(0o644)  # the folder itself is closed to others
        data = folder / "data"
        login = ["--username=test", "--auth=password", f"--pwfile={secret}"]
        initdb = [
            str(program("initdb")),
            f"--pgdata={data}",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            *login,
        ]
        _finish(initdb, folder, user)
        port = processes.free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 300,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with _serving([str(program("postgres")), "-D", str(data), *options], folder, port, user, signal.SIGINT):
            yield f"postgres://test:{password}@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The address of a fresh Redis, as REDIS_URL wants it: nothing is kept."""
    user = _unprivileged()
    with _folder(user) as folder:
        port = processes.free_port()
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
        with _serving([str(program("redis-server")), *options], folder, port, user, signal.SIGTERM):
            yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def _serving(args: list[str], folder: Path, port: int, user: str | None, how: signal.Signals) -> Iterator[None]:
    """A server that runs while the block does."""
    with (folder / "log").open("wb") as log:
        process = processes.start(args, output=log, cwd=folder, user=user, death=how)
        try:
            processes.wait_until_listening(process, "127.0.0.1", port)
            yield
        except processes.Died as died:
            raise processes.Died(f"{Path(args[0]).name} {died}\n{(folder / 'log').read_text()}") from None
        finally:
            processes.stop(process, 10, how)


@contextlib.contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    """A temporary folder that belongs to `user`."""
    with tempfile.TemporaryDirectory(prefix="chatsite-", ignore_cleanup_errors=True) as name:
        if user:
            shutil.chown(name, user)
        yield Path(name)


def _unprivileged() -> str | None:
    """Whom to run as: PostgreSQL refuses to be root."""
    if os.getuid() != 0:
        return None
    import pwd

    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


def _finish(args: list[str], folder: Path, user: str | None) -> None:
    """Run a program to its end."""
    with (folder / "log").open("w+b") as log:
        process = processes.start(args, output=log, cwd=folder, user=user)
        try:
            code = process.wait(120)
        except BaseException:
            processes.stop(process)
            raise
        log.seek(0)
        if code:
            raise subprocess.CalledProcessError(code, args, log.read())
