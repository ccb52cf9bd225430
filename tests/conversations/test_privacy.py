"""Charlie must see nothing: what is Alice's is answered to him exactly like what does not exist."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.urls import URLPattern

from chatsite.accounts.models import User
from chatsite.conversations import urls
from chatsite.conversations.engine import door
from chatsite.conversations.models import Conversation, Message
from tests.answers import Gate
from tests.upstream import Upstream, Wait, openai_answer

from .conftest import Person, SignIn, counts, ended, newest_reply
from .tabs import Tab

pytestmark = pytest.mark.store

FIELDS = {"text": "Mine now", "title": "Mine now", "model": ""}


ROUTES_WITH_AN_ID = [route for route in urls.urlpatterns if "<uuid:uid>" in str(route.pattern)]


def address(route: URLPattern, uid: UUID) -> str:
    return "/" + str(route.pattern).replace("<uuid:uid>", str(uid))


def told(answer: HttpResponse) -> tuple[int, str, dict[str, str]]:
    """All that an answer tells, without the token that is new in each form."""
    body = re.sub(r'(name="csrfmiddlewaretoken" value|name="client_id" value)="[^"]*"', "", answer.content.decode())
    return answer.status_code, body, {name: value for name, value in answer.items() if name != "Set-Cookie"}


@pytest.mark.parametrize("route", ROUTES_WITH_AN_ID, ids=lambda route: route.name)
@pytest.mark.parametrize("fragment", [True, False], ids=["script", "page"])
async def test_S_01_alices_id_and_a_random_one_are_the_same_to_charlie(
    route: URLPattern, fragment: bool, writer: Person, charlie: User, sign_in: SignIn
) -> None:
    await writer.begin("A secret")
    reply = await ended()
    assert reply.parent is not None
    before = await counts()
    stranger = await sign_in(charlie)
    headers = {"X-Fragment": "1"} if fragment else {}
    for method in ("get", "post"):
        answers = []
        for uid in (reply.conversation.uid, reply.parent.uid, reply.uid, uuid4()):
            send = getattr(stranger.client, method)
            answers.append(told(await send(address(route, uid), {**FIELDS, "client_id": uuid4()}, headers=headers)))
        assert all(answer == answers[-1] for answer in answers), f"{method} {route.name} tells them apart"
        assert answers[-1][0] in (404, 405)
        assert "secret" not in answers[-1][1]
    assert await counts() == before
    assert (await Conversation.objects.aget()).title == "A secret"


async def test_S_01_another_persons_parent_is_like_none(writer: Person, charlie: User, sign_in: SignIn) -> None:
    await writer.begin("A secret")
    secret = await ended()
    stranger = await sign_in(charlie)
    await stranger.begin("Mine")
    mine = await ended()
    answers = [
        told(await stranger.say(mine.conversation.uid, "After that", parent=parent)) for parent in (secret.uid, uuid4())
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_S_02_a_parent_belongs_to_the_same_conversation(writer: Person) -> None:
    await writer.begin("One")
    one = await ended()
    await writer.begin("Two")
    two = await ended()
    answer = await writer.say(two.conversation.uid, "Three", parent=one.uid)
    assert answer.status_code == 404
    assert await Message.objects.acount() == 4


NO_IDS = [
    "1",
    "null",
    "channel:{}",
    "{}x",
    " {}",
    "{{{}}}",
    "urn:uuid:{}",
    "[{}]",
    '{{"id": "{}"}}',
    "{},{}",
    "ALL CAPS",
]


@pytest.mark.parametrize("form", NO_IDS)
async def test_S_02_an_id_has_one_spelling(form: str, writer: Person) -> None:
    await writer.begin("One")
    one = await ended()
    uid = str(one.uid)
    odd = uid.upper() if form == "ALL CAPS" else form.replace("{}", uid) if "{{" not in form else form.format(uid)
    before = await counts()
    assert (await writer.say(one.conversation.uid, "Two", parent=odd)).status_code == 400
    assert (await writer.begin("Two", client_id=odd)).status_code == 400
    assert (await writer.get(f"/c/{odd}/")).status_code == 404
    assert await counts() == before


async def test_S_02_an_id_is_given_once(writer: Person) -> None:
    await writer.begin("One")
    one = await ended()
    two = [one.uid, uuid4()]
    assert (await writer.say(one.conversation.uid, "Two", parent=two)).status_code == 400
    assert (await writer.begin("Two", client_id=two)).status_code == 400
    assert (await writer.begin(["Two", "texts"])).status_code == 400  # type: ignore[arg-type]


async def test_S_02_json_is_no_form(writer: Person) -> None:
    body = {"text": "Two", "client_id": str(uuid4()), "model": ""}
    answer = await writer.client.post("/c/", body, content_type="application/json", headers={"X-Fragment": "1"})
    assert answer.status_code == 400
    assert await counts() == (0, 0, 0)


async def test_S_03_charlie_cannot_stop_what_is_written_for_alice(
    writer: Person, models: Upstream, charlie: User, sign_in: SignIn
) -> None:
    gate = Gate()
    models.script(openai_answer("all ", "of it").before_last(Wait(gate)))
    await writer.begin("A secret")
    live = await newest_reply()
    stranger = await sign_in(charlie)
    assert (await stranger.post(f"/m/{live.uid}/stop/")).status_code == 404
    assert (await stranger.ask_again(live.parent.uid)).status_code == 404  # type: ignore[union-attr]
    assert (await stranger.say(live.conversation.uid)).status_code == 404
    assert (await stranger.post(f"/c/{live.conversation.uid}/deletion/")).status_code == 404
    assert "secret" not in (await stranger.get("/conversations/")).content.decode()
    assert (await newest_reply()).state == "streaming"
    gate.open()
    assert (await ended(live)).text == "all of it"


async def test_S_04_and_S_05_charlie_cannot_follow_alices_run(
    writer: Person, models: Upstream, charlie: User, sign_in: SignIn
) -> None:
    gate = Gate()
    models.script(openai_answer("a ", "secret").before_last(Wait(gate)))
    await writer.begin()
    live = await newest_reply()
    tab = Tab(await sign_in(charlie))
    await tab.follow(live.run.uid)
    assert (await tab.read())["type"] == "gone"
    await tab.ask_for(uuid4())
    assert (await tab.read())["type"] == "gone"
    assert await tab.socket.receive_nothing(0.2)
    gate.open()
    await ended(live)
    assert await tab.socket.receive_nothing(0.2)
    await tab.socket.disconnect()


async def test_S_04_each_follow_asks_again(writer: Person) -> None:
    await writer.begin()
    reply = await ended()
    scope = scope_of(writer)
    assert await door.may_open(scope) == f"user-{writer.user.pk}"
    assert await door.may_follow(scope, str(reply.run.uid))
    for odd in (str(reply.run.uid).upper(), f" {reply.run.uid}", str(reply.uid), "1", ""):
        assert not await door.may_follow(scope, odd)
    await writer.post(f"/c/{reply.conversation.uid}/deletion/")
    assert not await door.may_follow(scope, str(reply.run.uid))


@pytest.mark.parametrize("change", [{"is_active": False}, {"auth_epoch": 1}])
async def test_S_12_a_person_who_may_no_more_follows_nothing(writer: Person, change: dict[str, Any]) -> None:
    await writer.begin()
    reply = await ended()
    scope = scope_of(writer)
    await door.may_open(scope)
    assert await door.still_valid([scope]) == [True]
    await User.objects.filter(pk=writer.user.pk).aupdate(**change)
    assert not await door.may_follow(scope, str(reply.run.uid))
    assert await door.still_valid([scope]) == [False]


async def test_S_11_a_socket_whose_session_is_gone_is_told_apart(
    writer: Person, charlie: User, sign_in: SignIn
) -> None:
    stranger = await sign_in(charlie)
    scopes: list[dict[str, Any]] = [scope_of(writer), scope_of(stranger), {"headers": []}]
    assert [await door.may_open(scope) for scope in scopes] == [
        f"user-{writer.user.pk}",
        f"user-{charlie.pk}",
        None,
    ]
    assert await door.still_valid(scopes) == [True, True, False]
    await stranger.client.alogout()
    assert await door.still_valid(scopes) == [True, False, False]
    assert await door.may_open(scope_of(stranger)) is None


@pytest.mark.parametrize(
    "before", ['prefs={"a":1}; ', "a b=c; ", "x; ", 'n="q\\"; ', "jupyter[1]=2; ", "é=1; ", "a=1 2; "]
)
async def test_another_applications_cookie_does_not_keep_her_out(writer: Person, before: str) -> None:
    scope = scope_of(writer)
    (_, cookie), *_ = scope["headers"]
    assert await door.may_open({"headers": [(b"cookie", before.encode() + cookie)]}) == f"user-{writer.user.pk}"
    assert await door.may_open({"headers": [(b"cookie", cookie + b"; " + before.encode())]})


async def test_opening_a_socket_under_a_new_secret_key_signs_nobody_out(writer: Person, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret " * 4
    scopes = [scope_of(writer), scope_of(writer)]
    for scope in scopes:
        assert await door.may_open(scope) == f"user-{writer.user.pk}"
    assert await door.still_valid(scopes) == [True, True]
    assert (await writer.get("/session")).status_code == 204


async def test_S_12_a_session_that_has_ended_follows_nothing(writer: Person) -> None:
    await writer.begin()
    reply = await ended()
    scope = scope_of(writer)
    await door.may_open(scope)
    await writer.client.alogout()
    assert not await door.may_follow(scope, str(reply.run.uid))


@pytest.mark.parametrize(
    "cookie", ["", "x", "session", "session=", "session=../../etc", 'session="', "session=" + "a" * 5000]
)
async def test_a_cookie_that_is_no_session_opens_nothing(cookie: str, db: None) -> None:
    assert await door.may_open({"headers": [(b"cookie", cookie.encode())]}) is None


def scope_of(person: Person) -> dict[str, Any]:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in person.client.cookies.items())
    return {"headers": [(b"cookie", cookies.encode())]}


async def test_B_13_an_address_knocks_so_often_without_a_session(
    writer: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES = 1
    clock = SimpleNamespace(now=time.monotonic())
    monkeypatch.setattr("streaming.window.time", SimpleNamespace(monotonic=lambda: clock.now))

    def knock(address: str, cookie: bool = False) -> dict[str, Any]:
        headers = [*scope_of(writer)["headers"]] if cookie else [(b"cookie", b"session=nobody-knows-this")]
        return {"client": ["10.0.0.1", 1], "headers": [*headers, (b"x-forwarded-for", f"1.1.1.1, {address}".encode())]}

    for number in range(160):
        if number < 120:
            assert await door.may_open(knock("192.0.2.7", cookie=True))
        assert await door.may_open(knock("2001:db8::7")) is None
    assert await door.may_open(knock("2001:db8::8", cookie=True)) is None  # the same household
    assert await door.may_open(knock("2001:db8:1::8", cookie=True))
    clock.now += 1
    assert await door.may_open(knock("2001:db8::8", cookie=True))


async def test_a_new_page_needs_an_account(async_client: Any, db: None) -> None:
    for path in ("/", "/conversations/", f"/c/{uuid4()}/", f"/m/{uuid4()}/"):
        answer = await async_client.get(path)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")
    answer = await async_client.post("/c/", {"text": "Hello"}, headers={"X-Fragment": "1"})
    assert (answer.status_code, 'data-reason="signed_out"' in answer.content.decode()) == (401, True)
