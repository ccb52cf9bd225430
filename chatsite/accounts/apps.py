"""The accounts app."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sessions, groups, keys, preferences."""

    name = "chatsite.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to what the record is to hold."""
        from . import signals  # noqa: F401 - importing it is what connects it
