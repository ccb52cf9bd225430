"""A conversation as a file: all of it as JSON, or what is read of it as Markdown. Words stay as they are (S-54)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from textwrap import indent
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as _

from .notes import note_of

if TYPE_CHECKING:
    from .models import Conversation, Message, Run

SCHEMA: Final = "chatsite/conversation/1"
"""Described in docs/export.md. What a reader of it must understand anew gets another number."""
TOKENS: Final = ("input", "output", "cache_read", "cache_write", "reasoning")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$", re.MULTILINE)
_NAME: Final = 60


def file_name(conversation: Conversation, ending: str) -> str:
    """A name that we made: letters, digits and hyphens of the title, and the day (S-58)."""
    title = slugify(conversation.title, allow_unicode=True)[:_NAME].strip("-_")
    return f"{title or 'conversation'}-{timezone.localdate():%Y-%m-%d}.{ending}"


def as_json(conversation: Conversation) -> str:
    """Every branch, with what became of each answer."""
    messages = conversation.messages.select_related("parent", "run", "continues").order_by("id")
    return json.dumps(
        {
            "schema": SCHEMA,
            "exported": timezone.now().isoformat(),
            "id": str(conversation.uid),
            "title": conversation.title,
            "created": conversation.created.isoformat(),
            "last_used": conversation.touched.isoformat(),
            "settings": conversation.settings,
            "messages": [_message(message) for message in messages],
        },
        ensure_ascii=False,
        indent=2,
    )


def as_markdown(conversation: Conversation, through: UUID | None = None) -> str:
    """One branch: the newest, or the newest of those that hold the message `through`."""
    path = conversation.path(through)
    now = date_format(timezone.localtime(), "Y-m-d H:i T")
    head = _("{site}, exported {time}").format(site=settings.SITE_NAME, time=now)
    return "\n\n".join([f"# {conversation.title}", head, *(piece for one in path for piece in _pieces(one))]) + "\n"


def _message(message: Message) -> dict[str, Any]:
    run: Run | None = getattr(message, "run", None)
    return {
        "id": str(message.uid),
        "parent": str(message.parent.uid) if message.parent else None,
        "continues": str(message.continues.uid) if message.continues else None,
        "role": message.role,
        "created": message.created.isoformat(),
        "state": message.state,
        "text": message.text,
        "reasoning": message.reasoning,
        "refusal": message.refusal,
        "tool_calls": message.tool_calls,
        "answer": _answer(run) if run else None,
    }


def _answer(run: Run) -> dict[str, Any]:
    return {
        "model": run.model,
        "finish_reason": run.finish_reason or None,
        "reason": run.reason or None,
        "reference": run.error_id or None,
        "first_text": run.first_at and run.first_at.isoformat(),
        "ended": run.ended_at and run.ended_at.isoformat(),
        "thought_seconds": run.thought_seconds,
        "tokens": {name: getattr(run, f"{name}_tokens") for name in TOKENS},
    }


def _pieces(message: Message) -> Iterator[str]:
    """One message in paragraphs; an answer that is not whole says so (I-10)."""
    run: Run | None = getattr(message, "run", None)
    who = run.model if run else _("You")
    yield f"## {who}, {date_format(timezone.localtime(message.created), 'Y-m-d H:i')}"
    if message.reasoning:
        yield f"<details>\n<summary>{_('Thought')}</summary>"
        yield _closed(message.reasoning)
        yield "</details>"
    for words in filter(None, (message.text, message.refusal)):
        yield _closed(words)
    for call in message.tool_calls:
        yield _("Asked for {name}; not run here:").format(name=f"`{call['name']}`")
        yield indent(call["arguments"], "    ", lambda line: True)
    if message.streaming:
        yield f"> {_('Was still being written.')}"
    elif note := note_of(message):
        reference = note.reference and _("Ref. {reference}").format(reference=note.reference)
        yield "> " + " ".join(filter(None, (note.sentence, note.more, reference)))


def _closed(text: str) -> str:
    """The text; where it leaves a fence open, as a cut answer may, with its end, or all that follows would be code."""
    left = ""
    for mark, rest in _FENCE.findall(text):
        if not left and not (mark[0] == "`" and "`" in rest):
            left = mark
        elif left and mark.startswith(left) and not rest.strip():
            left = ""
    return f"{text}\n{left}" if left else text
