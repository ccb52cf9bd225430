"""What is wrong with the services that we ask, for those who can do something about it (U-04)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from .models import Run, State

LATELY = timedelta(hours=24)
LOOKED_AT = 200
"""Runs, the newest ones: enough to know what every service said last, and read by the primary key."""
OURS = ("upstream_auth", "billing")
"""Reasons of which a person can only be told that somebody will see to it."""


class Refusal(NamedTuple):
    """A service that does not serve us: its name, when it last said so, and whether it is about money."""

    upstream: str
    at: datetime
    billing: bool


def refusals() -> list[Refusal]:
    """The services whose newest word to us is that our key or our account is no good."""
    newest: dict[str, tuple[str, datetime | None]] = {}
    runs = Run.objects.exclude(state=State.STREAMING).filter(ended_at__gt=timezone.now() - LATELY)
    for upstream, reason, at in runs.order_by("-id").values_list("upstream", "reason", "ended_at")[:LOOKED_AT]:
        newest.setdefault(upstream, (reason, at))
    return [
        Refusal(name, at, reason == "billing")
        for name, (reason, at) in newest.items()
        if reason in OURS and at is not None
    ]
