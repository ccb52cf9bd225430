"""A person's own account."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("", views.account, name="account"),
    path("theme/", views.theme, name="account_theme"),
    path("model/", views.model, name="account_model"),
]
