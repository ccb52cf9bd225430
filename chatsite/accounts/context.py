"""What every page knows: where it is, and who looks at it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from .models import User


def site(request: HttpRequest) -> dict[str, Any]:
    """The place's names, whether one can sign up, and the person's theme, reading aloud and initials.

    Pages that are shown before anybody has been looked up, such as that of a refused form, have no `user`.
    """
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    return {
        "site_name": settings.SITE_NAME,
        "organisation": settings.ORGANISATION,
        "signup_open": settings.SIGNUP == "open",
        "open_http": settings.OPEN_HTTP,
        "theme": person.theme if person else User.Theme.SYSTEM,
        "speech": person.speech if person else User.Speech.WRITING,
        "initials": person.initials if person else "",
    }
