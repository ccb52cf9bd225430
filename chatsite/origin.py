"""Whose pages may open a socket: ours alone, by scheme, host and port (S-16)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def allowed_origins() -> frozenset[str]:
    """The origins that are ours: the public one, or else the three names of this machine at our port.

    Asked at each handshake, for `manage.py serve --port 0` learns its port late.
    """
    if settings.PUBLIC_ORIGIN:
        return frozenset({settings.PUBLIC_ORIGIN})
    return frozenset(f"http://{host}:{settings.PORT}" for host in ("localhost", "127.0.0.1", "[::1]"))


class OriginGuard:
    """Lets a handshake through only if a page of ours asks; else it is refused with 403, before it is accepted.

    A browser cannot be kept from sending our cookies with a foreign page's handshake, and there is no CSRF token in it:
    the Origin is all there is. `ALLOWED_HOSTS` says nothing about it (F5).
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if _is_ours(scope):
            await self.application(scope, receive, send)
        else:
            await refuse(scope, receive, send)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application that wants no socket."""
    await receive()
    await send({"type": "websocket.close"})


def _is_ours(scope: Scope) -> bool:
    """One Origin, exactly ours; whatever else the browser says agrees with it."""
    site = _values(scope, b"sec-fetch-site")
    origins = _values(scope, b"origin")
    hosts = _values(scope, b"host")
    return (
        len(origins) == 1
        and origins[0] in allowed_origins()
        and site in ([], ["same-origin"])
        and len(hosts) == 1
        and validate_host(split_domain_port(hosts[0])[0], settings.ALLOWED_HOSTS)
    )


def _values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header, as they came."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
