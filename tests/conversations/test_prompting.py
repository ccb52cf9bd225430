"""A model is asked the branch that leads to what Alice said, and nothing that was never part of the talk."""

from __future__ import annotations

from typing import Any

import pytest

from chatsite.accounts.models import User
from chatsite.conversations.models import Conversation, Message
from chatsite.conversations.prompting import prompt_for
from streaming.events import ReasoningBlock, to_dict
from streaming.prompts import Prompt
from streaming.upstreams import Catalogue, Model, Upstream

BLOCK = ReasoningBlock("thinking", "Let me think", "c2lnbmVk")
CLAUDE = Upstream("claude", "anthropic", "http://localhost:1", models=("big", "small"))
OTHER = Upstream("other", "anthropic", "http://localhost:2", models=("big",))
GPT = Upstream("gpt", "openai", "http://localhost:3", models=("mini",))
MODELS = {f"{one.upstream.name}/{one.name}": one for one in Catalogue([CLAUDE, OTHER, GPT]).models}
BIG = MODELS["claude/big"]


class Talk:
    """A conversation that grows by what is said in it."""

    def __init__(self, owner: User, **settings: Any) -> None:
        self.owner = owner
        self.conversation = Conversation.objects.create(owner=owner, title="Tides", settings=settings)
        self.last: Message | None = None

    def said(self, text: str) -> Message:
        self.last = self.conversation.messages.create(role="user", text=text, parent=self.last, author=self.owner)
        return self.last

    def answered(self, model: Model = BIG, state: str = "complete", **fields: Any) -> Message:
        assert self.last is not None
        self.last = self.conversation.begin_reply(self.last, model, "here")
        self.last.run.settle(state, {}, fields)
        return self.last

    def asked(self, model: Model = BIG) -> Prompt:
        """What the model would be asked about what was said last."""
        assert self.last is not None
        reply = self.conversation.begin_reply(self.last, model, "here")
        reply.run.settle("stopped", {}, {})
        return prompt_for(self.last, model, reply.run)


@pytest.fixture
def talk(alice: User) -> Talk:
    return Talk(alice)


def turns(prompt: Prompt) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in prompt.turns]


@pytest.mark.store
def test_it_is_asked_the_branch_and_not_its_siblings(talk: Talk) -> None:
    question = talk.said("Why?")
    talk.answered(text="A first answer")
    talk.last = question
    talk.answered(text="A second answer")
    talk.said("And in June?")
    assert turns(talk.asked()) == [("user", "Why?"), ("assistant", "A second answer"), ("user", "And in June?")]


def test_what_broke_before_it_said_anything_is_left_out(talk: Talk) -> None:
    talk.said("Why?")
    talk.answered(state="failed")
    talk.said("Why, then?")
    talk.answered(state="interrupted", reasoning="hm")
    talk.said("Hello?")
    talk.answered(state="stopped", text="Becau")
    talk.said("Go on")
    assert turns(talk.asked()) == [
        *(("user", "Why?"), ("user", "Why, then?"), ("user", "Hello?")),
        *(("assistant", "Becau"), ("user", "Go on")),
    ]


def test_what_the_model_declined_with_is_part_of_the_talk(talk: Talk) -> None:
    talk.said("Why?")
    talk.answered(refusal="I would rather not.")
    talk.said("Still")
    assert turns(talk.asked())[1] == ("assistant", "I would rather not.")


@pytest.mark.parametrize(
    ("asked", "state", "back"),
    [
        ("claude/big", "complete", True),
        ("claude/small", "complete", False),
        ("other/big", "complete", False),
        ("gpt/mini", "complete", False),
        ("claude/big", "stopped", False),
        ("claude/big", "interrupted", False),
    ],
)
def test_a_model_gets_back_its_own_thinking_only(asked: str, state: str, back: bool, talk: Talk) -> None:
    talk.said("Why?")
    talk.answered(state=state, text="Because", reasoning="Let me think", blocks=[to_dict(BLOCK)])
    talk.said("And?")
    turn = talk.asked(MODELS[asked]).turns[1]
    assert turn.reasoning == ((BLOCK,) if back else ())
    assert turn.reasoning_text == ("Let me think" if back else "")


def test_thinking_under_other_instructions_is_not_given_back(alice: User) -> None:
    talk = Talk(alice, system="Be brief.")
    talk.said("Why?")
    talk.answered(text="Because", blocks=[to_dict(BLOCK)])
    talk.said("And?")
    assert talk.asked().turns[1].reasoning == (BLOCK,)
    talk.conversation.settings = {"system": "Be long."}
    assert talk.asked().turns[1].reasoning == ()


def test_the_settings_of_a_conversation_are_asked_with_it(alice: User) -> None:
    talk = Talk(alice, system="Be brief.", temperature=0.3, max_tokens=100, stop=["END"], colour="blue")
    talk.said("Why?")
    prompt = talk.asked()
    assert (prompt.system, prompt.temperature, prompt.max_tokens, prompt.stop) == ("Be brief.", 0.3, 100, ("END",))
    reply = talk.conversation.begin_reply(talk.last, BIG, "here")  # type: ignore[arg-type]
    assert "Be brief." not in str(reply.run.sampling), "a run holds no words"


def test_a_long_talk_is_read_in_two_queries(talk: Talk, django_assert_num_queries: Any) -> None:
    for n in range(30):
        talk.said(f"Question {n}")
        talk.answered(text=f"Answer {n}")
    question = talk.said("The last one")
    reply = talk.conversation.begin_reply(question, BIG, "here")
    with django_assert_num_queries(2):
        assert len(prompt_for(question, BIG, reply.run).turns) == 61
