"""nginx and Caddy with the files of `deploy/`, in front of the product."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import websockets

from .. import proxies
from ..proxies import Place
from ..sites import Database
from .test_drain import WITH_DEMO, asked, signed_up, token
from .test_serve import SERVE, settings
from .wire import Process

ENV = {**WITH_DEMO, "SIGNUP": "open", "DEBUG": "1", "DRAIN_SECONDS": "60", "TRUSTED_PROXIES": "1"}
PROTOCOL = websockets.Subprotocol("chat.v1")
KINDS = ("nginx", "caddy")


class Front(NamedTuple):
    """A product with its proxy."""

    place: Place
    server: Process

    def client(self, *, local: str = "127.0.0.1", **options: Any) -> httpx.Client:
        """A browser of its own, as far as the proxy can tell, at this address."""
        transport = httpx.HTTPTransport(verify=proxies.trust(), local_address=local)
        headers = {"Origin": self.place.origin, **options.pop("headers", {})}
        return httpx.Client(base_url=self.place.origin, transport=transport, headers=headers, **options)


@pytest.fixture(scope="module", params=KINDS)
def front(request: pytest.FixtureRequest, filed: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """For several tests: one worker behind the proxy, as the documentation has it."""
    folder, place = tmp_path_factory.mktemp("front"), Place.free(request.param)
    env = {**settings(folder, filed), **ENV, "PUBLIC_ORIGIN": place.origin, "VAR_DIR": str(folder)}
    args = [*SERVE, "--workers", "1"]
    args[args.index("--port") + 1] = str(place.upstream)
    with Process(folder / "log", args=args, env=env) as server, proxies.proxy(place):
        yield Front(place, server)


@pytest.fixture(scope="module")
def alice(front: Front) -> Iterator[httpx.Client]:
    """She has signed up, through the proxy."""
    with front.client() as client:
        signed_up(client)
        yield client


@contextlib.asynccontextmanager
async def opened(front: Front, alice: httpx.Client) -> AsyncIterator[websockets.ClientConnection]:
    """Her socket, through the proxy."""
    cookie = {"Cookie": f"__Host-session={alice.cookies['__Host-session']}"}
    address = f"wss://localhost:{front.place.https}/ws/"
    async with websockets.connect(
        address,
        ssl=proxies.trust(),
        origin=websockets.Origin(front.place.origin),
        subprotocols=[PROTOCOL],
        additional_headers=cookie,
        ping_interval=None,
        proxy=None,
    ) as connection:
        yield connection


class Seen:
    """What came of one run, each event once: a frame that does not begin where the last one ended is an error."""

    def __init__(self) -> None:
        self.position, self.text, self.times, self.ended = 0, "", list[float](), False

    async def follow(self, socket: websockets.ClientConnection, run: str, until: Callable[[], bool]) -> None:
        """On a new socket, read on from where we are."""
        await socket.send(json.dumps({"type": "follow", "run": run, "after": self.position}))
        await self.read(socket, until)

    async def read(self, socket: websockets.ClientConnection, until: Callable[[], bool]) -> None:
        """Read what comes of what is followed."""
        while not until() and not self.ended:
            frame = json.loads(await asyncio.wait_for(socket.recv(), 40))
            await socket.send(json.dumps({"type": "ack", "n": frame["n"]})) if frame["n"] % 20 == 0 else None
            if frame["type"] == "events":
                assert frame["after"] == self.position
                self.position = frame["position"]
                self.times.append(time.monotonic())
                self.text += "".join(event["text"] for event in frame["events"] if event["type"] == "text")
                self.ended = frame["events"][-1]["type"] in ("finished", "stopped", "failed")

    def flows(self) -> bool:
        """Whether it comes bit by bit: held back, it would come all at once."""
        return sum(later - earlier > 0.01 for earlier, later in pairwise(self.times)) > 10


async def test_alice_signs_in_over_https_and_reads_along_while_the_model_writes(
    front: Front, alice: httpx.Client
) -> None:
    names = {cookie.name: cookie.secure for cookie in alice.cookies.jar}
    assert names == {"__Host-session": True, "__Host-csrf": True}
    seen = Seen()
    reply, run = asked(alice)
    async with opened(front, alice) as socket:
        # Held back, they would come all at once.
        await seen.follow(
            socket, run, lambda: sum(later - earlier > 0.01 for earlier, later in pairwise(seen.times)) > 10
        )
    csrf = {"X-CSRFToken": alice.cookies["__Host-csrf"], "X-Fragment": "1"}
    assert alice.post(f"/m/{reply}/stop/", headers=csrf).status_code == 204
    assert not seen.ended


async def test_D_01_when_workers_are_replaced_alice_gets_all_of_the_answer_once(
    front: Front, alice: httpx.Client
) -> None:
    seen = Seen()
    reply, run = asked(alice, "demo-openai/slow")
    before = len(re.findall("replaced\n", front.server.log))
    async with opened(front, alice) as socket:
        front.server.signal(signal.SIGHUP)
        await seen.follow(socket, run, lambda: bool(seen.text))
        codes = [(await asyncio.to_thread(alice.get, "/session")).status_code for _ in range(20)]
        assert codes == [204] * 20
        with contextlib.suppress(websockets.ConnectionClosed):
            await seen.read(socket, lambda: False)
    while not seen.ended:
        async with opened(front, alice) as socket:
            await seen.follow(socket, run, lambda: False)
    page = await asyncio.to_thread(alice.get, f"/m/{reply}/")
    assert 'data-state="complete"' in page.text
    assert re.fullmatch(r"I took my time to think about “Tell me everything.”, and kept .* meanwhile\.", seen.text)
    assert seen.text in html.unescape(page.text)
    deadline = time.monotonic() + 30
    while len(re.findall("replaced\n", front.server.log)) == before:
        assert time.monotonic() < deadline, front.server.log
        await asyncio.sleep(0.1)


@pytest.mark.long
async def test_a_socket_on_which_nothing_but_the_ping_happens_stays_open(front: Front, alice: httpx.Client) -> None:
    kinds = set()
    async with opened(front, alice) as socket:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                frame = json.loads(await asyncio.wait_for(socket.recv(), 5))
                kinds.add(frame["type"])
                await socket.send(json.dumps({"type": "ack", "n": frame["n"]}))
        assert await asyncio.wait_for(await socket.ping(), 5) is not None
    assert kinds == {"ping"}


def test_the_address_that_counts_is_the_one_that_the_proxy_sees(front: Front) -> None:
    def tried(client: httpx.Client, number: int) -> str:
        form = {"login": f"nobody{number}@example.com", "password": "wrong", "csrfmiddlewaretoken": csrf}
        claimed = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
        return client.post("/accounts/login/", data=form, headers=claimed).text

    with front.client(local="127.0.0.5") as client:
        csrf = token(client.get("/accounts/login/"))
        said = [tried(client, number) for number in range(12)]
    assert "Too many tries" not in said[0]
    assert "Too many tries" in said[-1]
    with front.client(local="127.0.0.6") as client:
        csrf = token(client.get("/accounts/login/"))
        assert "Too many tries" not in tried(client, 99)


def test_what_the_application_says_about_safety_arrives_as_it_was_said(front: Front) -> None:
    direct = front.server.get("/accounts/login/", f"Host: localhost:{front.place.https}", "X-Forwarded-Proto: https")
    with front.client() as client:
        answer = client.get("/accounts/login/")
    names = [name for name, _ in direct.headers if name.startswith(("x-", "cross-", "strict-", "referrer-", "perm"))]
    names.remove("x-request-id")  # each has its own
    assert "strict-transport-security" in names
    assert {name: answer.headers.get_list(name) for name in names} == {name: [direct.header(name)] for name in names}
    assert answer.headers.get_list("cache-control") == [direct.header("cache-control")]
    assert len(answer.headers.get_list("content-security-policy")) == 1


def test_a_body_that_is_too_large_is_refused_in_the_words_of_the_site(front: Front, alice: httpx.Client) -> None:
    large, huge = (alice.post("/c/", data={"text": "x" * size}) for size in (1_060_000, 3_000_000))
    assert (large.status_code, large.text) == (413, "This is more than is taken in at once.\n")
    # nginx asks nobody. Caddy passes on what comes, and may still be sending when the site has hung up.
    assert huge.status_code in ((413,) if front.place.kind == "nginx" else (413, 502))


def test_metrics_are_not_for_the_world(front: Front, alice: httpx.Client) -> None:
    answer = alice.get("/metrics")
    assert answer.status_code == 404
    assert "content-security-policy" not in answer.headers  # the proxy's own words: nobody was asked
    assert "content-security-policy" in alice.get("/nothing").headers


def test_who_asks_for_another_name_gets_nothing(front: Front) -> None:
    with front.client() as client:
        try:
            answer = client.get("/healthz", headers={"Host": "other.example"})
            assert answer.status_code in (403, 421)
            assert answer.text.strip() != "ok"
        except httpx.RemoteProtocolError:
            pass
    context = proxies.trust()
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", front.place.https)) as plain,
        pytest.raises(OSError, match=r"alert|unrecognized|internal"),
    ):
        context.wrap_socket(plain, server_hostname="other.example")


def test_http_leads_to_https(front: Front) -> None:
    answer = httpx.get(f"http://localhost:{front.place.http}/c/?a=b", trust_env=False)
    assert answer.status_code in (301, 308)
    assert re.fullmatch(r"https://localhost(:\d+)?/c/\?a=b", answer.headers["location"])


def test_browsers_are_offered_http_2(front: Front) -> None:
    context = proxies.trust()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", front.place.https)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"


def test_nginx_waits_longer_than_the_server_is_ever_silent() -> None:
    site = Path(proxies.DEPLOY / "nginx.conf").read_text()
    seconds = [int(found) for found in re.findall(r"proxy_(?:read|send)_timeout (\d+)s;", site)]
    assert len(seconds) == 2
    assert min(seconds) > 2 * 20
