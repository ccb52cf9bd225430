"""What allauth does our way."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from chatsite.audit.record import record

from .addresses import client
from .models import User
from .rights import acting

TRIES = 5
_FEW = (
    _("E-mail or password is not right. It works again in 5 minutes."),
    _("E-mail or password is not right. One more try, then a pause of 5 minutes."),
    _("E-mail or password is not right. Two more tries, then a pause of 5 minutes."),
)


class AccountAdapter(DefaultAccountAdapter):
    """Our rules and our words."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("E-mail or password is not right."),
        "too_many_login_attempts": _("Too many tries. It works again in 5 minutes."),
        "email_taken": _("There is an account with this address already. Sign in, or reset its password."),
        "enter_current_password": _("That is not your password."),
        "incorrect_password": _("That is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether anybody may make an account."""
        return settings.SIGNUP == "open"

    def clean_email(self, email: str) -> str:
        """No longer than we can keep: allauth would cut the rest off."""
        longest = User._meta.get_field("email").max_length or 0
        if len(email) > longest:
            raise ValidationError(_("%(count)d characters at most."), params={"count": longest})
        return email

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """A new person, with exactly what the form asks for."""
        user.name = form.cleaned_data["name"]
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def set_password(self, user: User, password: str) -> None:
        """Set the password and say so in the record, both or neither.

        Only this field is written, so that a deactivation at the same moment stands.
        """
        user.set_password(password)
        with transaction.atomic():
            user.save(update_fields=["password"])
            record(user, "password.changed" if acting() == user else "password.reset", owner=user)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Nobody's password is blank or holds a NUL, whatever stands behind (S-40)."""
        password = credentials.get("password") or ""
        if not password.strip() or "\0" in password:
            return None
        user: User | None = super().authenticate(request, **credentials)
        return user

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Say how many tries are left where they are few; the same for addresses that nobody has."""
        if code == "email_password_mismatch" and (left := self._tries_left()) is not None and left < 3:
            return ValidationError(_FEW[left], code=code)
        refusal: ValidationError = super().validation_error(code, *args)
        return refusal

    def _tries_left(self) -> int | None:
        """How often this address may still be tried, by allauth's own count, which it has just added to."""
        counted = getattr(self, "_login_failed_rl_usage", None)
        if counted is None:
            return None
        tries = max((len(cache.get(one.cache_key, [])) for one in counted.usage[1:]), default=0)
        return max(0, TRIES - tries)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom limits count: whoever is in front of our own proxies, whatever they say of themselves (S-48)."""
        return client(request.META, settings.TRUSTED_PROXIES)

    def format_email_subject(self, subject: str) -> str:
        """Which place writes."""
        return f"{settings.SITE_NAME}: {subject}"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the account."""
        return reverse("account")

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *a: Any, **k: Any
    ) -> None:
        """Nothing about what can be seen anyway: that one is in, or out."""
        if message_template not in ("account/messages/logged_in.txt", "account/messages/logged_out.txt"):
            super().add_message(request, level, message_template, *a, **k)
