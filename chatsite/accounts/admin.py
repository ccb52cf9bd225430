"""People, as administrators see them: no passwords, and every change of rights in the record."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chatsite.audit.record import record

from .models import User

# An address is changed by its person, or not at all: whoever can change it can have the password's reset sent there.
admin.site.unregister(EmailAddress)


def _change_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Passwords are changed at one place, which records it."""
    return redirect("account_change_password")


admin.site.password_change = _change_password  # type: ignore[assignment, method-assign]

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Find people, deactivate them, have them choose a new password, and say what they may do."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "uid", "is_active", *RIGHTS, "language", "time_zone", "last_login", "date_joined")
    filter_horizontal = ("groups", "user_permissions")
    actions = ("deactivate", "start_reset")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only superusers give rights, and nobody gives or takes their own or shuts themselves out."""
        fields: tuple[str, ...] = ("uid", "last_login", "date_joined")
        if obj is not None:
            fields += ("email",)
        if obj == request.user:
            fields += ("is_active",)
        if not _superuser(request) or obj == request.user:
            fields += RIGHTS
        return fields

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Superusers are changed by superusers."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """The same, and nobody deletes themselves here."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj) and obj != request.user

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's deletion of many, which would not ask about each."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        """Only what was changed, so that what happens at the same moment stands; a new person gets no password here."""
        if change:
            columns = {field.name for field in User._meta.concrete_fields}
            obj.save(update_fields=[name for name in form.changed_data if name in columns])
        else:
            obj.set_unusable_password()
            obj.save()

    @admin.action(description=_("Deactivate"), permissions=["change"])
    def deactivate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Shut people out at once; what is theirs stays."""
        done = 0
        for person in people:
            if person != request.user and person.is_active and self.has_change_permission(request, person):
                person.is_active = False
                person.save(update_fields=["is_active"])
                self.log_change(request, person, "Deactivated.")
                done += 1
        self.message_user(request, ngettext("%d person deactivated.", "%d people deactivated.", done) % done)

    @admin.action(description=_("Have a new password chosen"), permissions=["change"])
    def start_reset(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Send a link with which the person chooses a new password; administrators never see one."""
        done = 0
        for person in people.filter(is_active=True):
            form = ResetPasswordForm({"email": person.email})
            if self.has_change_permission(request, person) and form.is_valid():
                record(request.user, "password.reset_started", owner=person)
                form.save(request)
                done += 1
        text = ngettext("Sent a link to %d person.", "Sent a link to %d people.", done) % done
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)


def _superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    return person is None or not person.is_superuser or _superuser(request)
