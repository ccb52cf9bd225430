"""Questions in Anthropic's dialect: what a program's request means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.dialects.anthropic import parse_prompt, render_prompt
from streaming.errors import PromptError
from streaming.events import ReasoningBlock
from streaming.prompts import (
    Asked,
    CallPart,
    ImagePart,
    Prompt,
    Quirks,
    ResultPart,
    TextPart,
    Tool,
)

from .turns import model, user

SIGNED = ReasoningBlock("thinking", "", "s")
REDACTED = ReasoningBlock("redacted_thinking", data="d")


def asked(request: Any) -> Asked:
    """What this request means, with a model, a limit and one question unless it has its own."""
    usual = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    return parse_prompt(json.dumps({**usual, **request}).encode())


def test_a_request_is_read_as_it_was_sent() -> None:
    prompt = Prompt(
        turns=(
            user(TextPart("Hi"), ImagePart("image/png", "QUJD")),
            model(TextPart("Hm"), reasoning=(SIGNED, REDACTED)),
            model(CallPart("a", "f", '{"x":1}'), reasoning=(SIGNED,)),
            user(ResultPart("a", "r", (ImagePart(url="https://x.example/"),), is_error=True), TextPart("and")),
            model(TextPart("ok")),
            user(TextPart("more")),
        ),
        system="Be brief.",
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        stop=("x", "y"),
        effort="high",
        tools=(Tool("f", "d", {"type": "object"}),),
        tool_choice="f",
        parallel_tool_calls=False,
        user="u",
    )
    assert parse_prompt(render_prompt(prompt, "m", Quirks())) == Asked("m", prompt, stream=True, include_usage=True)
    assert not parse_prompt(render_prompt(prompt, "m", Quirks(), stream=False)).stream


def text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def test_a_request_may_say_things_in_several_ways() -> None:
    request = {
        "system": [
            {"type": "text", "text": "One.", "cache_control": {"type": "ephemeral"}},
            text_block(""),
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Hi", "citations": None}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm", "signature": ""}]},
            {"role": "assistant", "content": [{"type": "server_tool_use", "id": "x"}, {"type": "text", "text": "ok"}]},
            {"role": "system", "content": "Two."},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]},
            {"role": "user", "content": ""},
        ],
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "temperature": None,
        "tools": [{"name": "f", "type": "custom", "input_schema": {}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": None},
        "metadata": {},
        "unknown": {"deep": [1]},
    }
    assert asked(request).prompt == Prompt(
        turns=(user(TextPart("Hi")), model(TextPart("ok")), user(ResultPart("a"))),
        system="One.\n\nTwo.",
        max_tokens=9,
        thinking_tokens=2000,
        tools=(Tool("f"),),
        tool_choice="auto",
    )


def test_X_03_what_a_program_sends_is_repaired() -> None:
    request = b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a\\u0000\\ud83d"}]}'
    assert parse_prompt(request).prompt.turns == (user(TextPart("a��")),)


def content(*blocks: Any, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": list(blocks)}]}


NONSENSE: dict[str, Any] = {
    "model": {"model": ""},
    "limit": {"max_tokens": None},
    "messages": {"messages": []},
    "nothing said": {"messages": [{"role": "user", "content": ""}]},
    "role": {"messages": [{"role": "secret", "content": "x"}]},
    "document": content({"type": "document", "source": {}}),
    "no type": content({"text": "x"}),
    "odd type": content({"type": ["secret"]}),
    "text": content({"type": "text", "text": 3}),
    "picture": content({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "secret!"}}),
    "svg": content({"type": "image", "source": {"type": "base64", "media_type": "text/html", "data": "QUJD"}}),
    "picture by file": content({"type": "image", "source": {"type": "file", "file_id": "x"}}),
    "address": content({"type": "image", "source": {"type": "url", "url": "ftp://x"}}),
    "input": content({"type": "tool_use", "id": "a", "name": "f", "input": "secret"}, role="assistant"),
    "temperature": {"temperature": 1.5},
    "tools": {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    "choice": {"tool_choice": "auto"},
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_with_a_sentence_that_quotes_nothing(name: str) -> None:
    with pytest.raises(PromptError) as caught:
        asked(NONSENSE[name])
    assert str(caught.value).endswith(".")
    assert "secret" not in str(caught.value) and "2025" not in str(caught.value)


UNREADABLE = [b"", b"{", b"secret", b"[]", b"[" * 100_000, b'{"a":' * 100_000, b'{"model":NaN}', b"\xff"]


@pytest.mark.parametrize("raw", UNREADABLE, ids=range(len(UNREADABLE)))
def test_U_27_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(PromptError) as caught:
        parse_prompt(raw)
    assert "secret" not in str(caught.value)
