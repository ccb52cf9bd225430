"""Programs that we start and that must not outlive us."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


class Died(Exception):
    """A program ended before it did what it was started for."""


def start(
    args: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
    cwd: Path = ROOT,
    user: str | None = None,
    death: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in a group of its own; Linux sends it `death` should we vanish without stopping it."""
    return subprocess.Popen(
        args,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output and subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=functools.partial(end_with_parent, death),
        user=user,
        group=user and _group(user),
        extra_groups=[] if user else None,
    )


def end_with_parent(death: signal.Signals = signal.SIGTERM) -> None:
    """Have Linux send this process `death` should the one vanish that started it."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, death)


def stop(process: subprocess.Popen[bytes], seconds: float = 5, how: signal.Signals = signal.SIGTERM) -> int:
    """Ask a program to end, make it end after so long, and leave nothing of its group behind."""
    try:
        if process.poll() is None:
            process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def free_port(host: str = "127.0.0.1") -> int:
    """A port of this address on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(process: subprocess.Popen[bytes], host: str, port: int, seconds: float = 60) -> None:
    """Return once `process` takes connections."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Died(f"ended with {process.returncode} before it listened on {host}:{port}")
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return
        time.sleep(0.02)
    raise Died(f"did not listen on {host}:{port} within {seconds:g} s")


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid
