"""What the server answers by itself, before there is an application to ask."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

Headers = tuple[tuple[bytes, bytes], ...]

SENTENCES: Final = {
    400: "This request cannot be understood.",
    403: "This is not allowed from here.",
    408: "The request took too long.",
    413: "This is more than is taken in at once.",
    431: "The headers of this request are too large.",
    500: "Something broke on our side.",
    503: "Nothing more can be taken in now. Try again in a moment.",
}


def sentence(status: int) -> bytes:
    """What a person reads; never a word of what was sent."""
    return (SENTENCES.get(status) or f"{HTTPStatus(status).phrase}.").encode() + b"\n"


def answer(status: int, headers: Headers, more: Iterable[tuple[str, str]] = ()) -> bytes:
    """A whole HTTP answer that is the connection's last."""
    body = sentence(status)
    lines = [
        b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode()),
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        *(b"%s: %s" % pair for pair in headers),
        *(f"{name}: {value}".encode("latin-1") for name, value in more),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
