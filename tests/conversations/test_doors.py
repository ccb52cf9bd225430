"""One policy at every door: whoever it is, whichever way they come (S-13), whatever the stores are (S-14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import AsyncClient

from chatsite.accounts.models import User
from chatsite.conversations.engine import door
from chatsite.conversations.models import Message
from tests.conftest import PASSWORD

from .conftest import Person, SignIn, counts, ended
from .test_privacy import scope_of

pytestmark = pytest.mark.store

SECRET: Final = "a secret of Alice's"
MEMBERS: Final = {"alice", "bob", "charlie", "root"}
PAGES: Final[Mapping[str, set[str]]] = {
    "/": MEMBERS,
    "/conversations/": MEMBERS,
    "/account/": MEMBERS,
    "/session": MEMBERS,
    "/c/{conversation}/": {"alice"},
    "/m/{question}/": {"alice"},
    "/m/{reply}/": {"alice"},
    "/review/": {"bob"},
    "/admin/conversations/conversation/": {"root"},
    "/admin/accounts/user/": {"root"},
}
DEEDS: Final[Mapping[str, set[str]]] = {
    "/m/{reply}/stop/": {"alice"},
    "/c/{conversation}/title/": {"alice"},
    "/c/{conversation}/messages/": {"alice"},
    "/m/{question}/replies/": {"alice"},
    "/c/{conversation}/deletion/": {"alice"},
    "/c/{conversation}/restoration/": {"alice"},
}
ENTRANCES: Final = ("/accounts/login/", "/admin/login/")
OUTSIDE: Final = ("anonymous", "pending", "disabled")


@pytest.fixture
async def who(request: pytest.FixtureRequest, writer: Person, sign_in: SignIn, settings: Any) -> tuple[str, Person]:
    """Somebody in this state, with a browser."""
    name: str = request.param
    if name == "alice":
        return name, writer
    user = await User.objects.filter(email__startswith=name).afirst()
    if name == "root":
        user = await User.objects.acreate(email="root@example.com", is_staff=True, is_superuser=True)
    elif name in OUTSIDE:
        user = await User.objects.acreate(email=f"{name}@example.com")
    assert user is not None
    if name == "anonymous":
        return name, Person(user, AsyncClient())
    if name == "pending":  # has an account, but has not confirmed the address
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        user.set_password(PASSWORD)
        await user.asave()
        client = AsyncClient()
        await client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        return name, Person(user, client)
    person = await sign_in(user)
    if name == "disabled":
        user.is_active = False
        await user.asave()
    return name, person


def refused(answer: HttpResponse) -> bool:
    """Whether this says no, or sends to the sign-in page; and tells nothing."""
    assert SECRET not in answer.content.decode()
    return answer.status_code in (401, 403, 404) or answer.headers.get("Location", "").startswith(ENTRANCES)


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "root", *OUTSIDE], indirect=True)
async def test_S_13_S_14_I_14_everybody_passes_the_doors_that_are_theirs_and_no_other(
    bob: User, charlie: User, who: tuple[str, Person], writer: Person
) -> None:
    await writer.begin(SECRET)
    reply = await ended()
    assert reply.parent is not None
    run = str(reply.run.uid)
    uids = {"conversation": reply.conversation.uid, "question": reply.parent.uid, "reply": reply.uid}
    name, person = who
    for path, allowed in PAGES.items():
        answer = await person.get(path.format(**uids))
        assert refused(answer) is (name not in allowed), (name, path, answer.status_code)
    scope = scope_of(person)
    assert bool(await door.may_open(scope)) is (name in MEMBERS)
    assert await door.may_follow(scope, run) is (name == "alice")
    assert list(await door.still_valid([scope])) == [name in MEMBERS]
    before = await counts()
    for path, allowed in DEEDS.items():
        fields = {"text": "x", "title": "x", "client_id": uuid4(), "model": ""}
        answer = await person.post(path.format(**uids), **fields)
        assert refused(answer) is (name not in allowed), (name, path, answer.status_code)
        if name in allowed and answer.status_code == 201:
            await ended()
    assert (await counts() == before) is (name != "alice")
    stranger = await Message.objects.select_related("conversation").aget(pk=reply.pk)
    assert (stranger.conversation.title == SECRET) is (name != "alice")


async def test_P_04_who_may_not_review_any_more_still_has_his_own_chat(
    bob: User, writer: Person, sign_in: SignIn
) -> None:
    await writer.begin(SECRET)
    hers = await ended()
    person = await sign_in(bob)
    assert (await person.get("/review/")).status_code == 200
    await bob.user_permissions.aclear()
    path = f"/review/c/{hers.conversation.uid}/"
    assert refused(await person.get("/review/"))
    assert refused(await person.get(path))
    assert (await person.begin("My own")).status_code == 201
    assert (await ended()).conversation.owner_id == bob.pk
