"""Makes the first administrator of a new site, so that somebody can sign in to it."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.contrib.auth.models import Permission
from django.core.management.base import BaseCommand
from django.db import transaction

from chatsite.accounts.models import User

REVIEW = "review.read_conversation"


class Command(BaseCommand):
    """Takes DJANGO_SUPERUSER_EMAIL and DJANGO_SUPERUSER_PASSWORD, or makes up what is not given; does nothing twice."""

    help = "Makes an administrator who may also review conversations, unless there is an administrator already."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make one, and say what they may and how they sign in."""
        if User.objects.filter(is_superuser=True).exists():
            return
        email = os.environ.get("DJANGO_SUPERUSER_EMAIL") or "admin@example.com"
        password = os.environ.get("DJANGO_SUPERUSER_PASSWORD") or ""
        made_up = "" if password else secrets.token_urlsafe(12)
        admin = User.objects.create_superuser(email, password or made_up, name="Admin")
        app, codename = REVIEW.split(".")
        admin.user_permissions.add(Permission.objects.get(codename=codename, content_type__app_label=app))
        self.stdout.write(f"Made the administrator {email}, who may also review what others wrote ({REVIEW}).")
        if made_up:
            self.stdout.write(f"Password, shown only now: {made_up}")
