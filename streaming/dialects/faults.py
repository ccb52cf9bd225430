"""Servers' reports of faults, in every shape they are sent, made into `Failed`.

The shapes: an object under `error`, a flat one, bare text or `detail` or `message`, a list around any of
them, HTML, nothing. What cannot be read is judged by the HTTP status alone.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from ..errors import REASON, SENTENCE, UpstreamError
from ..events import Failed
from . import loose, words

READ: Final = 64 * 1024
"""The most bytes of an error's body that are looked at."""

_OURS: Final = ("auth", "permission")  # it is our key that failed: people can do nothing, and servers quote keys
_SECONDS: Final = re.compile(r"[+-]?\d{1,12}(\.\d{0,9})?", re.ASCII)


class Evidence(NamedTuple):
    """What a report says: words from the most specific to the least, an HTTP status, a sentence."""

    words: Sequence[str] = ()
    number: int | None = None
    message: str = ""


def in_stream(report: Any) -> Failed:
    """A fault reported in the middle of a stream; `report` is whatever JSON, or text, told of it."""
    return _failed(evidence(report), None, "upstream_error_event")


def in_body(report: Any) -> Failed:
    """A fault reported as a whole body, though the status was 200."""
    return _failed(evidence(report), None, None)


def in_answer(status: int, headers: Mapping[str, str], body: bytes) -> Failed:
    """Any answer whose status is not 200."""
    if status < 400:
        reason = "redirect_refused" if 300 <= status < 400 else "bad_response"
        return Failed.of(UpstreamError(reason, status=status))
    try:
        found = evidence(loose.read_plain(body[:READ].decode("utf-8-sig", "replace")))
    except loose.Broken:
        found = Evidence()
    return _failed(found, status, None, retry_after(headers))


def finished_badly(word: str) -> Failed:
    """A finish reason that means a fault, with no report beside it."""
    return _failed(Evidence([word]), None, "upstream_error_event")


def malformed() -> Failed:
    """Something that should have been JSON, or in another place."""
    return Failed.of(UpstreamError("malformed"))


def evidence(report: Any) -> Evidence:
    """What a report says, whatever its shape."""
    if isinstance(report, list) and report:
        report = report[0]
    if isinstance(report, str):
        return Evidence(message=report)
    if not isinstance(report, dict):
        return Evidence()
    inner = report.get("error")
    if isinstance(inner, str):
        return Evidence(_words(report), _number(report), inner)
    if not isinstance(inner, dict):
        return Evidence(_words(report), _number(report), _message(report))
    number = _number(inner)
    return Evidence(_words(inner), _number(report) if number is None else number, _message(inner))


def _words(report: dict[str, Any]) -> list[str]:
    """The words that name the fault, from the most specific to the least."""
    details, metadata = report.get("details"), report.get("metadata")
    found = [
        details.get("error_code") if isinstance(details, dict) else None,
        metadata.get("error_type") if isinstance(metadata, dict) else None,
        report.get("error_type"),
        report.get("code"),
        report.get("type"),
    ]
    named = [loose.text(word) for word in found]
    if named[-1] in ("requests", "tokens"):  # OpenAI's names for what ran out, and only in `type`
        named[-1] = "rate_limit_exceeded"
    return [word for word in named if word]


def _number(report: dict[str, Any]) -> int | None:
    """An HTTP status under `code` or `status`."""
    for name in ("code", "status"):
        value = report.get(name)
        if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
            value = int(value)
        if type(value) is int and 400 <= value < 600:
            return value
    return None


def _message(report: dict[str, Any]) -> str:
    """The sentence, under any of the names it goes by."""
    for name in ("message", "detail", "msg"):
        value = report.get(name)
        if isinstance(value, list) and value and isinstance(value[0], dict):  # FastAPI's list of complaints
            value = value[0].get("msg")
        if isinstance(value, str) and value:
            return value
    return ""


def _failed(found: Evidence, status: int | None, reason: str | None, wait: float | None = None) -> Failed:
    number = status if found.number is None else found.number
    message = found.message[:READ]
    kind = words.kind_of(found.words, number, message)
    spoken = None if kind in _OURS else words.presentable(message)
    named = next(iter(found.words), "" if found.number is None else str(found.number))
    error = UpstreamError(
        reason or REASON[kind],
        kind=kind,
        message=spoken or (SENTENCE[REASON[kind]] if kind in _OURS else None),
        status=status,
        raw_code=words.code(named),
        retry_after=wait,
    )
    return Failed.of(error)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait before asking again, as the server wishes; never below 0, as large as it says."""
    named = {name.lower(): value.strip() for name, value in headers.items()}
    millis = named.get("retry-after-ms", "")
    if _SECONDS.fullmatch(millis):
        return max(0.0, float(millis) / 1000)
    wish = named.get("retry-after", "")
    if _SECONDS.fullmatch(wish):
        return max(0.0, float(wish))
    try:
        seconds = parsedate_to_datetime(wish).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0.0, float(math.ceil(seconds)))
