"""A server of each test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .wire import Process


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One server with the usual limits, for what leaves it as it was."""
    with Process(tmp_path_factory.mktemp("shared") / "log") as process:
        yield process


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts servers: `start(body=1000)` with limits other than the usual ones."""
    with ExitStack() as running:
        yield lambda **options: running.enter_context(Process(tmp_path / f"log{len(options)}", **options))


@pytest.fixture
def server(start: Callable[..., Any]) -> Process:
    """A server with the usual limits."""
    process: Process = start()
    return process
