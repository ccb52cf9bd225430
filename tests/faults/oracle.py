"""A model's server that says only numbered words which tell whose they are, and fails as the question asks it to.

The question is the script: `u7.g3 n=120 pace=15 cut=40` gets 120 words, 15 ms apart, of which the connection is cut
after 40. A word is `u7.g3.a1.t0042`: person, question, attempt, number. So whatever turns up anywhere says by itself
where it belongs, and whether something is missing, doubled or out of order.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from tests.answers import Answer, Cut, Pause, Send, Step, anthropic_answer, data, event, failure, openai_answer
from tests.upstream import Request, Upstream

WORD = re.compile(r"(u\d+)\.(g\d+)\.a(\d+)\.t(\d{4})")
ASKED = re.compile(r"(?P<key>u\d+\.g\d+) n=(?P<words>\d+) pace=(?P<pace>\d+)(?: (?P<fault>[a-z]+)=(?P<at>\d+))?")
FAULTS = ("cut", "reset", "error", "stall", "length", "busy", "down", "late")
"""What may be asked for; `stall` pauses and goes on, `busy` refuses once and `down` always."""
STALL = 2.0


@dataclass(frozen=True)
class Script:
    """What an answer is to be."""

    key: str
    words: int
    pace: int
    fault: str = ""
    at: int = 0

    @classmethod
    def random(cls, key: str, rng: Random) -> Script:
        """Something that could happen: two of three answers are happy ones."""
        words = rng.choice((5, 40, 120, 300))
        fault = rng.choice(FAULTS) if rng.random() < 0.35 else ""
        return cls(key, words, rng.choice((5, 15, 30)), fault, rng.randrange(words))

    @classmethod
    def read(cls, text: str) -> Script | None:
        """The script that stands last in a text."""
        scripts = list(ASKED.finditer(text))
        if not scripts:
            return None
        found = scripts[-1]
        return cls(found["key"], int(found["words"]), int(found["pace"]), found["fault"] or "", int(found["at"] or 0))

    def __str__(self) -> str:
        fault = f" {self.fault}={self.at}" if self.fault else ""
        return f"{self.key} n={self.words} pace={self.pace}{fault}"


def word(key: str, attempt: int, number: int) -> str:
    """One numbered word, and what stands behind it: mostly a blank, at times something harder to keep whole."""
    after = "\n\n" if number % 20 == 19 else " 😀é " if number % 33 == 7 else " "
    return f"{key}.a{attempt}.t{number:04d}{after}"


def text_of(key: str, attempt: int, words: int) -> str:
    """The whole answer."""
    return "".join(word(key, attempt, number) for number in range(words))


@dataclass
class Call:
    """One request for an answer, and how far it went."""

    script: Script
    attempt: int
    began: float
    sent: int = 0
    head: int = 1
    speaking: bool = False
    over: bool = False
    until: float = 0.0

    @property
    def said(self) -> int:
        """How many words have left."""
        return min(max(self.sent - self.head, 0), self.script.words)

    @property
    def open(self) -> bool:
        """Whether the other side still holds it; one that left before the first word has let go of it."""
        return self.speaking and not self.until

    @property
    def whole(self) -> bool:
        """Whether the answer's proper end has left, too."""
        return self.over and self.script.fault not in ("cut", "reset", "error", "down")


class _Told(list[Step]):
    """Steps that write down how far they were taken."""

    def __init__(self, steps: list[Step], call: Call) -> None:
        super().__init__(steps)
        self.call = call

    def __iter__(self) -> Iterator[Step]:
        self.call.speaking = True
        try:
            for step in super().__iter__():
                self.call.sent += isinstance(step, Send)
                yield step
            self.call.over = True
        finally:
            self.call.until = time.time()


class Oracle:
    """Plays `upstream`'s part; `calls` is what it was asked and what it said."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.calls: list[Call] = []
        self._attempts: Counter[str] = Counter()
        upstream.otherwise = self.answer

    def answer(self, request: Request) -> Answer:
        """What this request gets."""
        script = Script.read(request.body.decode())
        if script is None:
            return failure(400, {"error": {"message": "no script"}})
        self._attempts[script.key] += 1
        call = Call(script, self._attempts[script.key], time.time())
        self.calls.append(call)
        answer = _answer(request.path, call)
        return replace(answer, steps=_Told(list(answer.steps), call))


def _answer(path: str, call: Call) -> Answer:
    script = call.script
    if script.fault == "down" or (script.fault == "busy" and call.attempt == 1):
        return failure(503, {"error": {"message": "busy"}})
    words = [word(script.key, call.attempt, number) for number in range(script.words)]
    anthropic = path.endswith("/messages")
    call.head = 2 if anthropic else 1
    if anthropic:
        finish = "max_tokens" if script.fault == "length" else "end_turn"
        whole = anthropic_answer(*words, finish=finish, usage=(7, script.words))
    else:
        finish = "length" if script.fault == "length" else "stop"
        whole = openai_answer(*words, finish=finish, usage=(7, script.words))
    return _spoilt(whole, script, call.head + script.at, anthropic).between(Pause(script.pace / 1000))


def _spoilt(whole: Answer, script: Script, at: int, anthropic: bool) -> Answer:
    """The answer with its fault."""
    message = {"type": "server_error", "message": "it broke"}
    match script.fault:
        case "cut":
            return whole.upto(at, Cut()).framed("close")
        case "reset":
            return whole.upto(at, Cut(reset=True))
        case "error":
            return whole.upto(at, event("error", error=message) if anthropic else data({"error": message}))
        case "stall":
            return whole.at(at, Pause(STALL))
        case "late":
            return whole.after(Pause(STALL))
    return whole
