"""What people fill in about themselves."""

from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar, cast

from allauth.account import forms as allauth
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .adapter import AccountAdapter
from .models import User


class LoginForm(allauth.LoginForm):
    """E-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name(self.fields["login"], _("E-mail"))
        _name(self.fields["password"], _("Password"))
        self.fields["password"].help_text = ""


class SignupForm(allauth.SignupForm):
    """Name, e-mail, password: no more is asked of anybody, and nothing else is taken."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    field_order = ("name", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name(self.fields["email"], _("E-mail"))
        _name(self.fields["password1"], _("Password"))
        self.fields["password1"].help_text = _("12 characters or more. A sentence is best.")

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponseBase | None]:
        """Make the account, unless somebody took the address between the question whether it is free and now."""
        try:
            return cast(tuple[User | None, HttpResponseBase | None], super().try_save(request))
        except IntegrityError:
            messages.error(request, AccountAdapter.error_messages["email_taken"])
            return None, redirect("account_login")


class ChangePasswordForm(allauth.ChangePasswordForm):
    """The old password, and twice the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name(self.fields["oldpassword"], _("Current password"))
        _name(self.fields["password1"], _("New password"))
        _name(self.fields["password2"], _("New password, again"))


class ZoneSelect(forms.Select):
    """Some six hundred options in one go: Django renders a template for each, a tenth of a second in all."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Its HTML."""
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((zone, SafeString(" selected") if zone == value else "", label) for zone, label in self.choices),
        )
        return format_html("<select{}>{}</select>", flatatt(self.build_attrs({"name": name}, attrs)), options)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may change about their own account."""

    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), widget=ZoneSelect)

    class Meta:
        model = User
        fields: ClassVar = ["name", "language", "time_zone", "theme", "speech", "shows_thinking"]
        labels: ClassVar = {
            "name": _("Name"),
            "theme": _("Theme"),
            "speech": _("Read answers aloud"),
            "shows_thinking": _("Show what a model thinks while it thinks"),
        }
        help_texts: ClassVar = {"speech": _("By a screen reader.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["language"].choices = [("", _("As the browser")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        zones = sorted({"UTC"} | zoneinfo.available_timezones() - {"localtime"})
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]

    def save(self, commit: bool = True) -> User:
        """Only these fields: whatever an administrator changes at the same moment stays changed."""
        user: User = self.instance
        user.save(update_fields=self.Meta.fields)
        return user


class ThemeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The theme alone, as the page's switch sends it."""

    class Meta:
        model = User
        fields: ClassVar = ["theme"]


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """The model chosen last. Whether it still can be asked is seen when it is asked."""

    class Meta:
        model = User
        fields: ClassVar = ["model"]


def _name(field: forms.Field, label: Any) -> None:
    """Our label, and no placeholder that would say it again."""
    field.label = label
    field.widget.attrs.pop("placeholder", None)
