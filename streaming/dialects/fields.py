"""Fields of a question that a server does not take, told from its refusal, so that it can be asked again without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..prompts import Quirks
from . import loose
from .faults import READ, evidence

_REFUSALS: Final = (400, 422)
_UNKNOWN: Final = re.compile(
    r"un(supported|known|recogni[sz]ed|expected)|(not|n't) (be )?(supported?|permitted|allowed|accepted|recogni[sz]ed)"
    r"|extra|deprecated",
    re.IGNORECASE,
)


def without(quirks: Quirks, status: int, body: bytes, fields: Mapping[str, Mapping[str, Any]]) -> Quirks | None:
    """The quirks under which a question has none of the fields that this refusal names; None if it names none.

    `fields` says of each field which members of the quirks leave it out. Only a refusal that calls the field
    itself unknown counts: one that dislikes its value would be repeated.
    """
    if status not in _REFUSALS:
        return None
    try:
        report = loose.read_plain(body[:READ].decode(errors="replace"))
    except loose.Broken:
        return None
    found = evidence(report)
    if not _UNKNOWN.search(" ".join([*found.words, found.message, *_kinds(report)])):
        return None
    named = _named(report)
    changes: dict[str, Any] = {}
    for field, change in fields.items():
        if field in named or (not named and re.search(rf"\b{field}\b", found.message)):
            changes |= change
    changed = msgspec.structs.replace(quirks, **changes)
    return None if changed == quirks else changed


def _inner(report: Any) -> dict[str, Any]:
    inner = report.get("error") if isinstance(report, dict) else None
    return inner if isinstance(inner, dict) else report if isinstance(report, dict) else {}


def _details(report: Any) -> list[dict[str, Any]]:
    """FastAPI's complaints, each about one place in the body."""
    details = _inner(report).get("detail")
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


def _kinds(report: Any) -> list[str]:
    return [loose.text(detail.get("type")) for detail in _details(report)]


def _named(report: Any) -> set[str]:
    """The fields that are named in a place made for it."""
    param = loose.text(_inner(report).get("param"))
    places = [detail.get("loc") for detail in _details(report)]
    return {name for place in places if isinstance(place, list) for name in place if isinstance(name, str)} | (
        {param} if param else set()
    )
