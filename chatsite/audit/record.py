"""The one way into the record."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from .models import Audit


def record(
    actor: object | None,
    action: str,
    *,
    owner: object | None = None,
    object: models.Model | None = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> Audit:
    """Add a row: who did what, to whose, to which thing, and why.

    It belongs to the transaction around it: what is not recorded has not happened. `detail` never holds content.
    An actor of None is the machine itself: a command, or somebody who has not signed in.
    """
    return Audit.objects.create(
        actor_id=_id(actor),
        actor=_label(actor),
        action=action,
        owner_id=_id(owner),
        owner=_label(owner),
        object_type=object._meta.label_lower if object is not None else "",
        object_id=_id(object),
        object=_label(object),
        reason=reason,
        detail=detail or {},
    )


def _id(thing: object | None) -> str:
    """Its `uid`, which unlike its key is never given to another; the key where it has none."""
    uid = getattr(thing, "uid", None) or getattr(thing, "pk", None)
    return str(uid) if isinstance(uid, uuid.UUID | int | str) else ""


def _label(thing: object | None) -> str:
    """What it calls itself for the record; nothing where that would be people's words, as a title is."""
    return str(getattr(thing, "label", ""))[:400]
