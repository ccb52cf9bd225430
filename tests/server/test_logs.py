"""A log that nobody takes holds nobody up."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chatsite.logs import PATIENCE, Line, Unblocked
from scripts import environment, processes

LINES = 30_000
TALKS = f"""
import django, logging, sys
django.setup()
for number in range({LINES}):
    logging.getLogger("chatsite").warning("number %d", number)
print("said it all", flush=True)
sys.stdin.readline()
"""


@contextmanager
def talking() -> Iterator[subprocess.Popen[str]]:
    """The product's logging in a process whose stderr is a pipe that holds one page, from which nobody reads."""
    env = {
        **environment.without_settings(os.environ),
        "SECRET_KEY": "x" * 50,
        "DJANGO_SETTINGS_MODULE": "chatsite.settings",
    }
    command = [sys.executable, "-c", TALKS]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=processes.ROOT, env=env, text=True, stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        assert process.stderr
        fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
        yield process


def test_D_22_what_is_not_taken_is_dropped_and_counted_and_all_goes_on() -> None:
    with talking() as process:
        assert process.stdout and process.stdin and process.stderr
        assert process.stdout.readline() == "said it all\n", "it did not wait for us"
        process.stdin.write("\n")
        process.stdin.close()
        log = process.stderr.read()
    said = re.findall(r"WARNING chatsite: number (\d+)$", log, re.MULTILINE)
    assert [int(number) for number in said] == sorted(map(int, said))
    dropped = sum(int(number) for number in re.findall(r"(\d+) lines before this one were dropped", log))
    assert dropped > 0
    assert len(said) + dropped == LINES
    assert process.returncode == 0


def test_D_22_a_process_ends_although_its_log_stands_still() -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    handler = Unblocked(os.fdopen(writing, "w"), waiting=100)
    handler.setFormatter(Line())
    for number in range(1_000):
        handler.handle(logging.makeLogRecord({"msg": "x" * 100, "levelname": "INFO", "name": str(number)}))
    begun = time.monotonic()
    handler.flush()
    assert time.monotonic() - begun < 10 * PATIENCE
    os.close(reading)
