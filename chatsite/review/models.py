"""Review keeps nothing of its own yet; this is where its permission lives."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Review(models.Model):  # noqa: DJ008 - there never is one to be printed
    """Stands for the reading of other people's conversations; there is no table."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions: ClassVar = [("read_conversation", "Can read other people's conversations")]
