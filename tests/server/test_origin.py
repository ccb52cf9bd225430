"""Whose pages may open a socket (S-16)."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from chatsite.origin import OriginGuard, allowed_origins

HOST = ("host", "localhost:8000")


async def handshake(*headers: tuple[str, str]) -> str:
    """What becomes of a handshake with these headers: `accept` or `close`."""
    sent: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"].removeprefix("websocket."))

    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await OriginGuard(application)({"type": "websocket", "path": "/ws/", "headers": pairs}, receive, send)
    (only,) = sent
    return only


@pytest.fixture(autouse=True)
def _port(settings: Settings) -> None:
    settings.PORT = 8000
    settings.PUBLIC_ORIGIN = None


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"])
async def test_S_16_alices_own_page_may_open_a_socket(origin: str) -> None:
    assert await handshake(HOST, ("origin", origin)) == "accept"


FOREIGN = [
    "http://evil.example",
    "http://evil.example:8000",
    "http://localhost",
    "http://localhost:8001",
    "http://localhost:80",
    "https://localhost:8000",
    "ftp://localhost:8000",
    "ws://localhost:8000",
    "http://sub.localhost:8000",
    "http://localhost.:8000",
    "http://localhost:8000.evil.example",
    "http://localhost:8000@evil.example",
    "http://localhost.evil.example:8000",
    "HTTP://LOCALHOST:8000",
    "http://Localhost:8000",
    "http://localhost:8000/",
    "http://localhost:08000",
    "http://[::2]:8000",
    "http://[0:0:0:0:0:0:0:1]:8000",
    "http://127.0.0.2:8000",
    "http://127.1:8000",
    "http://localhost:8000,http://localhost:8000",
    "http://localhost:8000 http://localhost:8000",
    " http://localhost:8000",
    "localhost:8000",
    "null",
    "*",
    "",
]


@pytest.mark.parametrize("hosts", [["localhost"], ["*"]], ids=["our hosts", "any host"])
@pytest.mark.parametrize("origin", FOREIGN)
async def test_F5_S_16_charlies_page_may_not(settings: Settings, origin: str, hosts: list[str]) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert await handshake(HOST, ("origin", origin)) == "close"


@pytest.mark.parametrize(
    "headers",
    [
        [HOST],
        [HOST, ("origin", "http://localhost:8000"), ("origin", "http://localhost:8000")],
        [HOST, ("origin", "http://localhost:8000"), ("origin", "http://evil.example")],
        [HOST, ("origin", "http://localhost:8000"), ("sec-fetch-site", "cross-site")],
        [HOST, ("origin", "http://localhost:8000"), ("sec-fetch-site", "same-site")],
        [HOST, ("origin", "http://localhost:8000"), ("sec-fetch-site", "none")],
        [("origin", "http://localhost:8000")],
        [("host", "evil.example:8000"), ("origin", "http://localhost:8000")],
        [HOST, HOST, ("origin", "http://localhost:8000")],
    ],
    ids=[
        "none",
        "two",
        "two, one foreign",
        "cross-site",
        "same-site",
        "no site",
        "no host",
        "foreign host",
        "two hosts",
    ],
)
async def test_S_16_there_is_one_origin_and_nothing_contradicts_it(headers: list[tuple[str, str]]) -> None:
    assert await handshake(*headers) == "close"


async def test_S_16_a_browser_that_says_same_origin_is_believed() -> None:
    assert await handshake(HOST, ("origin", "http://localhost:8000"), ("sec-fetch-site", "same-origin")) == "accept"


async def test_S_16_a_public_origin_is_the_only_one(settings: Settings) -> None:
    settings.PUBLIC_ORIGIN = "https://chat.example.org"
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    host = ("host", "chat.example.org")
    assert await handshake(host, ("origin", "https://chat.example.org")) == "accept"
    for origin in ("http://chat.example.org", "https://chat.example.org:443", "http://localhost:8000"):
        assert await handshake(host, ("origin", origin)) == "close"


def test_the_origins_follow_the_port_that_was_found(settings: Settings) -> None:
    settings.PORT = 12345
    assert "http://localhost:12345" in allowed_origins()
