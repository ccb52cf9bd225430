"""What kind of fault a server's own words and numbers mean, and which of its words people may see.

Money beats the status: spent quota comes as 429. So the evidence is weighed in this order: a word that
means one thing only; a number that is an HTTP status; a word that can mean anything; nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "auth": "invalid_api_key authentication_error",
    "permission": "permission_error",
    "billing": "insufficient_quota billing_error billing_hard_limit_reached credit_balance_exhausted payment_required"
    " enforced_spend_limit_reached contract_spend_limit_reached insufficient_balance",
    "not_found": "model_not_found not_found_error",
    "invalid_request": "request_too_large",
    "context_length": "context_length_exceeded exceed_context_size_error",
    "content_filter": "content_filter content_policy_violation",
    "rate_limited": "rate_limit_error rate_limit_exceeded slow_down",
    "overloaded": "overloaded_error server_is_overloaded service_unavailable_error provider_overloaded"
    " provider_unavailable insufficient_system_resource",
    "timeout": "timeout_error",
}
SPECIFIC: Final[Mapping[str, str]] = {word: kind for kind, words in _WORDS.items() for word in words.split()}
GENERIC: Final[Mapping[str, str]] = {
    "invalid_request_error": "invalid_request",
    "badrequesterror": "invalid_request",
    "api_error": "server_error",
    "server_error": "server_error",
}
STATUS: Final[Mapping[int, str]] = {
    401: "auth",
    402: "billing",
    403: "permission",
    404: "not_found",
    408: "timeout",
    409: "server_error",
    429: "rate_limited",
    503: "overloaded",
    504: "timeout",
    522: "timeout",
    524: "timeout",
    529: "overloaded",
}
LONGEST: Final = 300

_CONTEXT: Final = re.compile(r"context[ _-]?(length|window|size)|prompt is too long", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[!/?a-z]|&(#\w+|[a-z]+);", re.IGNORECASE)
_SECRET: Final = re.compile(r"\b(sk|pk|rk|key|token|bearer)[-_ :](?=\S*\d)\S{8,}", re.IGNORECASE)
_CODE: Final = re.compile(r"[\w.:/-]{1,64}", re.ASCII)


def kind_of(words: Sequence[str], number: int | None, message: str) -> str:
    """The kind of a fault: `words` from the most specific member to the least, `number` an HTTP status."""
    kind = _weighed([word.lower() for word in words], number)
    return "context_length" if kind == "invalid_request" and _CONTEXT.search(message) else kind


def _weighed(words: Sequence[str], number: int | None) -> str:
    for word in words:
        if word in SPECIFIC:
            return SPECIFIC[word]
    if number is not None:
        return kind_of_status(number)
    for word in words:
        if word in GENERIC:
            return GENERIC[word]
    return "server_error"


def kind_of_status(status: int) -> str:
    """The kind of an HTTP status alone."""
    return STATUS.get(status, "invalid_request" if 400 <= status < 500 else "server_error")


def presentable(message: str) -> str | None:
    """A server's words if people may see them: short, printable, no markup, nothing like a key."""
    line = " ".join(message.split())
    if not line or len(line) > LONGEST or not line.isprintable():
        return None
    return None if _MARKUP.search(line) or _SECRET.search(line) else line


def code(word: str) -> str | None:
    """A server's own word for a fault if it looks like one; it goes into logs, so it must not be content."""
    return word if _CODE.fullmatch(word) else None
