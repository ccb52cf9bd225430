"""The product is told to end in the middle of an answer."""

from __future__ import annotations

import html
import json
import re
import uuid
from pathlib import Path

import httpx
import pytest
import websockets

from ..sites import Database
from .test_serve import SERVE, settings
from .wire import Process

WITH_DEMO = {"UPSTREAM_API_KEY": "", "UPSTREAM_OPENAI_BASE_URL": "", "UPSTREAM_OPENAI_MODELS": ""}
# Debugging on, so that no static files need have been collected.
ENV = {**WITH_DEMO, "SIGNUP": "open", "DEBUG": "1", "DRAIN_SECONDS": "1"}


def token(page: httpx.Response) -> str:
    """The CSRF token of a page's forms."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def signed_up(client: httpx.Client) -> None:
    """Make Alice an account."""
    page = client.get("/accounts/signup/")
    person = {"name": "Alice", "email": "alice@example.com", "password1": "correct horse battery staple"}
    answer = client.post("/accounts/signup/", data={**person, "csrfmiddlewaretoken": token(page)})
    assert answer.status_code == 302, answer.text


def asked(client: httpx.Client, model: str = "demo-openai/long") -> tuple[str, str]:
    """Let her ask for an answer, by itself a long one; the reply's uid and its run's."""
    form = {"text": "Tell me everything.", "client_id": str(uuid.uuid4()), "model": model}
    form["csrfmiddlewaretoken"] = token(client.get("/"))
    answer = client.post("/c/", data=form, headers={"X-Fragment": "1"})
    assert answer.status_code == 201, answer.text
    run = re.findall(r'\srun="([^"]+)"', answer.text)[-1]
    return re.findall(r'data-message="([^"]+)"', answer.text)[-1], run


async def watched(server: Process, session: str, run: str) -> tuple[str, int]:
    """What she sees until the socket is closed, and with which code; after a little, the server is told to end."""
    address, origin = f"ws://localhost:{server.port}/ws/", f"http://localhost:{server.port}"
    cookie = {"Cookie": f"session={session}"}
    text, told = "", False
    protocol = [websockets.Subprotocol("chat.v1")]
    async with websockets.connect(
        address, origin=websockets.Origin(origin), subprotocols=protocol, additional_headers=cookie
    ) as socket:
        await socket.send(json.dumps({"type": "follow", "run": run, "after": 0}))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                frame = json.loads(await socket.recv())
                text += "".join(event.get("text", "") for event in frame.get("events", ()) if event["type"] == "text")
                if text and not told:
                    server.signal()
                    told = True
    assert closed.value.rcvd
    return text, closed.value.rcvd.code


async def test_D_01_and_I_12_all_that_alice_saw_is_kept(migrated: Database, tmp_path: Path) -> None:
    env = {**settings(tmp_path, migrated), **ENV}
    with Process(tmp_path / "first", args=SERVE, env=env) as server:
        with httpx.Client(base_url=f"http://localhost:{server.port}", trust_env=False) as client:
            signed_up(client)
            reply, run = asked(client)
            session = client.cookies["session"]
            seen, code = await watched(server, session, run)
        assert code == 4012
        assert server.ended() == 0
        assert "Traceback" not in server.log
    with Process(tmp_path / "second", args=SERVE, env=env) as server:
        page = httpx.get(f"http://localhost:{server.port}/m/{reply}/", cookies={"session": session}, trust_env=False)
    assert 'data-state="interrupted"' in page.text
    assert seen
    assert seen in html.unescape(re.sub(r"<[^>]+>", "", page.text))
