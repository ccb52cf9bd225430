"""The engine as a Django application: it has no tables, so this only gives it a name."""

from __future__ import annotations

from django.apps import AppConfig


class StreamingConfig(AppConfig):
    """Named so that settings, checks and logs can speak of it."""

    name = "streaming"
    verbose_name = "Streaming"
