"""What goes wrong between us and a model's server, and what a person is told of it.

    StreamingError
    ├── UpstreamError      the model's server, or the way to it; becomes a `Failed` event
    ├── ModelNotFound      nobody offers a model of that name
    ├── PromptError        a prompt that no dialect can carry
    ├── Lost               we write a log that somebody else owns by now
    ├── Gone               a log no longer holds (or never held) what was asked of it
    └── Refused            no new run is taken on: we are shutting down, or there are too many

Two words say why a run failed. Code decides on the `kind` (fifteen of them); people and logs see
the finer `reason`. `KIND` gives each reason its kind, `SENTENCE` the words shown to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RETRYABLE: Final[Mapping[str, bool]] = {
    "auth": False,
    "permission": False,
    "billing": False,
    "not_found": False,
    "invalid_request": False,
    "context_length": False,
    "content_filter": False,
    "rate_limited": True,
    "overloaded": True,
    "server_error": True,
    "timeout": True,
    "connection": True,
    "truncated": True,
    "protocol": False,
    "local": False,
}
"""Every kind of failure, and whether asking again may help."""

KIND: Final[Mapping[str, str]] = {
    "upstream_unreachable": "connection",
    "upstream_dns": "connection",
    "upstream_tls": "connection",
    "connection_lost": "connection",
    "first_token_timeout": "timeout",
    "stalled": "timeout",
    "no_progress": "timeout",
    "too_slow": "timeout",
    "truncated": "truncated",
    "no_terminal": "truncated",
    "malformed": "protocol",
    "event_too_large": "protocol",
    "bad_response": "protocol",
    "redirect_refused": "protocol",
    "upstream_auth": "auth",
    "model_not_found": "not_found",
    "upstream_rejected": "invalid_request",
    "upstream_resting": "overloaded",
    "context_too_long": "context_length",
    "upstream_error": "server_error",
    "upstream_error_event": "server_error",
    "billing": "billing",
    "content_filter": "content_filter",
    "rate_limited": "rate_limited",
    "too_long": "local",
    "quota": "local",
    "account_disabled": "local",
    "token_revoked": "local",
    "deleted": "local",
    "server_stopped": "local",
    "server_lost": "local",
    "not_stored": "local",
    "internal": "local",
}
"""The kind of each reason, where the upstream's own words do not name a finer one."""

REASON: Final[Mapping[str, str]] = {
    "auth": "upstream_auth",
    "permission": "upstream_auth",
    "billing": "billing",
    "not_found": "model_not_found",
    "invalid_request": "upstream_rejected",
    "context_length": "context_too_long",
    "content_filter": "content_filter",
    "rate_limited": "rate_limited",
    "overloaded": "upstream_error",
    "server_error": "upstream_error",
    "timeout": "upstream_error",
    "connection": "upstream_unreachable",
    "truncated": "truncated",
    "protocol": "malformed",
}
"""The reason of a kind that an upstream named by its status or its words."""

_SETUP = "This service is not set up correctly; the administrator has been told."
_UNREACHABLE = "The model service cannot be reached."
_UNEXPECTED = "The model service sent something unexpected."
_CUT = "The connection to the model was lost."

SENTENCE: Final[Mapping[str, str]] = {
    "upstream_unreachable": _UNREACHABLE,
    "upstream_dns": _UNREACHABLE,
    "upstream_tls": "The secure connection to the model service failed.",
    "connection_lost": _CUT,
    "first_token_timeout": "The model did not begin in time.",
    "stalled": "The model fell silent.",
    "no_progress": "The model fell silent.",
    "too_slow": "The answer took longer than is allowed here.",
    "truncated": _CUT,
    "no_terminal": _CUT,
    "malformed": "Part of the answer could not be read.",
    "event_too_large": "Part of the answer could not be read.",
    "bad_response": _UNEXPECTED,
    "redirect_refused": _UNEXPECTED,
    "upstream_auth": _SETUP,
    "billing": _SETUP,
    "model_not_found": "This model is not available.",
    "upstream_rejected": "The model service did not accept this question.",
    "upstream_resting": "The model service breaks off all its answers just now. It will be asked again soon.",
    "context_too_long": "This conversation is too long for the model.",
    "upstream_error": _UNREACHABLE,
    "upstream_error_event": "The model reported an error.",
    "content_filter": "The provider’s filter refused this question.",
    "rate_limited": "The model is busy.",
    "too_long": "The answer grew too long.",
    "quota": "Your allowance is used up.",
    "account_disabled": "This account has been disabled.",
    "token_revoked": "This key has been revoked.",
    "deleted": "The conversation was deleted.",
    "server_stopped": "The server restarted.",
    "server_lost": "The server restarted.",
    "not_stored": "The answer could not be stored.",
    "internal": "Something broke on our side.",
}
"""What a person is told, by reason: our words, never a server's markup."""


class StreamingError(Exception):
    """Anything the engine raises on purpose."""


class UpstreamError(StreamingError):
    """The model's server failed, or the way to it.

    Parameters
    ----------
    reason: a key of `KIND`.
    kind: a key of `RETRYABLE`; left out, the reason's own.
    message: a provider's words, already made fit for people; left out, `SENTENCE[reason]`.
    status: the HTTP status, if there was an answer.
    raw_code: the provider's own word for the fault.
    retry_after: seconds to wait before asking again, if the provider said so.
    """

    def __init__(
        self,
        reason: str,
        *,
        kind: str | None = None,
        message: str | None = None,
        status: int | None = None,
        raw_code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.reason = reason
        self.kind = kind or KIND[reason]
        self.message = message or SENTENCE[reason]
        self.status = status
        self.raw_code = raw_code
        self.retry_after = retry_after
        super().__init__(f"{self.kind}/{self.reason}")

    @property
    def retryable(self) -> bool:
        """Whether asking again may help."""
        return RETRYABLE[self.kind]


class ModelNotFound(StreamingError):
    """Nobody offers a model of that name."""


class PromptError(StreamingError):
    """A prompt, or a request for one, that cannot be read or carried; the message says what to mend."""


class Lost(StreamingError):
    """The writer's fence is stale: another process has settled or taken over this run (I-3)."""


class Gone(StreamingError):
    """The log does not hold what comes after the position asked for; take the row instead (R-04, R-05)."""


class Refused(StreamingError):
    """No new run is taken on now."""
