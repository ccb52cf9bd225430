"""Whoever may not be here any more is gone, from a real server, within seconds; and nobody is taken for another."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.answers import Gate
from tests.sites import OPENAI_MODEL, Database, Site
from tests.upstream import Upstream, Wait, openai_answer

pytestmark = pytest.mark.store

PASSWORD = "a sentence is the best of all"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Visitor:
    """Somebody with a browser of their own, but without its screen."""

    def __init__(self, site: Site, name: str, opened: ExitStack) -> None:
        self.site, self.name, self.opened = site, name, opened
        self.email = f"{name.lower()}-{uuid.uuid4().hex[:8]}@example.com"
        self.http = opened.enter_context(httpx.Client(base_url=site.url, timeout=20, trust_env=False))

    def fill_in(self, path: str, **fields: str) -> httpx.Response:
        """Load a form, fill it in and send it."""
        token = TOKEN.search(self.http.get(path).text)
        assert token is not None, path
        fields["csrfmiddlewaretoken"] = token[1]
        return self.http.post(path, data=fields, headers={"Origin": self.site.url})

    def sign_up(self) -> Visitor:
        self.fill_in("/accounts/signup/", name=self.name, email=self.email, password1=PASSWORD)
        assert self.signed_in
        return self

    def elsewhere(self, password: str = PASSWORD) -> Visitor:
        """The same person at another browser."""
        other = Visitor(self.site, self.name, self.opened)
        other.email = self.email
        other.fill_in("/accounts/login/", login=self.email, password=password)
        assert other.signed_in
        return other

    @property
    def signed_in(self) -> bool:
        return self.http.get("/session").status_code == 204

    def ask(self, text: str) -> tuple[str, str]:
        """Begin a conversation; its address, and the run of the answer."""
        token = TOKEN.search(self.http.get("/").text)
        assert token is not None
        fields = {"text": text, "client_id": str(uuid.uuid4()), "model": OPENAI_MODEL, "csrfmiddlewaretoken": token[1]}
        sent = self.http.post("/c/", data=fields, headers={"Origin": self.site.url, "X-Fragment": "1"})
        assert sent.status_code == 201
        run = re.search(r'run="([^"]+)"', sent.text)
        assert run is not None
        return sent.headers["Location"], run[1]

    def socket(self) -> ClientConnection:
        cookie = "; ".join(f"{one.name}={one.value}" for one in self.http.cookies.jar)
        socket = connect(
            f"ws://localhost:{self.site.port}/ws/",
            origin=Origin(self.site.url),
            subprotocols=[Subprotocol("chat.v1")],
            additional_headers={"Cookie": cookie},
            proxy=None,
        )
        return self.opened.enter_context(socket)


def sign_out(site: Site, alice: Visitor) -> None:
    alice.fill_in("/accounts/logout/")


def change_password(site: Site, alice: Visitor) -> None:
    fields = {"oldpassword": PASSWORD, "password1": PASSWORD[::-1], "password2": PASSWORD[::-1]}
    other = alice.elsewhere()
    other.fill_in("/accounts/password/change/", **fields)
    assert other.signed_in


def disable(site: Site, alice: Visitor) -> None:
    change = f"u = User.objects.get(email={alice.email!r}); u.is_active = False; u.save()"
    site.manage("shell", "-c", f"from chatsite.accounts.models import User; {change}")


def age(site: Site, alice: Visitor) -> None:
    key = alice.http.cookies["session"]
    past = "timezone.now() - timezone.timedelta(1)"
    what = f"Session.objects.filter(session_key={key!r}).update(expire_date={past})"
    site.manage(
        "shell", "-c", f"from django.contrib.sessions.models import Session; from django.utils import timezone; {what}"
    )


ENDS = {
    "F6 P-01 signed out": sign_out,
    "F6 P-02 new password": change_password,
    "F6 P-03 disabled": disable,
    "P-11 session too old": age,
}


@pytest.fixture(scope="module")
def served(migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Upstream]]:
    with (
        Upstream.in_thread() as upstream,
        Site(migrated, tmp_path_factory.mktemp("site"), upstream, {"SIGNUP": "open"}) as site,
    ):
        yield site, upstream


@pytest.fixture
def arrive(served: tuple[Site, Upstream]) -> Iterator[Callable[[str], Visitor]]:
    """Somebody new comes, by this name."""
    with ExitStack() as opened:
        yield lambda name: Visitor(served[0], name, opened).sign_up()


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_S_11_I_15_whoever_is_out_is_closed_within_ten_seconds_and_the_answer_goes_on(
    served: tuple[Site, Upstream], arrive: Callable[[str], Visitor], end: Callable[[Site, Visitor], None]
) -> None:
    site, upstream = served
    gate = Gate()
    upstream.script(openai_answer("one ", "two").at(2, Wait(gate)))
    alice = arrive("Alice")
    address, run = alice.ask("How many?")
    socket = alice.socket()
    socket.send(f'{{"type":"follow","run":"{run}","after":0}}')
    while "one" not in socket.recv(timeout=60):
        pass
    end(site, alice)
    until = time.monotonic() + 60
    assert _closed(socket) == 4401
    assert time.monotonic() < until
    assert not alice.signed_in
    if end is disable:
        assert _until(lambda: "account_disabled" in _reason(site, run))
        gate.open()
        return
    gate.open()
    back = alice.elsewhere(PASSWORD[::-1] if end is change_password else PASSWORD)
    assert _until(lambda: 'data-state="complete"' in back.http.get(address).text)
    assert "one two" in back.http.get(address).text


def test_S_18_many_people_at_once_are_each_themselves(arrive: Callable[[str], Visitor]) -> None:
    people = [arrive(name) for name in ("Ada", "Ben", "Cleo", "Dan")]
    emails = {one.email for one in people}

    def look(number: int) -> set[str]:
        one = people[number % len(people)]
        page = one.http.get("/account/")
        assert page.status_code == 200
        return {email for email in emails if email in page.text} ^ {one.email}

    with ThreadPoolExecutor(16) as pool:
        assert set().union(*pool.map(look, range(80))) == set()


def test_B_13_one_person_has_twenty_sockets_and_charlie_still_gets_his(arrive: Callable[[str], Visitor]) -> None:
    alice, charlie = arrive("Alice"), arrive("Charlie")
    sockets = [alice.socket() for _ in range(21)]
    assert _closed(sockets[20]) == 4429
    his = charlie.socket()
    his.send("nonsense")
    assert _closed(his) == 4400
    with pytest.raises(TimeoutError):
        sockets[19].recv(timeout=0.1)


def _closed(socket: ClientConnection) -> int:
    """The code with which the server closes."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout=60)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def _reason(site: Site, run: str) -> str:
    what = f"print(Run.objects.get(uid={run!r}).reason)"
    return site.manage("shell", "-c", f"from chatsite.conversations.models import Run; {what}")


def _until(true: Callable[[], Any], seconds: float = 30) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
