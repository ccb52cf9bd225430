"""One file that holds the whole database, and the way back (`manage.py backup` and `restore`)."""

from __future__ import annotations

from . import postgresql, sqlite
from .container import BackupError, Manifest, read, write
from .scratch import scratch

__all__ = ["BackupError", "Manifest", "postgresql", "read", "scratch", "sqlite", "write"]
