"""The headers of every request to a model's server."""

from __future__ import annotations

from ..prompts import Quirks


def headers_for(key: str, quirks: Quirks, usual: str) -> dict[str, str]:
    """The key under the name that this server wants, else the usual one; no compression, which would buffer."""
    found = {
        "content-type": "application/json",
        "accept": "text/event-stream, application/json",
        "accept-encoding": "identity",
    }
    if key:
        name = quirks.auth or usual
        found |= {"authorization": f"Bearer {key}"} if name == "bearer" else {name: key}
    return found | {name.lower(): value for name, value in quirks.headers.items()}
