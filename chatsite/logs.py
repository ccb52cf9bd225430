"""How a log record is written: one line, UTC, control characters escaped, and nobody waits for it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import re
import stat
import sys
import threading
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, TextIO

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The id of the request that is being answered."""
NAMED: Final = {
    "run": re.compile(r"\brun[ =]([0-9a-f]{8}-[0-9a-f-]{27})\b"),
    "error": re.compile(r"\breference ([0-9A-Z]{4,12})\b"),
}
"""How our own lines name a run, and the reference that a person reads out (I-21)."""
PATIENCE: Final = 1.0
"""Seconds for which the end of a process waits for its last lines to be taken."""
DROPPED: Final = {
    "name": __name__,
    "levelno": logging.WARNING,
    "levelname": "WARNING",
    "msg": "%d lines before this one were dropped: the log was not taken from us",
}


class Line(logging.Formatter):
    """Time, level, logger and message on one line; a traceback follows on lines of its own."""

    def __init__(self) -> None:
        self.converter = time.gmtime
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, with nothing in it that could begin another one."""
        line = super().formatMessage(record)
        return "".join(c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}" for c in line)


class Json(logging.Formatter):
    """One JSON object a line, with the ids by which lines belong together where a line has any."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger and message; `request`, `run` and `error`; `trace`."""
        message = record.getMessage()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            "request": request_id.get(),
            **{name: found[1] for name, pattern in NAMED.items() if (found := pattern.search(message))},
            "trace": self.formatException(record.exc_info) if record.exc_info else "",
        }
        return json.dumps({name: value for name, value in line.items() if value}, ensure_ascii=False)


def handler() -> logging.Handler:
    """Writes to stderr: at once where that is a file, which never makes anybody wait, else by a thread of its own."""
    try:
        plain = stat.S_ISREG(os.fstat(sys.stderr.fileno()).st_mode)
    except (OSError, ValueError):
        plain = True  # replaced by something that is no file at all, as tests do
    return logging.StreamHandler() if plain else Unblocked(sys.stderr)


class Unblocked(logging.Handler):
    """Lets nobody wait for whoever takes the log from us, as a service manager that stands still does (D-22).

    What comes while `waiting` lines have not been taken is dropped. How many stands in the log once it moves again.
    """

    def __init__(self, stream: TextIO, waiting: int = 10_000) -> None:
        super().__init__()
        self._stream = stream
        self._lines: queue.Queue[str] = queue.Queue(waiting)
        self._dropped = 0
        self._counting = threading.Lock()  # not the handler's own, which is held while it is flushed
        threading.Thread(target=self._write, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take the line, or count it."""
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            with self._counting:
                self._dropped += 1
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Wait until all is written, but not for long: this is how a process ends."""
        limit = time.monotonic() + PATIENCE
        while self._lines.unfinished_tasks and time.monotonic() < limit:
            time.sleep(0.01)

    def _write(self) -> None:
        while True:
            self._out(self._lines.get())
            with self._counting:
                dropped, self._dropped = self._dropped, 0
            if dropped:
                self._out(self.format(logging.makeLogRecord({**DROPPED, "args": (dropped,)})))
            self._lines.task_done()

    def _out(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # it is gone, or its disk is full: there is nobody to tell
            self._stream.write(f"{line}\n")
            self._stream.flush()
