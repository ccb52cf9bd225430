"""The review app."""

from __future__ import annotations

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Reading other people's conversations, and answering for it."""

    name = "chatsite.review"
    label = "review"
