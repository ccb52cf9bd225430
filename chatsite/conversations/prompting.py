"""What a model is asked: the branch of messages that leads to a person's words, as a prompt."""

from __future__ import annotations

from collections.abc import Iterator

from streaming.events import ReasoningBlock, from_dict
from streaming.prompts import Prompt, TextPart, Turn
from streaming.upstreams import Model

from .models import Message, Run, State


def prompt_for(message: Message, model: Model, run: Run) -> Prompt:
    """The prompt that asks this model to answer this message; `run` is the one that will."""
    conversation = message.conversation
    knobs = {name: value for name, value in run.sampling.items() if name != "frame"}
    if "stop" in knobs:
        knobs["stop"] = tuple(knobs["stop"])
    turns = tuple(_turns(message.path, model, run))
    return Prompt(turns=turns, system=conversation.settings.get("system", ""), **knobs)


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
    """Whether the model may be given back its own thinking: same model, same upstream, same frame, ended well."""
    before: Run | None = getattr(said, "run", None)
    return (
        before is not None
        and said.state == State.COMPLETE
        and (before.upstream, before.model) == (model.upstream.name, model.name)
        and before.sampling.get("frame") == run.sampling.get("frame")
    )


def _blocks(said: Message) -> tuple[ReasoningBlock, ...]:
    events = [from_dict(block) for block in said.blocks]
    return tuple(event for event in events if isinstance(event, ReasoningBlock))
