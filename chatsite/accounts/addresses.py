"""Who a request comes from."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any


def client(meta: Mapping[str, Any], proxies: int) -> str:
    """The address in front of so many proxies of ours.

    Each proxy adds on the right whom it saw; what stands further left anybody may have written. Where that makes no
    sense it is the one who speaks to us, who has no address behind a socket in the file system.
    """
    seen = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    direct = str(meta.get("REMOTE_ADDR") or "::")
    if not 0 < proxies <= len(seen):
        return direct
    try:
        return str(ipaddress.ip_address(seen[-proxies]))
    except ValueError:
        return direct
