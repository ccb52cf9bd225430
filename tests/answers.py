"""What a scripted upstream may answer: steps in a row, and ready-made answers in both dialects.

Answer((Send(b"data: {}\\n\\n"), Pause(0.1), Wait(gate), Cut()))      anything, step by step
openai_answer("Hello", " wor", "ld")                                a whole happy answer
anthropic_answer("Hello").pieces(7)                                 cut into pieces of 7 bytes
openai_answer("a", "b").before_last(Wait(gate))                     held back before its last event
recorded("openai-basic")                                            one of tests/streams
failure(429, {"error": {"message": "slow down"}}, {"Retry-After": "1"})
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

STREAMS = Path(__file__).parent / "streams"
SSE = {"Content-Type": "text/event-stream; charset=utf-8"}


class Gate:
    """An event that any thread may open and any event loop may wait for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def open(self) -> None:
        """Let everybody through, now and later."""
        with self._lock:
            self._opened = True
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)

    async def wait(self) -> None:
        """Return once the gate is open."""
        event = asyncio.Event()
        with self._lock:
            if self._opened:
                return
            self._waiting.append((asyncio.get_running_loop(), event))
        await event.wait()


@dataclass(frozen=True)
class Send:
    """Write these bytes of the body, as one chunk."""

    data: bytes


@dataclass(frozen=True)
class Pause:
    """Say nothing for a while."""

    seconds: float


@dataclass(frozen=True)
class Wait:
    """Say nothing until the test opens the gate (an `asyncio.Event` will do on the same loop)."""

    gate: Gate | asyncio.Event


@dataclass(frozen=True)
class Cut:
    """End the connection here: by a reset, or by closing it in the middle of whatever was promised."""

    reset: bool = False


Step: TypeAlias = Send | Pause | Wait | Cut
Framing: TypeAlias = Literal["chunked", "close", "length", "raw"]


@dataclass(frozen=True)
class Answer:
    """Everything that one request gets.

    `first` are steps before the status line. `framing` is how the end of the body is told: `chunked`,
    `close` (the end of the connection), `length`, or `raw` (the steps are all that is sent, no head).
    """

    steps: Sequence[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: dict(SSE))
    framing: Framing = "chunked"
    first: Sequence[Step] = ()

    @property
    def body(self) -> bytes:
        """The bytes of the body, whatever the pieces."""
        return b"".join(step.data for step in self.steps if isinstance(step, Send))

    def pieces(self, size: int) -> Answer:
        """The same body in pieces of `size` bytes; pauses and cuts are dropped."""
        body = self.body
        return replace(self, steps=[Send(body[at : at + size]) for at in range(0, len(body), size)])

    def between(self, step: Step) -> Answer:
        """The same with this step after each but the last."""
        steps = [one for sent in self.steps for one in (sent, step)]
        return replace(self, steps=steps[:-1])

    def at(self, index: int, *steps: Step) -> Answer:
        """The same with these steps before the one at `index` (from the end if negative)."""
        return replace(self, steps=[*self.steps[:index], *steps, *self.steps[index:]])

    def before_last(self, *steps: Step) -> Answer:
        """The same with these steps before the last one."""
        return self.at(-1, *steps)

    def upto(self, count: int, *steps: Step) -> Answer:
        """Only the first `count` steps, then these."""
        return replace(self, steps=[*self.steps[:count], *steps])

    def framed(self, framing: Framing) -> Answer:
        """The same with another way to tell the end of the body."""
        return replace(self, framing=framing)

    def after(self, *steps: Step) -> Answer:
        """The same with these steps before its status line."""
        return replace(self, first=[*steps, *self.first])


def openai_answer(
    *words: str,
    model: str = "test-model",
    reasoning: Sequence[str] = (),
    finish: str | None = "stop",
    usage: tuple[int, int] | None = (5, 2),
    done: bool = True,
) -> Answer:
    """A happy stream of OpenAI's dialect: a role, the words, the reason, the counts, `[DONE]`; one step each."""
    head = {"id": "chatcmpl-test", "object": "chat.completion.chunk", "created": 1763800000, "model": model}

    def chunk(delta: Mapping[str, Any], reason: str | None = None) -> Send:
        return data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    steps = [chunk({"role": "assistant", "content": ""})]
    steps += [chunk({"reasoning_content": word}) for word in reasoning]
    steps += [chunk({"content": word}) for word in words]
    if finish:
        steps.append(chunk({}, finish))
    if usage:
        counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
        steps.append(data({**head, "choices": [], "usage": counts}))
    if done:
        steps.append(Send(b"data: [DONE]\n\n"))
    return Answer(steps)


def anthropic_answer(
    *words: str,
    model: str = "test-model",
    reasoning: Sequence[str] = (),
    finish: str | None = "end_turn",
    usage: tuple[int, int] = (5, 2),
    done: bool = True,
) -> Answer:
    """A happy stream of Anthropic's dialect, one event a step."""
    message: dict[str, Any] = {"id": "msg_test", "type": "message", "role": "assistant", "model": model, "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": usage[0], "output_tokens": 0}}
    steps = [event("message_start", message=message)]
    if reasoning:
        thinking = [{"type": "thinking_delta", "thinking": word} for word in reasoning]
        thinking.append({"type": "signature_delta", "signature": "c2lnbmVk"})
        steps += _block(0, {"type": "thinking", "thinking": "", "signature": ""}, thinking)
    text = [{"type": "text_delta", "text": word} for word in words]
    steps += _block(1 if reasoning else 0, {"type": "text", "text": ""}, text)
    if finish:
        delta = {"stop_reason": finish, "stop_sequence": None}
        steps.append(event("message_delta", delta=delta, usage={"output_tokens": usage[1]}))
    if done:
        steps.append(event("message_stop"))
    return Answer(steps)


def happy(path: str, *words: str) -> Answer:
    """A happy answer in the dialect that this path speaks."""
    return anthropic_answer(*words) if path.endswith("/messages") else openai_answer(*words)


def failure(status: int, body: Any = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that is no stream: bytes as they are, anything else as JSON."""
    plain = isinstance(body, bytes)
    content = body if plain else json.dumps(body).encode()
    kind = {"Content-Type": "text/plain" if plain else "application/json"}
    return Answer([Send(content)] if content else [], status, {**kind, **(headers or {})}, "length")


def recorded(name: str) -> Answer:
    """A recorded answer of tests/streams, served as its description says; it ends cleanly with the connection."""
    http = json.loads((STREAMS / f"{name}.json").read_text())["http"]
    headers = {"Content-Type": http.get("content_type", SSE["Content-Type"]), **http.get("headers", {})}
    return Answer([Send((STREAMS / f"{name}.sse").read_bytes())], http.get("status", 200), headers, "close")


def data(value: Any) -> Send:
    """One event of OpenAI's dialect: JSON, and no name."""
    return Send(b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n")


def event(kind: str, **members: Any) -> Send:
    """One event of Anthropic's dialect."""
    return Send(b"event: " + kind.encode() + b"\n" + data({"type": kind, **members}).data)


def _block(index: int, start: Mapping[str, Any], deltas: Sequence[Mapping[str, Any]]) -> list[Send]:
    return [
        event("content_block_start", index=index, content_block=start),
        *(event("content_block_delta", index=index, delta=delta) for delta in deltas),
        event("content_block_stop", index=index),
    ]
