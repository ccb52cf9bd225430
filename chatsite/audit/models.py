"""The record. People and things stand in it by id and label, without foreign keys, so that it outlives them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Audit(models.Model):
    """One thing that somebody did: who, to whose, what, when, and why. Never any content.

    Rows are only ever added. `previous` and `hash` are for the chain that makes a missing row visible.
    """

    time = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    actor_id = models.CharField(max_length=64, blank=True)
    actor = models.CharField(_("who"), max_length=400, blank=True)
    action = models.CharField(_("what"), max_length=64)
    owner_id = models.CharField(max_length=64, blank=True)
    owner = models.CharField(_("whose"), max_length=400, blank=True)
    object_type = models.CharField(max_length=64, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object = models.CharField(_("which"), max_length=400, blank=True)
    reason = models.CharField(_("why"), max_length=1000, blank=True)
    detail: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    previous = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("record")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["owner_id", "-id"], name="audit_owner"),
            models.Index(fields=["actor_id", "-id"], name="audit_actor"),
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_object"),
        ]

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.object}"
