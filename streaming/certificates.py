"""Whom we believe to be a model's server, and what we can tell of one that we do not believe (U-03)."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import certifi


class _Telling(ssl.SSLObject):
    """A handshake that, when the other side is not who it should be, remembers who it said it was."""

    def do_handshake(self) -> None:
        """The handshake; verification is neither weakened nor repeated."""
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            error.subject = _subject(self)  # type: ignore[attr-defined]
            raise


@cache
def authorities() -> ssl.SSLContext:
    """Whom we trust: the usual authorities, and those an operator has added to the system's."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return telling(context)


def telling(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, whose failed handshakes can be described."""
    context.sslobject_class = _Telling
    return context


def described(error: BaseException) -> str:
    """What was wrong with a secure connection, in words for the log: the cause, and the certificate's subject."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{error.verify_message}; subject {getattr(error, 'subject', '') or 'unknown'}"
    return str(getattr(error, "reason", None) or type(error).__name__)


def _subject(handshake: Any) -> str:
    # Python gives out no certificate that it does not trust, except here, under a private name.
    try:
        first = handshake._sslobj.get_unverified_chain()[0].get_info()
    except (AttributeError, TypeError, IndexError):
        return ""
    return ", ".join(f"{name}={value!r}" for part in first.get("subject", ()) for name, value in part)
