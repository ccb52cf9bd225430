"""A private folder for what is half done: gone afterwards, and after a kill with the next one of its kind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

END: Final = ".unfinished"


@contextlib.contextmanager
def scratch(where: Path, name: str) -> Iterator[Path]:
    """A folder `.name.….unfinished` in `where`, which nobody else can enter."""
    ours = re.compile(rf"\.{re.escape(name)}\.\w{{8}}{re.escape(END)}")
    for old in [path for path in where.iterdir() if ours.fullmatch(path.name)]:
        _remove_if_left(old)
    with tempfile.TemporaryDirectory(dir=where, prefix=f".{name}.", suffix=END) as made, _held(Path(made)):
        yield Path(made)


def _remove_if_left(folder: Path) -> None:
    with contextlib.suppress(OSError), _held(folder):
        shutil.rmtree(folder)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The mark of somebody who is at work in it; `OSError` if that is somebody else."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
