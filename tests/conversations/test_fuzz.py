"""S-51: random forms and bodies at every door: nothing breaks."""

from __future__ import annotations

from random import Random
from typing import Any, Final
from uuid import uuid4

import pytest

from chatsite.conversations.models import Conversation
from tests.accounts.test_doors import addresses

from .conftest import Person, ended

pytestmark = pytest.mark.store

VALUES: Final[list[Any]] = [
    "",
    " \n",
    "\0",
    "\x7f\u2028\ufeff",
    "0",
    "-1",
    "1e999",
    "null",
    "true",
    "{}",
    "[]",
    "../..",
    "'\"<!--",
    "🌕" * 500,
    "x" * 100_000,
    ["a", "b"],
    "%00%ff",
    "{{ x }}{% x %}",
    "NaN",
    "2026-13-45",
]
FIELDS: Final = (
    "text",
    "client_id",
    "model",
    "parent",
    "title",
    "theme",
    "name",
    "language",
    "time_zone",
    "speech",
    "reason",
    "q",
)
METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
LEAVES: Final = ("/accounts/logout/", "/accounts/password/", "/accounts/reauthenticate/", "/admin/")
BODIES: Final = [b"", b"\xff\xfe\0", b"{", b"[" * 5_000, b'{"text":1}', b"&&==%%", b"--x\r\n\r\n"]
KINDS: Final = [
    "application/json",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "text/x; charset=nowhere",
]


def routes(person: Person, reply: Any) -> list[str]:
    """Every address, with ids that are there and ids that are not."""
    found = {address for _, address in addresses() if not address.startswith(LEAVES)}
    placeholder = "00000000-0000-0000-0000-000000000007"
    ids = (str(reply.conversation.uid), str(reply.uid), str(reply.parent.uid), str(uuid4()))
    return sorted({one.replace(placeholder, uid) for one in found for uid in ids})


async def test_S_51_no_form_or_body_breaks_anything(writer: Person) -> None:
    rng = Random(51)
    await writer.begin("Mine")
    reply = await ended()
    for path in routes(writer, reply):
        for _ in range(3):
            method = getattr(writer.client, rng.choice(METHODS))
            fields = {name: rng.choice(VALUES) for name in rng.sample(FIELDS, 5)}
            if method.__name__ in ("head", "options", "trace", "put", "patch", "delete"):
                answer = await method(path)
            else:
                answer = await method(path, fields, headers={"X-Fragment": rng.choice("01")})
            assert answer.status_code < 500, (method.__name__, path, fields)
        answer = await writer.client.generic("POST", path, rng.choice(BODIES), content_type=rng.choice(KINDS))
        assert answer.status_code < 500, path
    assert (await writer.begin("Still there")).status_code == 201
    await ended()
    assert await Conversation.objects.filter(owner=writer.user, title="Still there").aexists()
