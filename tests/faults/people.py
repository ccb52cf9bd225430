"""A person without a browser: signs in, sends, stops, deletes, and keeps on trying when the network fails."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import uuid
from random import Random

import httpx

from .articles import articles, conversation
from .calling import Calling
from .evidence import Accepted, Evidence
from .oracle import WORD, Script

PASSWORD = "a sentence is the best of all"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PATIENCE = 60.0
"""Seconds for which something is tried again."""


class Person:
    """Somebody with a session. `name` is what the words of the answers to them begin with."""

    def __init__(self, name: str, url: str, rng: Random, evidence: Evidence) -> None:
        self.name, self.url, self.rng, self.evidence = name, url, rng, evidence
        self.email = f"{name}-{uuid.uuid4().hex[:12]}@example.com"
        self.http = httpx.AsyncClient(
            base_url=url, timeout=20, headers={"X-Fragment": "1"}, trust_env=False, transport=Calling()
        )
        self.signed_in = asyncio.Event()
        self.accepted: list[Accepted] = []
        self.news = asyncio.Condition()
        self.deleted: set[str] = set()
        self._questions = 0

    # The session

    @property
    def cookie(self) -> str:
        """The header that a socket of this person sends."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)

    async def sign_up(self) -> None:
        """Make an account; the session begins with it."""
        await self._form("/accounts/signup/", name=self.name, email=self.email, password1=PASSWORD)
        self.signed_in.set()

    async def sign_in(self) -> None:
        """Come back."""
        await self._form("/accounts/login/", login=self.email, password=PASSWORD)
        self.signed_in.set()

    async def sign_out(self) -> None:
        """Leave, in all tabs of this session."""
        self.signed_in.clear()
        await self._keep_trying("/accounts/logout/")
        with contextlib.suppress(KeyError):
            self.http.cookies.delete("session")

    async def _form(self, path: str, **fields: str) -> None:
        until = time.monotonic() + PATIENCE
        while "session" not in self.http.cookies:
            assert time.monotonic() < until, f"{self.name} cannot get in by {path}"
            with contextlib.suppress(httpx.HTTPError):
                page = await self.http.get(path)
                if found := TOKEN.search(page.text):
                    fields["csrfmiddlewaretoken"] = found[1]
                    await self.http.post(path, data=fields, headers={"Origin": self.url})
            if "session" not in self.http.cookies:
                await asyncio.sleep(0.3)

    # Talking

    async def ask(
        self, model: str, in_conversation: str = "", twins: int = 1, hasty: bool = False, script: Script | None = None
    ) -> Accepted | None:
        """Ask something by a script of its own, `twins` times at once; None if the server would not have it.

        Hasty people hang up before they hear the answer, and then send the same again.
        """
        self._questions += 1
        script = script or Script.random(f"{self.name}.g{self._questions}", self.rng)
        fields = {"text": f"Please: {script}", "client_id": str(uuid.uuid4()), "model": model}
        path = f"/c/{in_conversation}/messages/" if in_conversation else "/c/"
        if hasty:
            sending = asyncio.create_task(self._post(path, fields))
            await asyncio.sleep(self.rng.random() * 0.1)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        answers = await asyncio.gather(*(self._send(path, script.key, fields) for _ in range(twins)))
        heard = [answer for answer in answers if answer is not None]
        return heard[0] if heard else None

    async def ask_again(self, before: Accepted, model: str) -> Accepted | None:
        """Regenerate."""
        fields = {"client_id": str(uuid.uuid4()), "model": model}
        return await self._send(f"/m/{before.message}/replies/", before.key, fields)

    async def stop(self, asked: Accepted) -> None:
        """Press Stop."""
        await self._keep_trying(f"/m/{asked.reply}/stop/", once=True)

    async def delete(self, conversation: str) -> None:
        """Delete a conversation."""
        self.deleted.add(conversation)
        await self._keep_trying(f"/c/{conversation}/deletion/")

    async def get(self, path: str) -> httpx.Response:
        """A page or fragment, whose words are all this person's own."""
        return self.checked(await self.http.get(path))

    def checked(self, response: httpx.Response) -> httpx.Response:
        """The same response, after a look for other people's words (I-16)."""
        self.look(response.text, response.request.url.path)
        return response

    def look(self, text: str, where: str) -> None:
        """Write down any word in this text that is somebody else's."""
        strangers = {found[1] for found in WORD.finditer(text)} - {self.name}
        if strangers:
            self.evidence.breaches.append(f"I-16: {self.name} was shown words of {strangers} by {where}")

    async def _send(self, path: str, key: str, fields: dict[str, str]) -> Accepted | None:
        response = await self._keep_trying(path, fields)
        if response is None or response.status_code not in (200, 201):
            return None
        reply = articles(response.text)[-1]
        message = articles(response.text)[0].message
        accepted = Accepted(
            *(time.time(), self.name, fields["client_id"], key, conversation(response.text)),
            *(message, reply.message, reply.run),
        )
        self.evidence.accepted.append(accepted)
        if all(one.run != accepted.run for one in self.accepted):
            async with self.news:
                self.accepted.append(accepted)
                self.news.notify_all()
        return accepted

    async def _keep_trying(
        self, path: str, fields: dict[str, str] | None = None, *, once: bool = False
    ) -> httpx.Response | None:
        """The first answer that is one, and not the network's or a server's that cannot now."""
        until = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(httpx.HTTPError):
                response = await self._post(path, fields or {})
                if response.status_code < 500:
                    return response
            if once or time.monotonic() > until:
                return None
            await asyncio.sleep(0.2 + self.rng.random() * 0.5)

    async def _post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        token = self.http.cookies.get("csrf") or ""
        return self.checked(await self.http.post(path, data=fields, headers={"X-CSRFToken": token, "Origin": self.url}))
