"""Steps: each says in a line what it does, shows that it lives, and is skipped while its inputs have not changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scripts import processes
from scripts.processes import ROOT

SIGN_OF_LIFE = 5
"""Seconds between two signs that a long step is still at it."""


class Failed(Exception):
    """A step did not work: words for whoever called dev.py, the exit status, and what the step had printed."""

    def __init__(self, words: str, code: int = 1, output: str = "") -> None:
        super().__init__(words)
        self.code = code
        self.output = output


def say(words: str) -> None:
    """Tell a line at once, also through a pipe."""
    print(words, flush=True)


def run(title: str, *args: str | Path) -> str:
    """Run a program under a line that says what for; what it printed is returned, or shown if it failed."""
    print(title, end=" ", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        code = _finish(processes.start(args, output=output), began)
        print(f"({time.monotonic() - began:.1f} s)", flush=True)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if code:
        raise Failed(f"{title}: {Path(args[0]).name} ended with {code}", output=text)
    return text


def once(stamp: Path, work: Callable[[], object], inputs: Iterable[Path | str], makes: Sequence[Path] = ()) -> None:
    """Do `work` unless that has been done with the same inputs and what it makes is still there."""
    inputs = list(inputs)
    if not is_current(stamp, inputs, makes):
        stamp.unlink(missing_ok=True)
        work()
        note(stamp, inputs)


def is_current(stamp: Path, inputs: Iterable[Path | str], makes: Sequence[Path] = ()) -> bool:
    """Whether a step has been done with these inputs and what it makes is still there."""
    return stamp.is_file() and stamp.read_text() == _digest(inputs) and all(path.exists() for path in makes)


def note(stamp: Path, inputs: Iterable[Path | str]) -> None:
    """Remember that a step has been done with these inputs."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(_digest(inputs))


def _finish(process: subprocess.Popen[bytes], began: float) -> int:
    """Wait for a program and say every few seconds that it still runs; it ends when we are told to."""
    try:
        while True:
            try:
                return process.wait(SIGN_OF_LIFE)
            except subprocess.TimeoutExpired:
                print(f"{time.monotonic() - began:.0f} s", end=" ", flush=True)
    finally:
        processes.stop(process)


def _digest(inputs: Iterable[Path | str]) -> str:
    """One number for the contents of files and folders, for words, and for this Python."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {sys.platform}".encode())
    for item in inputs:
        if isinstance(item, str):
            digest.update(f"\0{item}".encode())
            continue
        for file in _files(item):
            digest.update(f"\0{os.path.relpath(file, ROOT)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    """A file, or all files below a folder, in one order."""
    if path.is_file():
        return [path]
    found = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    return sorted(file for file in found if "__pycache__" not in file.parts)
