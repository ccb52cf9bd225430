"""The addresses of reviewers."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "review"
urlpatterns = [
    path("", views.listing, name="list"),
    path("c/<uuid:uid>/", views.conversation, name="conversation"),
]
