"""The conversations app."""

from __future__ import annotations

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Conversations, messages, runs; and what the engine asks of the product."""

    name = "chatsite.conversations"
    label = "conversations"
