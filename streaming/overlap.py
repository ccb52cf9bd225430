"""What a model says twice when it goes on with an answer: words of the old end at the new beginning are dropped.

A model asked to go on where its text stops often takes up the last words again, most of all a word that was cut in
the middle. What is dropped here was never shown, logged or stored. Where it may be meant (`no` after `no`, a second
closing bracket) the new text stays as it is: a doubled word is a blemish, a missing one a loss.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from .events import Alive, Event, Reasoning, Started, Stopped, Text, Usage
from .measure import split
from .prompts import Prompt
from .upstreams import Asker, Model

LONGEST: Final = 200
"""Characters of the end that may be repeated."""
_CERTAIN: Final = 4
"""Letters that nobody repeats by chance right after the same ones; twice as many after a space."""
_WIDE: Final = "\u2e80"
"""From here on characters are words, or nearly so, and nothing stands between them."""


class Seam:
    """Between what was written `before` and what comes: feed it all that comes, and say what it gives back.

    `unsent` is how many of the spaces at the end the model was not shown: those it may well repeat.
    """

    def __init__(self, before: str, unsent: int = 0) -> None:
        self._end = before[-LONGEST - 1 :]
        self._unsent = unsent
        longest = min(LONGEST, len(self._end))
        self._sizes = [size for size in range(longest, 0, -1) if self._begins(size)]
        self._held = ""
        self._decided = not self._sizes and not unsent

    def feed(self, piece: str) -> str:
        """What of this, and of what was held back, is new for certain."""
        if self._decided:
            return piece
        self._held += piece
        return "" if self._undecided() else self.close()

    def close(self) -> str:
        """What was held back and is not a repetition: nothing more comes."""
        held, self._held, self._decided = self._held, "", True
        return held[self._repeated(held) :]

    def _begins(self, size: int) -> bool:
        """Whether a word, or what is no word, begins so far from the end."""
        at = len(self._end) - size
        first, previous = self._end[at], self._end[at - 1] if at else "\n"
        return not first.isspace() and not (first.isalnum() and previous.isalnum() and first < _WIDE)

    def _undecided(self) -> bool:
        words = self._held.lstrip()
        if not words:
            return len(self._held) < LONGEST
        return any(self._end[-size:].startswith(words) for size in self._sizes if size >= len(words))

    def _repeated(self, held: str) -> int:
        """How many characters of this were there before."""
        words = held.lstrip()
        space = held[: len(held) - len(words)]
        for size in self._sizes:
            said = self._end[-size:]
            if words.startswith(said) and self._meant(said, words[size : size + 1], bool(space)):
                return len(space) + size
        both = range(min(self._unsent, len(space)), 0, -1)
        return next((size for size in both if self._end.endswith(space[:size])), 0)

    def _meant(self, said: str, following: str, spaced: bool) -> bool:
        """Whether these words can only be a repetition."""
        letters = sum(2 if letter >= _WIDE else 1 for letter in said if letter.isalnum())
        if spaced:
            return letters >= 2 * _CERTAIN
        half = len(said) > 1 and said.isalpha() and following.isalpha()
        line = len(said) > 1 and said == self._end.rpartition("\n")[2] and (letters > 0 or said[-1].isspace())
        return letters >= _CERTAIN or half or line


def opening(before: str) -> list[Event]:
    """The first events of a run that goes on with this text: what its row holds when it begins, at their position."""
    return split([Text(before)])


class Continuing:
    """Asks a model to go on with what was written `before`, and hears only what is new of it."""

    def __init__(self, asker: Asker, before: str) -> None:
        self._asker, self._before = asker, before

    async def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]:
        """One attempt, as the asker's own, without the words that it repeats."""
        shown = self._before
        if prompt.turns and prompt.turns[-1].role == "assistant":
            shown = prompt.turns[-1].text
        seam = Seam(self._before, max(0, len(self._before) - len(shown)))
        async with aclosing(self._asker.ask(model, prompt)) as reads:
            async for events in reads:
                yield [new for event in events for new in _after(seam, event)] or [Alive()]


def _after(seam: Seam, event: Event) -> list[Event]:
    """The event as it comes after the seam; what was held back comes before any end."""
    if isinstance(event, Text):
        text = seam.feed(event.text)
        return [Text(text)] if text else []
    if isinstance(event, Started | Usage | Alive | Reasoning):
        return [event]
    rest = "" if isinstance(event, Stopped) else seam.close()
    return [Text(rest), event] if rest else [event]
