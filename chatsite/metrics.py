"""`GET /metrics`: how this place is doing, in Prometheus' text format, all workers together.

The engine counts in plain numbers (`streaming.tally`); once a second what has changed is handed on. Under a supervisor
each worker keeps its numbers in files of one folder (`PROMETHEUS_MULTIPROC_DIR`), so that any of them can answer.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from hmac import compare_digest
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import Counter as Total
from prometheus_client.multiprocess import MultiProcessCollector

from chatsite.conversations.engine import Engine, engine
from streaming.consumers import watch
from streaming.tally import tally

EVERY: Final = 1.0
"""Seconds between two looks."""
LOOPBACK: Final = ("127.0.0.1", "::1")
FORWARDED: Final = {
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_REAL_IP",
    *(f"HTTP_X_FORWARDED_{of}" for of in ("FOR", "PROTO", "HOST")),
}
"""Headers by which a proxy tells that somebody else asks."""
FIRST: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

running = Gauge("chatsite_runs_running", "Answers being written now.", multiprocess_mode="livesum")
ended = Total("chatsite_runs_ended", "Answers that have ended, by how and why.", ["how", "reason"])
first = Histogram("chatsite_first_text_seconds", "From a question to the first word.", buckets=FIRST)
events = Total("chatsite_relayed_events", "Events sent to pages.")
octets = Total("chatsite_relayed_bytes", "Bytes sent to pages over sockets.")
viewers = Gauge("chatsite_viewers", "Open sockets.", multiprocess_mode="livesum")
closed = Total("chatsite_sockets_closed", "Sockets that we closed, by code; 4408 does not read.", ["code"])
failed = Total("chatsite_upstream_errors", "Attempts that failed at a model's server, by kind.", ["kind"])
lag = Gauge("chatsite_recorder_lag_seconds", "Age of the oldest text not stored yet.", multiprocess_mode="livemax")
late = Gauge("chatsite_loop_lag_seconds", "How late the event loop was just now.", multiprocess_mode="livemax")
away = Gauge("chatsite_log_away", "1 while the log of answers cannot be reached.", multiprocess_mode="livemax")


class Meter:
    """Hands on what has been counted since it last looked."""

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}

    async def rounds(self) -> None:
        """Look, again and again, for as long as the process lives."""
        while True:
            due = time.monotonic() + EVERY
            await asyncio.sleep(EVERY)
            late.set(max(0.0, time.monotonic() - due))
            self.look(engine())

    def look(self, engine: Engine) -> None:
        """Once."""
        running.set(engine.runs.live)
        viewers.set(len(watch.sockets))
        lag.set(engine.recorder.lag)
        away.set(engine.log.away)
        self._add(events, "events", tally.events)
        self._add(octets, "bytes", tally.bytes)
        self._spread(ended, "ended", tally.ended)
        self._spread(closed, "closed", tally.closed)
        self._spread(failed, "refused", tally.refused)
        waited, tally.first = tally.first, []
        for seconds in waited:
            first.observe(seconds)

    def _add(self, total: Total, name: str, now: int) -> None:
        total.inc(now - self._seen.get(name, 0))
        self._seen[name] = now

    def _spread(self, total: Total, name: str, now: Counter[Any]) -> None:
        """One series a key. Keys are names of ours, never a stranger's words."""
        for key, count in now.items():
            labels = key if isinstance(key, tuple) else (key,)
            total.labels(*map(str, labels)).inc(count - self._seen.get(f"{name} {key}", 0))
            self._seen[f"{name} {key}"] = count


meter: Final = Meter()
"""This process's."""


@login_not_required
@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers, for whoever asks on this machine with the token; to others there is nothing here."""
    if not _trusted(request):
        raise Http404
    meter.look(engine())
    return HttpResponse(await asyncio.to_thread(_written), content_type=CONTENT_TYPE_LATEST)


def _trusted(request: HttpRequest) -> bool:
    """A proxy on this machine would let the world in: what it forwards says so, and is not from here."""
    near = request.META.get("REMOTE_ADDR") in LOOPBACK and not FORWARDED & set(request.META)
    token = f"Bearer {settings.METRICS_TOKEN}".encode()
    given = request.headers.get("Authorization", "").encode()
    return bool(settings.METRICS_TOKEN) and near and compare_digest(given, token)


def _written() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
