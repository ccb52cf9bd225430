"""What may be sent, and how it is read: ids are typed and parsed once (S-02), words are normalised once (F10)."""

from __future__ import annotations

import re
import unicodedata
import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from streaming.dialects.repair import clean

from . import problems

CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INVISIBLE = {"Zs", "Zl", "Zp", "Cc", "Cf"}


def uid_of(value: object) -> uuid.UUID | None:
    """The id of this text in its one canonical form; None for everything else."""
    return uuid.UUID(value) if isinstance(value, str) and CANONICAL.fullmatch(value) else None


class One(forms.TextInput):
    """A value that may be given once: two of a name are no value but a list."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The value, None if there is none, the list if there are several."""
        values = data.getlist(name) if hasattr(data, "getlist") else [data[name]] if name in data else []
        return values[0] if len(values) == 1 else values or None


class UidField(forms.Field):
    """A UUID in its canonical form."""

    widget = One

    def to_python(self, value: Any) -> uuid.UUID | None:
        """The id, or a refusal."""
        if value in self.empty_values:
            return None
        uid = uid_of(value)
        if uid is None:
            raise ValidationError("not an id", code="bad")
        return uid


class WordsField(forms.Field):
    """What a person wrote, as it will be kept: same characters as an answer may have, lines ended by LF."""

    widget = One

    def to_python(self, value: Any) -> str:
        """The words, normalised."""
        if value is not None and not isinstance(value, str):
            raise ValidationError("not one text", code="bad")
        return clean((value or "").replace("\r\n", "\n").replace("\r", "\n"))

    def validate(self, value: str) -> None:
        """Refuse what nobody could see."""
        if all(unicodedata.category(letter) in INVISIBLE for letter in value):
            raise ValidationError("nothing to see", code="empty")


class Checked(forms.Form):
    """A form that says what is wrong with it as one problem."""

    @property
    def problem(self) -> problems.Problem:
        """The first thing to be said about what was sent."""
        codes = {str(error.code) for errors in self.errors.as_data().values() for error in errors}
        known = {"empty": problems.Empty, "too_long": problems.TooLong}
        return next((known[code]() for code in known if code in codes), problems.Problem())

    def checked(self) -> dict[str, Any]:
        """The values; raises the problem."""
        if not self.is_valid():
            raise self.problem
        return self.cleaned_data


class ReplyForm(Checked):
    """Asks for a reply to what is already there; without a model it is the one that was used."""

    client_id = UidField()
    model = forms.CharField(required=False, max_length=300, widget=One)


class MessageForm(ReplyForm):
    """Something a person says. Without a parent it follows the newest message."""

    text = WordsField()
    parent = UidField(required=False)

    def clean_text(self) -> str:
        """The text, if it is not too much."""
        text: str = self.cleaned_data["text"]
        if len(text) > settings.MAX_MESSAGE_CHARACTERS:
            raise ValidationError("too long", code="too_long")
        return text


class TitleForm(Checked):
    """A new title, on one line."""

    title = WordsField()

    def clean_title(self) -> str:
        """The title, if it is not too much."""
        title = " ".join(self.cleaned_data["title"].split())
        if len(title) > 200:
            raise ValidationError("too long", code="bad")
        return title
