"""Questions in OpenAI's dialect: what a program's request means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.dialects.openai import parse_prompt, render_prompt
from streaming.errors import PromptError
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


def asked(request: Any) -> Asked:
    """What this request means, with a model and one question unless it has its own."""
    return parse_prompt(json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **request}).encode())


def test_a_request_is_read_as_it_was_sent() -> None:
    prompt = Prompt(
        turns=(
            user(TextPart("Hi"), ImagePart("image/png", "QUJD")),
            model(TextPart("Hm"), CallPart("a", "f", '{"x":1.50}', '{"extra_content":{"x":1}}')),
            user(ResultPart("a", "r"), TextPart("and")),
            model(TextPart("ok")),
            user(TextPart("more")),
        ),
        system="Be brief.",
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        stop=("x", "y"),
        seed=3,
        effort="high",
        tools=(Tool("f", "d", {"type": "object"}),),
        tool_choice="f",
        parallel_tool_calls=True,
        response_format={"type": "text"},
        user="u",
    )
    sent = render_prompt(prompt, "m", Quirks())
    assert parse_prompt(sent) == Asked("m", prompt, stream=True, include_usage=True)
    later = render_prompt(prompt, "m", Quirks(stream_options=False, token_limit="max_completion_tokens"), stream=False)
    assert parse_prompt(later) == Asked("m", prompt)


def test_a_request_may_say_things_in_several_ways() -> None:
    request = {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "One."}]},
            {"role": "developer", "content": "Two."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}], "name": "alice"},
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "r"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}], "reasoning": "Hm"},
            {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "g", "arguments": {"x": 1}}}]},
            {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "r"}]},
            {"role": "user", "content": "and"},
        ],
        "max_tokens": 1,
        "max_completion_tokens": 2,
        "stop": "END",
        "n": 1,
        "reasoning": {"effort": "low", "max_tokens": 2000},
        "stream": None,
        "stream_options": None,
        "temperature": None,
        "unknown": {"deep": [1]},
        "logit_bias": {"1": 2},
    }
    prompt = asked(request).prompt
    assert prompt == Prompt(
        turns=(
            user(TextPart("Hi")),
            model(CallPart("f", "f", "{}")),
            user(ResultPart("f", "r")),
            model(TextPart("No."), reasoning_text="Hm"),
            model(CallPart("a", "g", '{"x":1}')),
            user(ResultPart("a", "r"), TextPart("and")),
        ),
        system="One.\n\nTwo.",
        max_tokens=2,
        stop=("END",),
        effort="low",
        thinking_tokens=2000,
    )


def test_details_of_thinking_are_kept_for_the_server_that_wants_them() -> None:
    call = {"id": "a", "function": {"name": "f", "arguments": "{}"}, "extra_content": 1}
    message = {"role": "assistant", "tool_calls": [call], "reasoning_details": [{"data": "x"}]}
    [turn] = asked({"messages": [message]}).prompt.turns
    sent = json.loads(render_prompt(Prompt((turn,)), "m", Quirks(reasoning_back="details")))["messages"][0]
    assert sent["reasoning_details"] == [{"data": "x"}]
    assert sent["tool_calls"][0]["extra_content"] == 1


def test_X_03_what_a_program_sends_is_repaired() -> None:
    messages = b'{"role":"user","content":"a\\u0000\\ud83d"},{"role":"user","content":"\\ud83d\\ude00"}'
    assert parse_prompt(b'{"model":"m","messages":[' + messages + b"]}").prompt.turns == (
        user(TextPart("a��"), TextPart("😀")),
    )


NONSENSE: dict[str, Any] = {
    "model": {"model": ""},
    "model type": {"model": 3},
    "messages": {"messages": []},
    "messages type": {"messages": "Hi"},
    "only system": {"messages": [{"role": "system", "content": "x"}]},
    "role": {"messages": [{"role": "secret", "content": "x"}]},
    "part": {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
    "picture": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc"}}]}]
    },
    "picture in system": {
        "messages": [
            {"role": "system", "content": [{"type": "image_url", "image_url": "data:image/png;base64,AA=="}]},
            {"role": "user", "content": "x"},
        ]
    },
    "temperature": {"temperature": 3},
    "limit": {"max_tokens": 0},
    "huge limit": {"max_completion_tokens": 2**40},
    "choices": {"n": 2},
    "tools": {"tools": [{"type": "custom", "custom": {"name": "x"}}]},
    "call": {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": 3}}]}]},
    "stop": {"stop": [1]},
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_with_a_sentence_that_quotes_nothing(name: str) -> None:
    with pytest.raises(PromptError) as caught:
        asked(NONSENSE[name])
    assert str(caught.value).endswith(".")
    assert "secret" not in str(caught.value) and "etc" not in str(caught.value)


UNREADABLE = [b"", b"{", b"secret", b"[]", b"[" * 100_000, b'{"a":' * 100_000, b'{"model":NaN}', b"\xff"]


@pytest.mark.parametrize("raw", UNREADABLE, ids=range(len(UNREADABLE)))
def test_U_27_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(PromptError) as caught:
        parse_prompt(raw)
    assert "secret" not in str(caught.value)
