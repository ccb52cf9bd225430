"""`dev.py run`: set everything up, then serve until told to end."""

from __future__ import annotations

import errno
import os
import signal
import socket
from contextlib import ExitStack

from scripts import environment, processes, setup
from scripts.steps import Failed, forget, say

DRAIN_SECONDS = "5"
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (whom to call when the server listens everywhere)


def run(host: str, port: int, *, reload: bool = False) -> int:
    """Serve on `host` and `port`; 0 once Ctrl-C or SIGTERM has ended it."""
    # Whoever sends SIGTERM wants what Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _refuse_taken(host, port)
        port = port or processes.free_port()
        _defaults(port, reload=reload)
        setup.everything()
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
    place = ["--host", host, "--port", str(port)]
    shown = f"[{host}]" if ":" in host else host
    with ExitStack() as running:
        if reload:
            # What it writes is not what a plain `run` serves.
            forget("page")
            setup.node()
            running.callback(processes.stop, processes.start(["npm", "run", "-s", "watch"]))
        server = processes.start([*setup.MANAGE, *(["runserver", f"{shown}:{port}"] if reload else ["serve", *place])])
        try:
            processes.wait_until_listening(server, WILDCARDS.get(host, host), port)
            local = host in WILDCARDS or host in ("localhost", "127.0.0.1", "::1")
            say(f"Ready: http://{'localhost' if local else shown}:{port} (Ctrl-C ends it)")
            code = server.wait()
        except KeyboardInterrupt:
            grace = float(environment.value("DRAIN_SECONDS", DRAIN_SECONDS)) + 10
            if processes.stop(server, grace) == -signal.SIGKILL:
                raise Failed("The server did not end by itself and was killed.") from None
            raise
        except processes.Died as died:
            processes.stop(server)
            raise Failed(f"The server {died}.") from None
        finally:
            processes.stop(server)
    raise Failed(f"The server ended by itself, with {code}.", code or 1)
