"""Several workers with the small application, under our real supervisor.

python -m tests.server.crew 3        with three workers
"""

from __future__ import annotations

import functools
import logging
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from chatsite.server.drain import Hooks
from chatsite.server.seat import Seat
from chatsite.server.server import Server, open_listener
from chatsite.server.workers import Supervisor, Times

from .application import answer, application, close_sockets, drain


async def crew(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The small application, which also says in which process it runs."""
    if scope["path"] == "/pid":
        await answer(send, str(os.getpid()).encode())
    else:
        await application(scope, receive, send)


def work(fd: int, seat: Seat) -> None:
    """One worker; one that finds the file `BROKEN` dies at once."""
    if Path(os.environ.get("BROKEN", "/nowhere")).exists():
        sys.exit(3)
    time.sleep(float(os.environ.get("SLOW_START", "0")))
    hooks = Hooks(
        listening=lambda: seat.listening(lambda replaced: server.end(replaced=replaced)),
        drain=drain,
        close_sockets=close_sockets,
    )
    server = Server(crew, socket.socket(fileno=fd), hooks=hooks, drain_seconds=5)
    server.run()


def main() -> None:
    """Supervise, or work."""
    logging.basicConfig(level=logging.INFO)
    if len(sys.argv) == 3:
        work(int(sys.argv[1]), Seat(int(sys.argv[2])))
        return
    listener = open_listener("127.0.0.1", 0)
    port = listener.getsockname()[1]
    say = functools.partial(print, f"Listening on http://localhost:{port}", flush=True)
    times = Times(end=20, pause=0.2, longest=0.5)

    def command(fd: int, seat: int) -> list[str]:
        return [sys.executable, "-m", "tests.server.crew", str(fd), str(seat)]

    sys.exit(Supervisor(listener, command, int(sys.argv[1]), listening=say, times=times).run())


if __name__ == "__main__":
    main()
