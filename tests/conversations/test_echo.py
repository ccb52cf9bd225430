"""S-28: what is refused is not quoted: no header, no broken body, no address that is none."""

from __future__ import annotations

from random import Random
from typing import Final

import pytest

from .conftest import Person, ended
from .test_fuzz import KINDS, routes

CANARY: Final = "c4n4ry"
HEADERS: Final = {
    "User-Agent": f"{CANARY}/1.0 <script>",
    "Referer": f"https://{CANARY}.example.org/",
    "Accept": f"text/{CANARY}",
    "Accept-Language": f"{CANARY};q=1",
    "X-Forwarded-For": CANARY,
    "X-Request-ID": CANARY,
    f"X-{CANARY}": CANARY,
}
BODIES: Final = [
    f'{{"{CANARY}": '.encode(),
    f'{{"{CANARY}": "{CANARY}"}}'.encode(),
    f"{CANARY}={CANARY}&%{CANARY}".encode(),
    f'--x\r\nContent-Disposition: form-data; name="{CANARY}"\r\n\r\n{CANARY}'.encode(),
    CANARY.encode() + b"\xff\xfe\0",
]


@pytest.mark.store
async def test_S_28_nothing_of_what_is_refused_is_quoted(writer: Person) -> None:
    rng = Random(28)
    await writer.begin("Mine")
    paths = [*routes(writer, await ended()), f"/{CANARY}/", f"/c/{CANARY}/", f"/m/{CANARY}", f"/static/{CANARY}.js"]
    for path in paths:
        for body in BODIES:
            kind = rng.choice([*KINDS, f"text/{CANARY}; charset={CANARY}"])
            answer = await writer.client.generic("POST", path, body, content_type=kind, headers=HEADERS)
            assert CANARY not in answer.content.decode(errors="replace"), (path, kind, body)
            assert CANARY not in str(answer.headers), (path, kind, body)
