"""How often an address may try to get in without being signed in."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from streaming.window import Bucket

from .addresses import client

MOST: Final = 10_000
"""Addresses that are remembered; the one that was quiet for longest is forgotten."""


class Strangers:
    """Handshakes of sockets by address, where each one looks into the database: those that get in do not count.

    A hundred may be at the door at once, as when a worker was replaced: a school has one address.
    """

    def __init__(self, burst: float = 100, rate: float = 5) -> None:
        self._burst, self._rate = burst, rate
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def bucket(self, scope: Mapping[str, Any]) -> Bucket:
        """What is left of the tries of whoever makes this handshake. Nobody is counted whose address is unknown."""
        forwarded = b",".join(value for name, value in scope.get("headers", ()) if name == b"x-forwarded-for")
        direct = (scope.get("client") or [""])[0]
        meta = {"REMOTE_ADDR": direct, "HTTP_X_FORWARDED_FOR": forwarded.decode("latin-1")}
        place = neighbourhood(client(meta, settings.TRUSTED_PROXIES))
        if not place:
            return Bucket(self._burst, self._rate)
        bucket = self._buckets.setdefault(place, Bucket(self._burst, self._rate))
        self._buckets.move_to_end(place)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return bucket


def neighbourhood(address: str) -> str:
    """What one household has: an address of the old kind, the first half of one of the new kind; else nothing."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.is_unspecified:
        return ""
    mapped = getattr(found, "ipv4_mapped", None) or found
    return str(mapped) if mapped.version == 4 else str(ipaddress.ip_network((int(mapped) >> 64 << 64, 64)))
