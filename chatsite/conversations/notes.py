"""What the page says about an answer that did not simply end: what happened, what was kept, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import State

if TYPE_CHECKING:
    from .models import Message, Run


@dataclass(frozen=True)
class Note:
    """A line or two under an answer. `grave` ones are alerts; `again` offers to regenerate, `go_on` to continue."""

    tone: str
    icon: str
    sentence: str
    more: str = ""
    reference: str = ""
    again: bool = False
    go_on: bool = False

    @property
    def grave(self) -> bool:
        """Whether it interrupts whoever listens."""
        return self.tone != "plain"


_LOST = gettext_lazy("the connection to the model was lost")
_SILENT = gettext_lazy("the model fell silent")
_ERROR = gettext_lazy("the model reported an error")
_UNREADABLE = gettext_lazy("part of it could not be read")
_RESTARTED = gettext_lazy("the server restarted")

CUT: Final[Mapping[str, str | Promise]] = {
    "upstream_unreachable": _LOST,
    "upstream_dns": _LOST,
    "upstream_tls": _LOST,
    "connection_lost": _LOST,
    "first_token_timeout": _SILENT,
    "stalled": _SILENT,
    "no_progress": _SILENT,
    "too_slow": gettext_lazy("it took longer than is allowed here"),
    "truncated": _LOST,
    "no_terminal": _LOST,
    "malformed": _UNREADABLE,
    "event_too_large": _UNREADABLE,
    "bad_response": _UNREADABLE,
    "redirect_refused": _UNREADABLE,
    "upstream_auth": _ERROR,
    "model_not_found": _ERROR,
    "upstream_rejected": _ERROR,
    "upstream_resting": _LOST,
    "context_too_long": gettext_lazy("the conversation is too long for the model"),
    "upstream_error": _ERROR,
    "upstream_error_event": _ERROR,
    "billing": _ERROR,
    "content_filter": gettext_lazy("the provider’s filter ended it"),
    "rate_limited": _ERROR,
    "too_long": gettext_lazy("it grew too long"),
    "quota": gettext_lazy("your allowance is used up"),
    "account_disabled": gettext_lazy("the account was disabled"),
    "token_revoked": gettext_lazy("the key was revoked"),
    "deleted": gettext_lazy("the conversation was deleted"),
    "server_stopped": _RESTARTED,
    "server_lost": _RESTARTED,
    "not_stored": gettext_lazy("it could not be stored"),
    "internal": gettext_lazy("something broke on our side"),
}
"""Why an answer of which something had been shown was cut, by the run's reason."""

_UNREACHABLE = gettext_lazy("The model service cannot be reached.")
_UNEXPECTED = gettext_lazy("The model service sent something unexpected.")
_SETUP = gettext_lazy("This service is not set up correctly; the administrator has been told.")
_BROKEN_OFF = gettext_lazy("The connection to the model was lost.")
_STILL = gettext_lazy("The model fell silent.")
_NEW_START = gettext_lazy("The server restarted.")

FAILED: Final[Mapping[str, str | Promise]] = {
    "upstream_unreachable": _UNREACHABLE,
    "upstream_dns": _UNREACHABLE,
    "upstream_tls": gettext_lazy("The secure connection to the model service failed."),
    "connection_lost": _BROKEN_OFF,
    "first_token_timeout": gettext_lazy("The model did not begin within {n} s."),
    "stalled": _STILL,
    "no_progress": _STILL,
    "too_slow": gettext_lazy("The answer took longer than is allowed here."),
    "truncated": _BROKEN_OFF,
    "no_terminal": _BROKEN_OFF,
    "malformed": _UNEXPECTED,
    "event_too_large": _UNEXPECTED,
    "bad_response": _UNEXPECTED,
    "redirect_refused": _UNEXPECTED,
    "upstream_auth": _SETUP,
    "model_not_found": gettext_lazy("This model is not available."),
    "upstream_rejected": gettext_lazy("The model service did not accept this question."),
    "upstream_resting": gettext_lazy("The model service breaks off all its answers just now."),
    "context_too_long": gettext_lazy("This conversation is too long for the model."),
    "upstream_error": _UNREACHABLE,
    "upstream_error_event": gettext_lazy("The model reported an error."),
    "billing": _SETUP,
    "content_filter": gettext_lazy("The provider’s filter refused this question."),
    "rate_limited": gettext_lazy("The model is busy."),
    "too_long": gettext_lazy("The answer grew too long."),
    "quota": gettext_lazy("Your allowance is used up."),
    "account_disabled": gettext_lazy("This account was disabled."),
    "token_revoked": gettext_lazy("This key was revoked."),
    "deleted": gettext_lazy("The conversation was deleted."),
    "server_stopped": _NEW_START,
    "server_lost": _NEW_START,
    "not_stored": gettext_lazy("The answer could not be stored."),
    "internal": gettext_lazy("Something broke on our side."),
}
"""What happened when nothing of an answer came, by the run's reason."""


def note_of(message: Message) -> Note | None:
    """What is to be said about this reply, if anything is. It has one button: to go on is better than to begin anew."""
    run: Run | None = getattr(message, "run", None)
    note = _note(message.state, run) if run else None
    return replace(note, again=False, go_on=True) if note and message.continuable else note


def _note(state: str, run: Run) -> Note | None:
    match state:
        case State.STOPPED:
            return _stopped(run)
        case State.INTERRUPTED:
            return _cut(run)
        case State.FAILED:
            return _failed(run)
        case State.COMPLETE:
            return _ended(run.finish_reason)
    return None


def _stopped(run: Run) -> Note:
    if run.reason in CUT:
        return _cut(run)
    return Note("plain", "circle-stop", _("You stopped this answer."), _("What was written is kept."))


def _cut(run: Run) -> Note:
    sentence = _("The answer was cut off: {reason}.").format(reason=CUT.get(run.reason, CUT["internal"]))
    return Note("warning", "unplug", sentence, _("Everything up to here is kept."), run.error_id, again=True)


def _failed(run: Run) -> Note:
    sentence = str(FAILED.get(run.reason, FAILED["internal"])).format(n=f"{settings.FIRST_EVENT_SECONDS:g}")
    if run.kind == "overloaded" and run.reason != "upstream_resting":
        sentence = str(FAILED["rate_limited"])
    more = _("Your message is kept. Try again, or choose another model.")
    if run.retry_at and run.retry_at > timezone.now():
        at = time_format(timezone.localtime(run.retry_at + timedelta(minutes=1)), "H:i")  # no minute too early
        more = _("Your message is kept. Try again at {time}, or choose another model.").format(time=at)
    return Note("danger", "circle-alert", sentence, more, run.error_id, again=True)


def _ended(finish_reason: str) -> Note | None:
    match finish_reason:
        case "length":
            return Note("plain", "scissors", _("The answer reached its length limit."))
        case "content_filter":
            return Note("warning", "ban", _("The provider’s filter ended this answer here."))
        case "refusal":
            return Note("plain", "ban", _("The model declined to answer."))
    return None
