"""`manage.py serve`: the product on our own server."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import signal
import socket
import sys
import threading
from tempfile import TemporaryDirectory
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.module_loading import import_string
from prometheus_client.multiprocess import mark_process_dead

from chatsite import health, policies, schema
from chatsite.conversations.engine import engine
from chatsite.database import keep_open
from chatsite.metrics import meter
from chatsite.server.drain import Hooks
from chatsite.server.limits import Limits
from chatsite.server.seat import Seat
from chatsite.server.server import Server, open_listener
from chatsite.server.workers import Supervisor, Times
from chatsite.settings import environment_at_start
from streaming.consumers import close_all

LEAVE_SECONDS: Final = 3
AFTER_DRAIN: Final = 30
"""Seconds after the drain time in which a worker surely ends by itself."""
LOCAL: Final = ("", "0.0.0.0", "::", "127.0.0.1", "::1", "localhost")  # noqa: S104 (to know them, not to use them)


class Command(BaseCommand):
    """Listens, says where, and serves until SIGTERM or Ctrl-C."""

    help = "Serve pages and sockets. Ends in order on SIGTERM or Ctrl-C, and at once on the second."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument(
            "--port", type=int, default=settings.PORT, help="port to listen on; 0 for any (%(default)s)"
        )
        parser.add_argument("--fd", type=int, help="serve on this inherited socket instead, which already listens")
        parser.add_argument(
            "--workers", type=int, help="so many processes, supervised; SIGHUP replaces them one by one"
        )
        parser.add_argument("--seat", type=int, help=argparse.SUPPRESS)

    def handle(
        self, *, host: str, port: int, fd: int | None, workers: int | None, seat: int | None, **options: Any
    ) -> None:
        """Bind first: so a taken port is known at once, and ours before the application asks for it."""
        if workers is not None:
            _check(workers)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))  # until the server takes them
        try:
            listener = self._listener(host, port, fd)
            settings.PORT = listener.getsockname()[1]
            os.environ["PORT"] = str(settings.PORT)
            if workers is not None:
                with TemporaryDirectory(prefix="chatsite-metrics-") as numbers:
                    sys.exit(self._supervisor(listener, host, workers, numbers).run())
            if refused := schema.complaint():
                self.stderr.write(refused)
                sys.exit(1)
            self._server(listener, host, Seat(seat)).run()
        except OSError as error:
            self.stderr.write(_sentence(error, host, port))
            sys.exit(1)
        _leave()

    def _listener(self, host: str, port: int, fd: int | None) -> socket.socket:
        return open_listener(host, port) if fd is None else socket.socket(fileno=fd)

    def _supervisor(self, listener: socket.socket, host: str, workers: int, numbers: str) -> Supervisor:
        def command(fd: int, seat: int) -> list[str]:
            place = ["--host", host, "--fd", str(fd), "--seat", str(seat)]
            return [sys.executable, sys.argv[0], "serve", *place]

        return Supervisor(
            listener,
            command,
            workers,
            listening=lambda: _say(host),
            env={**environment_at_start, "PROMETHEUS_MULTIPROC_DIR": numbers},
            times=Times(end=settings.DRAIN_SECONDS + AFTER_DRAIN),
            gone=lambda pid: mark_process_dead(pid, numbers),  # type: ignore[no-untyped-call]
        )

    def _server(self, listener: socket.socket, host: str, seat: Seat) -> Server:
        application = import_string(settings.ASGI_APPLICATION)
        keep_open()
        engine()  # what it finds wrong in the settings it says before anybody can connect

        def listening() -> None:
            engine()  # and now that there is a loop, it looks after what an earlier process left
            self.counting = asyncio.ensure_future(meter.rounds())
            if not seat.taken:
                _say(host)
            seat.listening(lambda replaced: server.end(replaced=replaced))

        hooks = Hooks(
            listening=listening,
            stopping=health.stop,
            drain=lambda seconds: engine().drain(seconds),
            close_sockets=close_all,
        )
        server = Server(
            application,
            listener,
            limits=Limits(frame=settings.MAX_FRAME_BYTES, body=settings.MAX_BODY_BYTES),
            headers=policies.headers("data").raw,
            hooks=hooks,
            drain_seconds=settings.DRAIN_SECONDS,
        )
        return server


def _check(workers: int) -> None:
    """Several workers need stores that they can share."""
    if workers < 1:
        raise CommandError("--workers must be 1 or more.")
    shared = settings.REDIS_URL and connection.vendor == "postgresql"
    if workers > 1 and not shared:
        raise CommandError(
            "Several workers need PostgreSQL and Redis, so that each can follow what another is writing: "
            "set DATABASE_URL=postgres://... and REDIS_URL=redis://..., or serve with --workers 1."
        )


def _say(host: str) -> None:
    shown = "localhost" if host in LOCAL else f"[{host}]" if ":" in host else host
    print(f"Listening on http://{shown}:{settings.PORT}", flush=True)


def _leave() -> None:
    """All is closed and stored. Python would wait for its threads for ever; one may hang in a database that is away."""
    end = threading.Timer(LEAVE_SECONDS, os._exit, (0,))
    end.daemon = True
    end.start()


def _sentence(error: OSError, host: str, port: int) -> str:
    """Why nobody can listen there, in plain words."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program. Stop it, or choose another: --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}. Take one above 1023, for example --port 8000."
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"This machine has no address {host}. Usual ones are 127.0.0.1 (this machine only) and 0.0.0.0 (all)."
    return f"Cannot listen on {host}:{port}: {error.strerror or error}."
