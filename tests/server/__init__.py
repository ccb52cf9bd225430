"""The server, from outside: raw sockets against a real process."""

from __future__ import annotations
