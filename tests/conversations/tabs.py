"""A browser's tab without a browser: a socket through the real application, and the fold of what comes."""

from __future__ import annotations

import json
from typing import Any

from channels.testing import WebsocketCommunicator
from django.conf import settings

from chatsite.asgi import application
from streaming.events import Text, from_dict
from streaming.transcript import Transcript

from .conftest import Person


class Tab:
    """A browser's tab: it follows a run and folds what it is sent."""

    def __init__(self, person: Person, text: str = "", position: int = 0) -> None:
        cookie = person.client.cookies[settings.SESSION_COOKIE_NAME].value
        headers = [
            (b"host", b"localhost"),
            (b"origin", f"http://localhost:{settings.PORT}".encode()),
            (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()),
        ]
        self.socket = WebsocketCommunicator(application, "/ws/", headers, ["chat.v1"])
        self.transcript, self.position, self.n = Transcript(), position, 0
        self.transcript.apply(Text(text))

    async def open(self) -> None:
        """Connect, and follow nothing yet."""
        assert await self.socket.connect() == (True, "chat.v1")

    async def follow(self, run: object) -> None:
        """Connect, and follow this run from where the tab is."""
        await self.open()
        await self.ask_for(run)

    async def ask_for(self, run: object) -> None:
        """Follow this run, too."""
        await self.socket.send_json_to({"type": "follow", "run": str(run), "after": self.position})

    async def read(self) -> dict[str, Any]:
        """The next frame; events are applied, and must follow what is there without a hole (I-4)."""
        frame: dict[str, Any] = json.loads(await self.socket.receive_from(timeout=10))
        self.n += 1
        assert frame["n"] == self.n
        if frame["type"] == "events":
            assert frame["after"] == self.position
            self.transcript.apply_all([from_dict(event) for event in frame["events"]])
            self.position = frame["position"]
        return frame

    async def read_until(self, text: str) -> None:
        while text not in self.transcript.text:
            await self.read()

    async def read_to_end(self) -> dict[str, Any]:
        """Read until the answer has ended; the frame that said so."""
        while True:
            frame = await self.read()
            if self.transcript.outcome is not None:
                return frame
