"""People: the e-mail address is the login, and there is no user name."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Permission, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import rights


class UserManager(BaseUserManager["User"]):
    """Makes people, and finds them by their address whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new person; without a password nobody can sign in as them yet."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Somebody who may do anything in the admin, but read nobody's conversations."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """The person with this address, without regard to case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account.

    `auth_epoch` is raised by whatever ends other sessions (password, role, deactivation); sockets compare it.
    `model` is the id of the model chosen last.
    """

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Speech(models.TextChoices):
        """When a screen reader reads an answer aloud by itself."""

        WRITING = "writing", _("While they are written")
        FINISHED = "finished", _("When they are finished")
        NEVER = "never", _("Not by itself")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(
        _("e-mail"),
        max_length=254,
        unique=True,
        error_messages={"unique": _("There is an account with this address already.")},
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    theme = models.CharField(_("theme"), max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    # The database knows the defaults too: a worker of the version before makes accounts without these.
    speech = models.CharField(
        _("reading aloud"), max_length=8, choices=Speech.choices, default=Speech.WRITING, db_default=Speech.WRITING
    )
    shows_thinking = models.BooleanField(_("shows thinking"), default=False, db_default=False)
    model = models.CharField(_("last model"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    auth_epoch = models.PositiveIntegerField(default=0, editable=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the address in lower case, as sign-in looks for it.

        Whatever changes what somebody may do, or their password, also ends their sessions and stands in the record.
        """
        self.email = self.email.lower()
        with rights.watched(self, kwargs.get("update_fields")):
            super().save(*args, **kwargs)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """As Django's, but a superuser does not review others' conversations by being one."""
        if self.is_superuser and perm.startswith("review."):
            return self.granted(perm)
        return super().has_perm(perm, obj)

    def granted(self, perm: str) -> bool:
        """Whether this person, or a group of theirs, was expressly given a permission."""
        app, _, codename = perm.partition(".")
        to_them = Q(user=self) | Q(group__user=self)
        found = Permission.objects.filter(to_them, content_type__app_label=app, codename=codename)
        return self.is_active and found.exists()

    @property
    def initials(self) -> str:
        """At most two letters that stand for this person."""
        words = (self.name or self.email.split("@")[0]).split()
        return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()

    @property
    def label(self) -> str:
        """How the record names this person, readable after the account is gone."""
        return f"{self.name} <{self.email}>" if self.name else self.email
