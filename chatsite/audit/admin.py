"""The record, to be looked at."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from .models import Audit


@admin.register(Audit)
class AuditAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who did what, to whose, when and why; nothing to be added, changed or deleted."""

    list_display = ("time", "actor", "action", "owner", "object_type", "object_id", "reason")
    list_filter = ("action",)
    search_fields = ("actor", "owner", "object_id")
    date_hierarchy = "time"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are added by what happens."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Audit | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Audit | None = None) -> bool:
        """Never."""
        return False
