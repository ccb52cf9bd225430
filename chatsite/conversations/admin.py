"""Conversations and runs, as administrators see them: whose, when, how many, how it went. No words but titles."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from chatsite.accounts.models import User

from .forms import uid_of
from .models import Conversation, Run, State


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """To be looked at; found by a person's address or by an id, never by words."""

    search_fields = ("owner__email",)
    search_help_text = _("A person’s e-mail, or an id")
    date_hierarchy = "created"
    list_select_related = ("owner",)
    show_full_result_count = False
    actions = None

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """A whole id finds its one thing."""
        if uid := uid_of(search_term.strip().lower()):
            return queryset.filter(uid=uid), False
        return super().get_search_results(request, queryset, search_term)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from the page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Their owner deletes them."""
        return False


class ByModel(admin.SimpleListFilter):
    """Conversations in which a model has answered."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every model that ever answered."""
        names = Run.objects.order_by("model").values_list("model", flat=True).distinct()
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> QuerySet[Conversation]:
        """Those with an answer of this one."""
        if not self.value():
            return queryset
        return queryset.filter(Exists(Run.objects.filter(reply__conversation=OuterRef("pk"), model=self.value())))


class ByState(admin.SimpleListFilter):
    """Conversations by what became of their newest answer."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Any]:
        """The five."""
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> QuerySet[Conversation]:
        """Those whose newest answer is in this state."""
        chosen: dict[str, Any] = {"newest_state": self.value()}
        return queryset.filter(**chosen) if self.value() else queryset


@admin.register(Conversation)
class ConversationAdmin(ReadOnly):
    """Titles and numbers. What was said is read at one place, which records the reading."""

    list_display = ("title", "owner", "state", "said", "created", "touched")
    list_filter = (ByState, ByModel, "source", "touched")
    fields = ("title", "owner", "uid", "source", "state", "said", "models", "created", "touched", "transcript")
    readonly_fields = ("state", "said", "models", "transcript")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """What its owner has deleted is gone from here too."""
        there = Conversation.objects.filter(deleted_at__isnull=True).defer("settings")
        return there.with_state().annotate(said=Count("messages"))

    def get_fields(self, request: HttpRequest, obj: Conversation | None = None) -> Any:
        """Those who may read see where."""
        allowed = cast(User, request.user).granted("review.read_conversation")
        return self.fields if allowed else [name for name in self.fields if name != "transcript"]

    @admin.display(description=_("state"))
    def state(self, obj: Conversation) -> str:
        """What became of the newest answer."""
        state = getattr(obj, "newest_state", None)
        return str(State(state).label) if state else ""

    @admin.display(description=_("messages"), ordering="said")
    def said(self, obj: Conversation) -> int:
        """How many messages there are, on all branches."""
        return int(getattr(obj, "said", 0))

    @admin.display(description=_("models"))
    def models(self, obj: Conversation) -> str:
        """Which models have answered."""
        names = Run.objects.filter(reply__conversation=obj).order_by("model").values_list("model", flat=True)
        return ", ".join(names.distinct())

    @admin.display(description=_("transcript"))
    def transcript(self, obj: Conversation) -> SafeString:
        """Where it is read."""
        return format_html(
            '<a href="{}">{}</a>', reverse("review:conversation", args=[obj.uid]), _("Read it in review")
        )


@admin.register(Run)
class RunAdmin(ReadOnly):
    """Numbers, times and reasons of every answer."""

    list_display = (
        "created",
        "owner",
        "model",
        "upstream",
        "state",
        "reason",
        "error_id",
        "input_tokens",
        "output_tokens",
    )
    list_filter = ("state", "model", "upstream", "reason", "created")
    exclude = ("reply", "sampling", "worker", "fence", "lease_until")
    readonly_fields = ("uid", "created")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Run], search_term: str) -> Any:
        """The reference that a person reads out finds its run."""
        term = search_term.strip().upper()
        if 4 <= len(term) <= 6 and (found := queryset.filter(error_id=term)).exists():
            return found, False
        return super().get_search_results(request, queryset, search_term)
