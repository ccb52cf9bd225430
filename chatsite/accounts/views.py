"""A person's own account. Signing in and out, and all about passwords, is allauth's."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from .forms import ModelForm, ProfileForm, ThemeForm
from .models import User


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The account's page, and what is changed on it."""
    user = cast(User, request.user)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("account")
    return render(request, "accounts/account.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme."""
    return _remember(request, ThemeForm(request.POST, instance=cast(User, request.user)))


@require_POST
def model(request: HttpRequest) -> HttpResponse:
    """Remember the model chosen last."""
    return _remember(request, ModelForm(request.POST, instance=cast(User, request.user)))


def _remember(request: HttpRequest, form: forms.ModelForm[User]) -> HttpResponse:
    """Save the form's one field; what is sent from a page's script needs no page in return."""
    if not form.is_valid():
        sentence = next(iter(form.errors.values()))[0]
        return HttpResponse(format_html('<p role="alert" data-reason="bad">{}</p>', sentence), status=400)
    form.instance.save(update_fields=list(form.fields))
    return HttpResponse(status=204) if request.headers.get("X-Fragment") == "1" else redirect("account")
