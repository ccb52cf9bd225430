"""Items of `reasoning_details`: thinking that the server wants back, in pieces that name their item by index."""

from __future__ import annotations

from typing import Any

from .. import loose
from ..repair import clean_all

_GROWING = ("text", "summary", "data")


class Detail:
    """One item as far as it is known."""

    def __init__(self) -> None:
        self._place: tuple[Any, Any] = None, None
        self._members: dict[str, Any] = {}
        self._texts: dict[str, list[str]] = {}

    def goes_on(self, piece: dict[str, Any]) -> bool:
        """Whether this piece belongs to this item."""
        return piece.get("index") is not None and (piece.get("type"), piece.get("index")) == self._place

    def add(self, piece: dict[str, Any]) -> str:
        """Take a piece in; what of it was new, as text, to be measured."""
        fresh: dict[str, Any] = {}
        if not self._members:
            self._place = piece.get("type"), piece.get("index")
        for name, value in piece.items():
            if name in _GROWING and value and isinstance(value, str):
                self._texts.setdefault(name, []).append(value)
                fresh[name] = value
                self._members.setdefault(name, "")
            elif value is not None and self._members.get(name) != value:
                fresh[name] = self._members[name] = value
        return loose.compact(fresh) if fresh else ""

    @property
    def whole(self) -> dict[str, Any]:
        """The item, put together and repaired."""
        joined = {name: "".join(texts) for name, texts in self._texts.items()}
        whole: dict[str, Any] = clean_all(self._members | joined)
        return whole
