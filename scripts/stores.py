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
from urllib.parse import urlsplit

from scripts import processes


def program(name: str) -> str | None:
    """Where a program is; Debian keeps PostgreSQL's own off the PATH."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(re.sub(r"\D", "", path.parts[4]) or 0)
    )
    return str(versions[-1]) if versions else shutil.which(name)


class Store:
    """A server of one of them that can be stopped, killed, frozen and started again, at the same `url`."""

    def __init__(self, url: str, args: list[str], folder: Path, user: str | None, end: signal.Signals) -> None:
        self.url, self.host, self.port = url, urlsplit(url).hostname or "", urlsplit(url).port or 0
        self._args, self._folder, self._user, self._end = args, folder, user, end

    def start(self) -> None:
        """Return once it listens."""
        with (self._folder / "log").open("ab") as log:
            self.process = processes.start(self._args, output=log, cwd=self._folder, user=self._user, death=self._end)
        try:
            processes.wait_until_listening(self.process, self.host, self.port)
        except processes.Died as died:
            self.stop()
            log_text = (self._folder / "log").read_text()
            raise processes.Died(f"{Path(self._args[0]).name} {died}\n{log_text}") from None

    def stop(self) -> None:
        """End it in order."""
        processes.stop(self.process, 10, self._end)

    def kill(self) -> None:
        """SIGKILL, to all of its processes."""
        processes.stop(self.process, 10, signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP or SIGCONT, to all of its processes."""
        os.killpg(self.process.pid, number)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The address of a fresh PostgreSQL, as DATABASE_URL wants it: fast rather than safe."""
    with postgresql_server() as server:
        yield server.url


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The address of a fresh Redis, as REDIS_URL wants it: nothing is kept."""
    with redis_server() as server:
        yield server.url


@contextlib.contextmanager
def postgresql_server(*, safe: bool = False, host: str = "127.0.0.1") -> Iterator[Store]:
    """A fresh PostgreSQL. A safe one has on disk what it has committed, so that it may be killed.

    At another `host` than this machine's own it takes whoever is on the same network and knows the password.
    """
    user = _unprivileged()
    with _folder(user) as folder:
        password = secrets.token_hex(16)
        secret = folder / "password"
        secret.write_text(password)
        secret.chmod(0o644)  # the folder itself is closed to others
        data = folder / "data"
        login = ["--username=test", "--auth=password", f"--pwfile={secret}"]
        initdb = [str(program("initdb")), f"--pgdata={data}", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
        _finish([*initdb, *login], folder, user)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet password\n")
        port = processes.free_port(host)
        settings = {
            "listen_addresses": host,
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",  # which only the machine's own end would show
            "synchronous_commit": "on" if safe else "off",
            "full_page_writes": "off",
            "max_connections": 300,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        url = f"postgres://test:{password}@{host}:{port}/postgres"
        args = [str(program("postgres")), "-D", str(data), *options]
        with _serving(Store(url, args, folder, user, signal.SIGINT)) as server:
            yield server


@contextlib.contextmanager
def redis_server(host: str = "127.0.0.1") -> Iterator[Store]:
    """A fresh Redis, which forgets everything whenever it ends. It takes whoever can reach `host`."""
    user = _unprivileged()
    with _folder(user) as folder:
        port = processes.free_port(host)
        place = ["--bind", host, "--protected-mode", "no", "--port", str(port)]
        args = [str(program("redis-server")), *place, "--save", "", "--appendonly", "no", "--dir", str(folder)]
        with _serving(Store(f"redis://{host}:{port}/0", args, folder, user, signal.SIGTERM)) as server:
            yield server


@contextlib.contextmanager
def _serving(server: Store) -> Iterator[Store]:
    """It runs while the block does."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


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
