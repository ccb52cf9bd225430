"""Which passwords are good enough: long, in no list of stolen ones, and not made of what everybody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .models import User

SHORTEST, LONGEST = 12, 256
# What must be left of a password when the words that anybody would guess first are taken out.
_LEFT = 8


class ContextValidator:
    """Length, and no password made of the product's, the organisation's or the person's own words."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise what is wrong with it, for people."""
        if len(password) < SHORTEST:
            raise ValidationError(_("This one is too short: 12 characters are needed."), code="password_too_short")
        if not password.strip():
            raise ValidationError(_("Spaces alone are too easy to guess; choose another."), code="password_blank")
        if len(password) > LONGEST:
            raise ValidationError(_("256 characters at most."), code="password_too_long")
        rest = password.casefold()
        for word in _words(user):
            rest = rest.replace(word, "")
        if len(rest) < len(password.casefold()) and len(re.sub(r"\W|_", "", rest)) < _LEFT:
            raise ValidationError(
                _("This one is made of your name, your address or the name of this place; choose another."),
                code="password_too_close",
            )

    def get_help_text(self) -> str:
        """What stands under the box."""
        return _("12 characters or more. A sentence is best.")


class CommonValidator(CommonPasswordValidator):
    """No password out of the list of stolen ones."""

    def get_error_message(self) -> str:
        """Said when it is in the list."""
        return _("This one is in lists of stolen passwords; choose another.")

    def get_help_text(self) -> str:
        """Nothing: the rule needs no explaining before it is broken."""
        return ""


def _words(user: User | None) -> Iterator[str]:
    """The words to be guessed first, longest first."""
    texts = [settings.SITE_NAME, settings.ORGANISATION]
    if user is not None:
        texts += [user.email, user.name]
    words = {word for text in texts for word in re.split(r"[\W_]+", text.casefold()) if len(word) > 2}
    yield from sorted(words, key=len, reverse=True)
