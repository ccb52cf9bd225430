"""The audit app."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The record: who did what to whose."""

    name = "chatsite.audit"
    label = "audit"
