"""What the tests of conversations share: an engine of their own, in front of a scripted model server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from django.http import HttpResponse
from django.test import AsyncClient
from django.utils import timezone

from chatsite.accounts.models import User
from chatsite.conversations.engine import engine, reset
from chatsite.conversations.models import Conversation, Message, Run
from chatsite.database import db
from tests.upstream import Upstream

MODELS = {"openai": "openai-test", "anthropic": "anthropic-test"}


@pytest_asyncio.fixture
async def models(settings: Any, db: None) -> AsyncIterator[Upstream]:
    """A model server that answers as the test scripts it, and an engine that asks it."""
    async with Upstream() as server:
        settings.UPSTREAM_ENVIRONMENT = {
            "UPSTREAM_API_KEY": "key-of-the-tests",
            "UPSTREAM_OPENAI_BASE_URL": f"{server.url}/v1",
            "UPSTREAM_OPENAI_MODELS": MODELS["openai"],
            "UPSTREAM_ANTHROPIC_BASE_URL": server.url,
            "UPSTREAM_ANTHROPIC_MODELS": MODELS["anthropic"],
        }
        settings.RECORD_SECONDS = 0.05
        reset()
        async with asyncio.timeout(10):
            while not engine().keeper.made:
                await asyncio.sleep(0.005)
        yield server
        await engine().close()
        reset()


class Person:
    """Somebody with a browser: what they send, and what they get back."""

    def __init__(self, user: User, client: AsyncClient) -> None:
        self.user, self.client = user, client

    async def post(self, path: str, **fields: Any) -> HttpResponse:
        """What the page's script sends."""
        headers = {"X-Fragment": "1"}
        return cast(HttpResponse, await self.client.post(path, fields, headers=headers))

    async def get(self, path: str) -> HttpResponse:
        """A page or a piece of one."""
        return cast(HttpResponse, await self.client.get(path))

    async def begin(self, text: str = "Hello", **fields: Any) -> HttpResponse:
        """Send the first message of a conversation."""
        return await self.post("/c/", **{"text": text, "client_id": uuid4(), "model": MODELS["openai"], **fields})

    async def say(self, conversation: UUID, text: str = "And now?", **fields: Any) -> HttpResponse:
        """Send a further message."""
        fields = {"text": text, "client_id": uuid4(), "model": MODELS["openai"], **fields}
        return await self.post(f"/c/{conversation}/messages/", **fields)

    async def ask_again(self, message: UUID, **fields: Any) -> HttpResponse:
        """Ask for another reply to something this person said."""
        return await self.post(f"/m/{message}/replies/", **{"client_id": uuid4(), **fields})

    async def go_on(self, reply: UUID, **fields: Any) -> HttpResponse:
        """Ask for a reply to be continued."""
        return await self.post(f"/m/{reply}/continuations/", **{"client_id": uuid4(), **fields})


SignIn = Callable[[User], Awaitable[Person]]


@pytest.fixture
def sign_in() -> SignIn:
    """Gives a user a browser of their own."""

    async def sign_in(user: User) -> Person:
        client = AsyncClient()
        await client.aforce_login(user)
        return Person(user, client)

    return sign_in


@pytest_asyncio.fixture
async def writer(alice: User, models: Upstream, sign_in: SignIn) -> Person:
    """Alice, at her browser."""
    return await sign_in(alice)


async def newest_reply() -> Message:
    """The reply that was begun last, with its run and conversation."""
    replies = Message.objects.replies().select_related("run", "conversation", "parent").order_by("-id")
    return cast(Message, await db(replies.first)())


async def ended(reply: Message | None = None) -> Message:
    """The reply once it is final (the newest one if left out)."""
    reply = reply or await newest_reply()
    await engine().recorder.persist(str(reply.run.uid), 20)
    return await db(Message.objects.select_related("run", "conversation", "parent").get)(pk=reply.pk)


async def counts() -> tuple[int, int, int]:
    """How many conversations, messages and runs there are."""
    return tuple([await db(model.objects.count)() for model in (Conversation, Message, Run)])  # type: ignore[return-value]


def left_behind(owner: User, text: str = "", **fields: Any) -> Message:
    """A reply that a process began and never ended, its lease over."""
    conversation = Conversation.objects.create(owner=owner, title="Left behind")
    question = conversation.messages.create(role="user", text="Hello?", author=owner)
    reply = conversation.messages.create(
        role="assistant", parent=question, state="streaming", text=text, position=7 if text else 0, **fields
    )
    Run.objects.create(
        reply=reply,
        owner=owner,
        model="m",
        upstream="u",
        dialect="openai",
        worker="elsewhere:1:00",
        fence=1,
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    return reply
