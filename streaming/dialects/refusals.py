"""Failures told to those who call us: the parts that both dialects share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from ..events import Event, Failed, Stopped

_LOCAL: Final[Mapping[str, int]] = {
    "quota": 429,
    "account_disabled": 403,
    "token_revoked": 401,
    "deleted": 404,
    "too_long": 413,
    "server_stopped": 503,
    "server_lost": 503,
    "not_stored": 503,
}
"""The statuses of what we ended ourselves; the rest is 500."""

STOPPED: Final = "The answer was stopped."


def status_of(failed: Failed, statuses: Mapping[str, int]) -> int:
    """The HTTP status, by the dialect's own table of kinds."""
    if failed.kind == "local":
        return _LOCAL.get(failed.reason, 500)
    return statuses.get(failed.kind, 500)


def headers_of(failed: Failed) -> dict[str, str]:
    """What tells a client whether, and when, to ask again. The official ones would do so on their own."""
    found = {"content-type": "application/json"}
    if not failed.retryable:
        found["x-should-retry"] = "false"
    if failed.retry_after is not None:
        found["retry-after"] = str(math.ceil(failed.retry_after))
    return found


def told(event: Event) -> str:
    """What a client is told of an answer that has no good end."""
    return event.message if isinstance(event, Failed) else STOPPED


def kind_of(event: Event) -> str:
    """The kind of an end that is not good."""
    return event.kind if isinstance(event, Failed) else "local"


def reason_of(event: Event) -> str:
    """The finer word, where the dialect has none of its own."""
    if isinstance(event, Failed):
        return event.reason
    return "stopped" if isinstance(event, Stopped) else ""
