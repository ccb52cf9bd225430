"""The server as an app of Django's, for its command."""

from __future__ import annotations

from django.apps import AppConfig


class ServerConfig(AppConfig):
    """Daphne with limits, back-pressure and a clean end."""

    name = "chatsite.server"
    label = "server"
