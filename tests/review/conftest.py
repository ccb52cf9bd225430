"""What tests of reviewing share."""

from __future__ import annotations

import pytest

from chatsite.accounts.models import User
from chatsite.conversations.models import Conversation, Message, Run, State

WORDS = "my-own-secret-words"


def say(conversation: Conversation, parent: Message | None, text: str) -> Message:
    """What the owner says."""
    return conversation.messages.create(role="user", text=text, parent=parent, author=conversation.owner)


def answer(to: Message, text: str, state: State = State.COMPLETE, model: str = "tour", **run: object) -> Message:
    """What a model answers, and the run that wrote it."""
    reply = to.conversation.messages.create(role="assistant", text=text, parent=to, state=state)
    Run.objects.create(
        reply=reply,
        owner=to.conversation.owner,
        model=model,
        upstream="demo-openai",
        dialect="openai",
        state=state,
        **run,
    )
    return reply


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """Alice asks, has the answer regenerated, and goes on after the second."""
    made = Conversation.objects.create(owner=alice, title="Two tides a day")
    first = say(made, None, f"{WORDS} one")
    answer(first, f"{WORDS} two", State.INTERRUPTED, kind="connection", reason="connection_lost")
    again = answer(first, f"{WORDS} three", input_tokens=12, output_tokens=318)
    say(made, again, f"{WORDS} four")
    return made
