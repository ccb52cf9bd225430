"""Text made fit to be sent and stored, once, where it comes in.

A model's server that cuts text by UTF-16 units sends one emoji as two halves in two deltas; Python can
neither encode a half nor join two of them by adding strings, and PostgreSQL takes no NUL. So a half at
the end of a delta waits for the next delta of its channel, a half that stays alone and every NUL become
U+FFFD, and nothing else is changed: nothing is trimmed, normalised or converted.
"""

from __future__ import annotations

import re
from typing import Any, Final

REPLACEMENT: Final = "�"

_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_BROKEN: Final = re.compile("[\0\ud800-\udfff]")


def clean(text: str) -> str:
    """The whole text, repaired."""
    if _BROKEN.search(text) is None:
        return text
    return _BROKEN.sub(REPLACEMENT, _PAIR.sub(_joined, text))


def clean_all(value: Any) -> Any:
    """The same plain value with every text in it repaired, names of members included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_all(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(name)): clean_all(item) for name, item in value.items()}
    return value


class Channel:
    """One channel's deltas, repaired across their borders."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """What can be passed on by now."""
        if not self._half and (text.isprintable() or _BROKEN.search(text) is None):
            return text
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return clean(text[:-1] if self._half else text)

    def flush(self) -> str:
        """What was still waiting; the channel has ended."""
        half, self._half = self._half, ""
        return REPLACEMENT if half else ""


def _joined(pair: re.Match[str]) -> str:
    """One character of two surrogates."""
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")
