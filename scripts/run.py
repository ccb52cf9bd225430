"""`dev.py run`: set everything up, then serve until told to end."""

from __future__ import annotations

import errno
import os
import signal
import socket
from contextlib import ExitStack

from scripts import environment, processes, setup
from scripts.steps import Failed, say

DRAIN_SECONDS = "5"


def run(host: str, port: int, *, reload: bool = False) -> int:
    """Serve on `host` and `port`; 0 once Ctrl-C or SIGTERM has ended it."""
    # Whoever sends SIGTERM wants what Ctrl-C does. A shell that starts us in the background has SIGINT ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        _refuse_taken(host, port)
        port = port or processes.free_port()
        _defaults(port, reload=reload)
        setup.everything()
        if not reload:
            setup.static()
        os.umask(0o077)  # what people write is nobody else's on this machine
        setup.database()
        return _serve(host, port, reload=reload)
    except KeyboardInterrupt:
        say("Stopped.")
        return 0


def _refuse_taken(host: str, port: int) -> None:
    """Say at once, before anything is made, that nobody can listen there."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Failed(
                f"Port {port} on {host} is in use. Another one: python3 dev.py run --port {port + 1}"
            ) from None
        raise Failed(f"Cannot listen on {host}:{port}: {error.strerror}.") from None


def _defaults(port: int, *, reload: bool) -> None:
    """What this command sets unless the environment or .env does."""
    defaults = {"SIGNUP": "open", "DRAIN_SECONDS": DRAIN_SECONDS, **({"DEBUG": "1"} if reload else {})}
    for name, default in defaults.items():
        os.environ[name] = environment.value(name, default)
    os.environ["PORT"] = str(port)


def _serve(host: str, port: int, *, reload: bool) -> int:
    """The server, which says where it listens, until we are told to end; it drains before it does."""
    shown = f"[{host}]" if ":" in host else host
    with ExitStack() as running:
        if reload:
            # What it writes is not what a plain `run` serves.
            setup.PAGE.unlink(missing_ok=True)
            setup.node()
            running.callback(processes.stop, processes.start(["npm", "run", "-s", "watch"]))
            say(f"Reloading on change: http://{'localhost' if host == '127.0.0.1' else shown}:{port}")
        place = [f"{shown}:{port}"] if reload else ["--host", host, "--port", str(port)]
        server = processes.start([*setup.MANAGE, "runserver" if reload else "serve", *place])
        try:
            code = server.wait()
        finally:
            grace = float(environment.value("DRAIN_SECONDS", DRAIN_SECONDS)) + 10
            processes.stop(server, grace)
    raise Failed(f"The server ended by itself, with {code}.", code or 1)
