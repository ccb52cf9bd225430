"""A title from the first words of a conversation."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

LONGEST = 60


def title_of(text: str) -> str:
    """The first words of this text on one line, at most 60 characters and never nothing."""
    words = " ".join(text.split())
    if not words:
        return _("New chat")
    return words if len(words) <= LONGEST else _cut(words) + "…"


def _cut(words: str) -> str:
    """The beginning, ended at the border of a word where there is one, never inside a character."""
    at = LONGEST - 1
    border = words.rfind(" ", LONGEST // 2, at + 1)
    if border > 0:
        return words[:border].rstrip(" ,;:.-–—")
    while at > 1 and (unicodedata.combining(words[at]) or words[at] in "\u200d\ufe0f" or words[at - 1] == "\u200d"):
        at -= 1
    return words[:at]
