"""What a model is asked: the branch of messages that leads to a person's words, as a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from streaming.events import ReasoningBlock, from_dict
from streaming.prompts import Prompt, TextPart, Turn
from streaming.upstreams import Model

from .models import Message, Run, State

GO_ON: Final = (
    "Your last answer was cut off. Go on with it exactly where its text stops, even in the middle of a word or of a "
    "block of code. Repeat nothing of it, and write nothing before or about the continuation."
)
"""What is said to a model that cannot simply be given the beginning of its answer. Nobody sees it."""


def prompt_for(message: Message, model: Model, run: Run, before: str = "") -> Prompt:
    """The prompt that asks this model to answer this message; `run` is the one that will.

    `before` is what has been written of the answer already, to go on from there.
    """
    conversation = message.conversation
    knobs = {name: value for name, value in run.sampling.items() if name != "frame"}
    if "stop" in knobs:
        knobs["stop"] = tuple(knobs["stop"])
    turns = (*_turns(message.path, model, run), *(_continued(before, model) if before else ()))
    return Prompt(turns=turns, system=conversation.settings.get("system", ""), **knobs)


def _continued(before: str, model: Model) -> Iterator[Turn]:
    """The answer so far, its thinking left out; and the wish to go on, where the model would not do so by itself."""
    quirks = model.quirks
    if quirks.prefill and not quirks.thinking:
        # Servers refuse a beginning that ends with a space. What is left out here, the run knows to expect again.
        yield Turn(role="assistant", parts=(TextPart(before.rstrip()),))
        return
    yield Turn(role="assistant", parts=(TextPart(before),))
    yield Turn(role="user", parts=(TextPart(GO_ON),))


def _turns(path: list[Message], model: Model, run: Run) -> Iterator[Turn]:
    for said in path:
        text = said.text or said.refusal
        if said.role == Message.Role.USER:
            yield Turn(role="user", parts=(TextPart(text),))
        elif text:
            # A reply that broke before it said anything was never part of the talk: it is left out.
            back = _readable(said, model, run)
            yield Turn(
                role="assistant",
                parts=(TextPart(text),),
                reasoning=_blocks(said) if back else (),
                reasoning_text=said.reasoning if back else "",
            )


def _readable(said: Message, model: Model, run: Run) -> bool:
    """Whether the model may be given back its own thinking: same model, same upstream, same frame, ended well.

    Never that of an answer that was continued: it was thought in the middle of it.
    """
    before: Run | None = getattr(said, "run", None)
    return (
        before is not None
        and said.state == State.COMPLETE
        and said.continues_id is None
        and (before.upstream, before.model) == (model.upstream.name, model.name)
        and before.sampling.get("frame") == run.sampling.get("frame")
    )


def _blocks(said: Message) -> tuple[ReasoningBlock, ...]:
    events = [from_dict(block) for block in said.blocks]
    return tuple(event for event in events if isinstance(event, ReasoningBlock))
