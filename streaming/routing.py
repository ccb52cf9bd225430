"""Where the socket is."""

from __future__ import annotations

from django.urls import URLPattern, path

from .consumers import Door, RelayConsumer
from .logs import Log


def routes(log: Log, door: Door) -> list[URLPattern]:
    """The addresses for a `URLRouter`: one socket, at `/ws/`."""
    return [path("ws/", RelayConsumer.as_asgi(log=log, door=door))]
