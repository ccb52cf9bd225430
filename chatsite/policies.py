"""The headers of every answer: one of four policies for each address, in one table."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

Policy = Mapping[str, list[str] | bool]
"""Shaped as Django 6 has its `SECURE_CSP`, so that one day this can be deleted."""

PLAIN: Final[Policy] = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "worker-src": ["'none'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-src": ["'none'"],
    "frame-ancestors": ["'none'"],
}
STRICT: Final[Policy] = {**PLAIN, "require-trusted-types-for": ["'script'"], "trusted-types": ["'none'"]}
DATA: Final[Policy] = {"default-src": ["'none'"], "frame-ancestors": ["'none'"], "sandbox": True}

POLICIES: Final[Mapping[str, Policy]] = {
    "strict": STRICT,  # chat, review, a person's account, what went wrong
    "plain": PLAIN,  # admin and allauth: jQuery and others make HTML from strings, so no Trusted Types
    "data": DATA,  # not for people
    "static": DATA,
}
ROUTES: Final[Mapping[str, str]] = {
    "": "strict",
    "c/": "strict",
    "m/": "strict",
    "conversations/": "strict",
    "account/": "strict",
    "review/": "strict",
    "admin/": "plain",
    "accounts/": "plain",
    "exports/": "data",
    "v1/": "data",
    "session": "data",
    "csp-report": "data",
    "healthz": "data",
    "readyz": "data",
    "metrics": "data",
    "manifest.webmanifest": "data",
    "static/": "static",
}
"""The policy of each address: by its first part with the slash, or, without one, of the whole address."""

PERMISSIONS: Final = ", ".join(
    [
        *(f"{name}=()" for name in ("accelerometer", "camera", "clipboard-read", "display-capture")),
        "fullscreen=(self)",
        *(f"{name}=()" for name in ("geolocation", "gyroscope", "hid", "idle-detection", "magnetometer")),
        *(f"{name}=()" for name in ("microphone", "midi", "payment")),
        "publickey-credentials-get=(self)",
        *(f"{name}=()" for name in ("serial", "usb", "xr-spatial-tracking")),
    ]
)


class Headers(NamedTuple):
    """The headers of one policy, as text for Django and as bytes for ASGI."""

    text: tuple[tuple[str, str], ...]
    raw: tuple[tuple[bytes, bytes], ...]


def route(path: str) -> str:
    """The table's entry for a path without its first slash: `c/…/title/` gives `c/`."""
    first, slash, _ = path.partition("/")
    return first + slash


def policy(path: str) -> str:
    """The policy of a path such as `/c/…/`. What is not in the table is an error page, and so strict."""
    return ROUTES.get(route(path.removeprefix("/")), "strict")


def headers(name: str) -> Headers:
    """The headers of a policy, in the place that we are."""
    return _headers(name, settings.PUBLIC_ORIGIN)


@functools.cache
def _headers(name: str, origin: str | None) -> Headers:
    secure = origin if origin is not None and origin.startswith("https:") else None
    people = name in ("strict", "plain")
    pairs = [("Content-Security-Policy", _written(POLICIES[name], people, secure))]
    if people:
        pairs.append(("Reporting-Endpoints", 'csp="/csp-report"'))
    if secure:
        pairs.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
    pairs += [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS),
        ("X-Frame-Options", "DENY"),
    ]
    raw = tuple((key.lower().encode(), value.encode()) for key, value in pairs)
    return Headers(tuple(pairs), raw)


def _written(rules: Policy, people: bool, secure: str | None) -> str:
    """A policy as its header's value; over https with what only https can bear."""
    if people and secure:
        # `wss:` by name, for 'self' did not cover it in every browser; and no upgrade over http, which kills the page.
        socket = f"wss://{urlsplit(secure).netloc}"
        rules = {**rules, "connect-src": ["'self'", socket], "upgrade-insecure-requests": True}
    if people:
        rules = {**rules, "report-to": ["csp"], "report-uri": ["/csp-report"]}
    return "; ".join(name if value is True else f"{name} {' '.join(value)}" for name, value in rules.items() if value)
