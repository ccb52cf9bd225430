"""Fields that a server turned out to refuse: asked for once more without them, and never again.

Two servers of one dialect do not take the same fields, and a model of one may take fewer than its neighbour. What the
configuration does not say is learnt from the refusals that name a field, for as long as the process lives.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from .dialects import DIALECTS
from .prompts import Prompt, Quirks
from .upstreams import Model

logger = logging.getLogger(__name__)

REFUSALS: Final = (400, 422)
"""The statuses under which a server names a field that it does not take."""
ROUNDS: Final = 4
"""How many fields of one question may be given up."""
_COMMON: Final = ("stop", "user", "seed", "thinking", "metadata", "reasoning")
"""Names that also are words: they count only where they stand as a name."""


class Question(NamedTuple):
    """A prompt, and how this server wants it asked."""

    prompt: Prompt
    quirks: Quirks


_Change = Callable[[Question], Question]


def _prompt(**members: Any) -> _Change:
    return lambda asked: asked._replace(prompt=msgspec.structs.replace(asked.prompt, **members))


def _quirks(**members: Any) -> _Change:
    return lambda asked: asked._replace(quirks=msgspec.structs.replace(asked.quirks, **members))


def _no_thinking(asked: Question) -> Question:
    return _quirks(thinking="")(_prompt(thinking_tokens=None)(asked))


CHANGES: Final[Mapping[str, _Change]] = {
    "stream_options": _quirks(stream_options=False),
    "max_completion_tokens": _quirks(token_limit="max_tokens"),
    "max_tokens": _quirks(token_limit="max_completion_tokens"),
    "temperature": _prompt(temperature=None),
    "top_p": _prompt(top_p=None),
    "reasoning_effort": _prompt(effort=None),
    "output_config": _prompt(effort=None),
    "effort": _prompt(effort=None),
    "thinking": _no_thinking,
    "budget_tokens": _no_thinking,
    "parallel_tool_calls": _prompt(parallel_tool_calls=None),
    "disable_parallel_tool_use": _prompt(parallel_tool_calls=None),
    "response_format": _prompt(response_format=None),
    "seed": _prompt(seed=None),
    "stop": _prompt(stop=()),
    "stop_sequences": _prompt(stop=()),
    "user": _prompt(user=None),
    "metadata": _prompt(user=None),
}
"""What asking without a field means, or under its other name."""


class Lessons:
    """What every upstream and model has taught us. `Learner`s add to it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], tuple[str, ...]] = {}

    def about(self, model: Model, prompt: Prompt) -> Learner:
        """One question to this model, as it is known to want it."""
        return Learner(self, model, Question(prompt, model.quirks))

    def known(self, model: Model) -> tuple[str, ...]:
        """The fields that this model does not take."""
        return self._known.get(_key(model), ())

    def remember(self, model: Model, fields: tuple[str, ...]) -> None:
        """It has answered without these."""
        new = tuple(name for name in fields if name not in self.known(model))
        if new:
            self._known[_key(model)] = (*self.known(model), *new)
            logger.info("%s at %s does not take %s", model.name, model.upstream.name, ", ".join(new))


class Learner:
    """One question on its way: what is given up of it, and what came of that. `body` is what to send now."""

    def __init__(self, lessons: Lessons, model: Model, asked: Question) -> None:
        self._lessons, self._model, self._asked = lessons, model, asked
        for name in lessons.known(model):
            self._asked = CHANGES[name](self._asked)
        self._given_up: tuple[str, ...] = ()
        self.body = self._body(self._asked)
        self._sent = {self.body}

    def refused(self, body: bytes) -> bool:
        """Whether this refusal names a field that we can do without, and have not done without yet."""
        for name in named(body):
            asked = CHANGES[name](self._asked)
            mended = self._body(asked)
            if mended not in self._sent and len(self._given_up) < ROUNDS:
                self._given_up = (*self._given_up, name)
                self._asked, self.body = asked, mended
                self._sent.add(mended)
                return True
        return False

    def taken(self) -> None:
        """The server has answered: what was given up for it stays so."""
        self._lessons.remember(self._model, self._given_up)

    def _body(self, asked: Question) -> bytes:
        body: bytes = DIALECTS[self._model.dialect].render_prompt(asked.prompt, self._model.name, asked.quirks)
        return body


def named(body: bytes) -> Iterator[str]:
    """The fields that this refusal names: under a member of its own first, then in its words."""
    try:
        report = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        report = None
    pointed, said = list(_pointed(report)), " ".join(_said(report))
    yield from (name for name in CHANGES if any(name in re.split(r"[.\[\]]+", place) for place in pointed))
    yield from (name for name in CHANGES if _speaks_of(name, said))


def _pointed(report: Any) -> Iterator[str]:
    """What `param` says, and `loc` in a list of complaints."""
    if isinstance(report, list):
        for one in report:
            yield from _pointed(one)
    elif isinstance(report, dict):
        place = report.get("param") or report.get("loc")
        yield from [str(one) for one in place] if isinstance(place, list) else [place] if isinstance(place, str) else ()
        for inner in ("error", "detail"):
            yield from _pointed(report.get(inner))


def _said(report: Any) -> Iterator[str]:
    """All sentences of it."""
    if isinstance(report, str):
        yield report
    elif isinstance(report, list):
        for one in report:
            yield from _said(one)
    elif isinstance(report, dict):
        for inner in ("error", "detail", "message", "msg"):
            yield from _said(report.get(inner))


def _speaks_of(name: str, said: str) -> bool:
    if re.search(rf"['\"`]{name}['\"`]|(^|[ .]){name}[:.](\w|\s)", said):
        return True
    return name not in _COMMON and re.search(rf"(?<![\w.]){name}(?![\w])", said) is not None


def _key(model: Model) -> tuple[str, str, str]:
    return model.upstream.name, model.upstream.base_url, model.name
