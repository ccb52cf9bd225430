"""Whom limits count."""

from __future__ import annotations

import pytest

from chatsite.accounts.addresses import client


@pytest.mark.parametrize(
    ("said", "proxies", "meant"),
    [
        ("", 0, "192.0.2.1"),
        ("203.0.113.9", 0, "192.0.2.1"),
        ("203.0.113.9", 1, "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", 1, "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.0.0.1", 2, "203.0.113.9"),
        ("203.0.113.9", 2, "192.0.2.1"),
        ("", 1, "192.0.2.1"),
        ("6.6.6.6, charlie was here", 1, "192.0.2.1"),
        ("6.6.6.6, 2001:DB8::1", 1, "2001:db8::1"),
    ],
)
def test_S_48_only_what_our_own_proxies_wrote_is_believed(said: str, proxies: int, meant: str) -> None:
    assert client({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": said}, proxies) == meant


def test_somebody_behind_a_socket_in_the_file_system_has_an_address_too() -> None:
    assert client({"REMOTE_ADDR": ""}, 0) == "::"
