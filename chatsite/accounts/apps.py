"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sessions, groups, keys, preferences."""

    name = "chatsite.accounts"
    label = "accounts"
