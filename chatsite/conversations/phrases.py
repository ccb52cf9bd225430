"""The words that the page's scripts say; `static/src/words.js` reads them from the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PHRASES: Final[Mapping[str, str | Promise]] = {
    # Beside an answer that is being written
    "waiting": _("Waiting for {model} · {time}"),
    "busy_model": _("{model} is busy. Trying again in {time}. Your message is kept."),
    "writing": _("{model} · writing"),
    "thinking": _("Thinking · {time}"),
    "thought": _("Thought for {time}"),
    "slow": _("Nothing new for {time}. Still connected; ends by itself at {limit}."),
    "offline": _("Offline. The answer goes on without you and will be here when you are back."),
    "reconnecting": _("Reconnecting…"),
    "catching_up": _("Catching up…"),
    "blocked": _("Live connection is blocked here. The answer comes every 2 s."),
    "delayed": _("Live text is delayed just now. The answer comes every few seconds."),
    "stopping": _("Stopping…"),
    "seconds": _("{n} s"),
    "minutes": _("{minutes} min {n} s"),
    "whole_minutes": _("{n} min"),
    # Only heard
    "sent": _("Sent. Waiting for {model}."),
    "heard_thinking": _("Thinking."),
    "heard_slow": _("Nothing new for 15 seconds."),
    "heard_caught_up": _("Caught up."),
    "heard_version": _("Version {version}, {model}"),
    "heard_version_of_yours": _("Version {version}"),
    "heard_stopped": _("Stopped."),
    "heard_finished": _("Answer finished."),
    "heard_code": _("Code, {lines}."),
    "heard_code_in": _("Code, {language}, {lines}."),
    "heard_line": _("{n} line"),
    "heard_lines": _("{n} lines"),
    "heard_row": _("Table, {n} row."),
    "heard_rows": _("Table, {n} rows."),
    "heard_formula": _("Formula."),
    # At the composer
    "reply": _("Reply…"),
    "not_sent": _("Not sent. Your text is in the box; try again."),
    "not_stopped": _("Not stopped: the server could not be reached. Try again."),
    "not_done": _("Not done: the server could not be reached. Try again."),
    "too_long": _("Too long to send. Your text is in the box; shorten it."),
    "busy": _("An answer is still being written. Your text is kept; send it when this one ends."),
    "count": _("{n} of {limit}"),
    "draft": _("Draft from {when}"),
    # Names of what scrolls within an answer
    "code": _("Code"),
    "table": _("Table"),
    "show_lines": _("Show {n} lines"),
    # Elsewhere
    "copied": _("Copied"),
    "deleted": _("Deleted “{title}”"),
    "undo": _("Undo"),
    "too_late": _("It is too late to bring this back."),
}
