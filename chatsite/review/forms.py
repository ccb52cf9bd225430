"""What a reviewer fills in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ReasonForm(forms.Form):
    """Why a conversation is opened."""

    reason = forms.CharField(
        label=_("Why do you open this conversation?"),
        help_text=_("The reason is recorded before anything is shown."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class FilterForm(forms.Form):
    """Which conversations are listed."""

    person = forms.CharField(label=_("Person"), required=False, max_length=200)
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)
