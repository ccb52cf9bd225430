"""The list in the sidebar: a person's latest conversations under the words one would use for their day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chatsite.accounts.models import User

from .models import Conversation

MOST = 200
"""How many conversations the sidebar lists."""

Groups: TypeAlias = list[tuple[str, list[Conversation]]]


def groups_of(user: User) -> Groups:
    """This person's latest conversations, newest first, under headings; one query."""
    latest = Conversation.objects.owned_by(user).with_state().defer("settings").order_by("-touched", "-id")[:MOST]
    return grouped(latest, zone_of(user))


def grouped(conversations: Iterable[Conversation], zone: ZoneInfo) -> Groups:
    """These conversations, which are in order, under headings of days as this time zone has them."""
    today = timezone.now().astimezone(zone).date()
    days = groupby(conversations, lambda one: heading(one.touched.astimezone(zone).date(), today))
    return [(name, list(some)) for name, some in days]


def heading(day: date, today: date) -> str:
    """What one calls this day today."""
    match (today - day).days:
        case ago if ago <= 0:
            return _("Today")
        case 1:
            return _("Yesterday")
        case ago if ago <= 7:
            return _("Previous 7 days")
        case ago if ago <= 30:
            return _("Previous 30 days")
    return date_format(day, "F Y")


def zone_of(user: User) -> ZoneInfo:
    """The time zone that the person has set, if this machine knows it."""
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
