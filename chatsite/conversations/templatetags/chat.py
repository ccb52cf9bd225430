"""What the templates of the chat need beyond Django's own tags."""

from __future__ import annotations

import re

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chatsite.accounts.models import User

from ..engine import log
from ..groups import Groups, groups_of
from ..models import Message, Run
from ..notes import Note, note_of
from ..phrases import PHRASES
from ..setup import Refusal, refusals

register = template.Library()

BETWEEN_BLOCKS = re.compile(r"(?<=\n\n)(?=[^\n])")
LIMITS = {"message": "MAX_MESSAGE_CHARACTERS", "quiet": "PROGRESS_SECONDS"}
NARROW = "\N{NARROW NO-BREAK SPACE}"


@register.simple_tag
def icon(name: str, kind: str = "") -> SafeString:
    """An icon of the sprite; `kind` are more classes, such as `icon--small`. The word stands beside it."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f" {kind}" if kind else "",
        static("sprite.svg"),
        name,
    )


@register.simple_tag
def words() -> SafeString:
    """The words that the page's scripts say."""
    return json_script({key: str(phrase) for key, phrase in PHRASES.items()}, "words")


@register.simple_tag
def limit(name: str) -> str:
    """One of the limits that a page has to know."""
    return f"{getattr(settings, LIMITS[name]):.15g}"


@register.simple_tag
def latest(user: User) -> Groups:
    """This person's conversations for a sidebar beside a page that is not about one."""
    return groups_of(user)


@register.simple_tag
def note(message: Message) -> Note | None:
    """What is to be said about a reply that did not simply end."""
    return note_of(message)


@register.simple_tag
def refused(user: User) -> list[Refusal]:
    """The services that do not accept our key, for an administrator's eyes."""
    return refusals() if user.is_staff else []


@register.simple_tag
def delayed(user: User) -> bool:
    """Whether this process cannot follow what others write (D-07), for an administrator's eyes."""
    return user.is_staff and log.away


@register.filter
def exact(text: str) -> SafeString:
    """The text for HTML, character for character: a browser would read a carriage return as a line feed."""
    return SafeString(escape(text).replace("\r", "&#13;"))


@register.filter
def blocks(text: str) -> list[SafeString]:
    """The text in blocks that end with an empty line; joined, they are the text. `blocks.js` cuts alike."""
    return [exact(block) for block in BETWEEN_BLOCKS.split(text)] if text else []


@register.filter
def duration(seconds: float | None) -> str:
    """How long something took, as people say it; nothing for what has not ended."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return _("{n} s").format(n=f"{seconds:.1f}").replace(" ", NARROW)
    return whole(seconds)


@register.filter
def whole(seconds: float) -> str:
    """A duration in whole seconds, at least one."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    said = _("{minutes} min {n} s").format(minutes=minutes, n=rest) if minutes else _("{n} s").format(n=rest)
    return said.replace(" ", NARROW)


@register.filter
def age(run: Run) -> str:
    """Seconds since this run began, for a script that must not trust its own clock to agree with ours."""
    return f"{max(0.0, (timezone.now() - run.created).total_seconds()):.1f}"


@register.filter
def phase(message: Message) -> str:
    """Which part of a reply is being written: nothing yet, the thinking, or the text."""
    if message.waiting:
        return "waiting"
    if message.text or message.refusal or message.tool_calls:
        return "writing"
    return "thinking" if message.reasoning else "waiting"
