"""How a log record is written: one line, UTC, control characters escaped."""

from __future__ import annotations

import logging
import time


class Line(logging.Formatter):
    """Time, level, logger and message on one line; a traceback follows on lines of its own."""

    def __init__(self) -> None:
        self.converter = time.gmtime
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, with nothing in it that could begin another one."""
        line = super().formatMessage(record)
        return "".join(c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}" for c in line)
