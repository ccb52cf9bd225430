"""The two commands, as somebody meets them who has just cloned the repository."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts import environment, processes, steps
from scripts.processes import ROOT

COMMAND = [sys.executable, "dev.py", "run"]


@contextmanager
def running(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`dev.py run` with everything it makes for a site in `folder`, once it answers."""
    env = {**environment.without_settings(os.environ), "VAR_DIR": str(folder)}
    with (folder.parent / "output").open("wb") as output:
        process = processes.start([*COMMAND, "--port", str(port)], env=env, output=output)
    try:
        processes.wait_until_listening(process, "127.0.0.1", port, 100)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
        yield process
    finally:
        processes.stop(process)


def end(process: subprocess.Popen[bytes], how: signal.Signals) -> int:
    """Tell it to end, while no answer is being written; its exit code."""
    process.send_signal(how)
    return process.wait(50)


@pytest.mark.timeout(300)
def test_one_command_serves_and_ends_when_told_to(tmp_path: Path) -> None:
    folder, port = tmp_path / "var", processes.free_port()
    folder.mkdir()
    with running(folder, port) as process:
        assert end(process, signal.SIGTERM) == 0
    said = (tmp_path / "output").read_text()
    assert f"http://localhost:{port}\n" in said
    assert re.search(r"administrator admin@example\.com, who .*review\.read_conversation.*\n.*: \S{16}\n", said)
    assert {name: oct((folder / name).stat().st_mode & 0o777) for name in ("secret_key", "db.sqlite3")} == {
        "secret_key": "0o600",
        "db.sqlite3": "0o600",
    }

    # The second time there is nothing left to do, and the password is nowhere to be seen again.
    with running(folder, port) as process:
        assert end(process, signal.SIGINT) == 0
    assert (tmp_path / "output").read_text().splitlines()[0] == f"Listening on http://localhost:{port}"


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        env = {**environment.without_settings(os.environ), "VAR_DIR": str(tmp_path)}
        done = subprocess.run([*COMMAND, "--port", str(port)], cwd=ROOT, env=env, text=True, capture_output=True)
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use." in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_step_is_done_again_when_its_inputs_change_or_what_it_made_is_gone(tmp_path: Path) -> None:
    source, made, stamp = tmp_path / "source", tmp_path / "made", tmp_path / "stamps" / "step"
    source.write_text("one")
    done: list[str] = []

    def work() -> None:
        made.write_text(source.read_text())
        done.append(source.read_text())

    def step() -> list[str]:
        steps.once(stamp, work, [source], [made])
        return done

    assert step() == ["one"]
    assert step() == ["one"]
    source.write_text("two")
    assert step() == ["one", "two"]
    made.unlink()
    assert step() == ["one", "two", "two"]


def test_a_step_that_failed_is_done_again(tmp_path: Path) -> None:
    stamp = tmp_path / "step"

    def fail() -> None:
        steps.run("Trying", sys.executable, "-c", "print('no such luck'); raise SystemExit(3)")

    steps.once(stamp, lambda: None, ["before"])
    with pytest.raises(steps.Failed, match=r"^Trying: python.* ended with 3$") as failure:
        steps.once(stamp, fail, ["now"])
    assert failure.value.output == "no such luck\n"
    assert not steps.is_current(stamp, ["now"])
    assert not steps.is_current(stamp, ["before"])
