"""Questions in OpenAI's dialect: what is sent to a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.dialects.openai import PATH, headers, parse_prompt, render_prompt
from streaming.prompts import (
    Asked,
    CallPart,
    ImagePart,
    Prompt,
    Quirks,
    ResultPart,
    TextPart,
    Tool,
    Turn,
    ask,
)

from .turns import model, user

HELLO = ask("Hello", system="Be brief.")


def body(prompt: Prompt, *, stream: bool = True, **quirks: Any) -> dict[str, Any]:
    """What is sent for this prompt to a server with these quirks."""
    plain: dict[str, Any] = json.loads(render_prompt(prompt, "m", Quirks(**quirks), stream=stream))
    return plain


def messages(*turns: Turn, **quirks: Any) -> list[Any]:
    found: list[Any] = body(Prompt(turns), **quirks)["messages"]
    return found


def asked(request: Any) -> Asked:
    """What this request means, with a model and one question unless it has its own."""
    return parse_prompt(json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **request}).encode())


def test_a_question_is_sent_with_nothing_that_was_not_asked_for() -> None:
    assert PATH == "/chat/completions"
    assert body(HELLO) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_quirks_of_a_server_are_heeded() -> None:
    assert "stream_options" not in body(HELLO, stream_options=False)
    assert body(HELLO, stream=False).keys() == {"model", "messages"}
    assert body(HELLO, system_role="developer")["messages"][0]["role"] == "developer"
    limited = Prompt(HELLO.turns, max_tokens=9, temperature=0.0, top_p=0.5)
    assert body(limited)["max_tokens"] == 9
    assert "max_tokens" not in body(limited, token_limit="max_completion_tokens")
    assert body(limited, token_limit="max_completion_tokens")["max_completion_tokens"] == 9
    assert (body(limited)["temperature"], body(limited)["top_p"]) == (0.0, 0.5)
    assert not {"temperature", "top_p"} & body(limited, sampling=False).keys()


@pytest.mark.parametrize(
    ("quirks", "expected"),
    [
        ({}, {"authorization": "Bearer k"}),
        ({"auth": "bearer"}, {"authorization": "Bearer k"}),
        ({"auth": "x-api-key"}, {"x-api-key": "k"}),
        ({"auth": "api-key", "headers": {"X-Title": "Chat"}}, {"api-key": "k", "x-title": "Chat"}),
    ],
)
def test_the_key_goes_where_the_server_looks_for_it(quirks: Any, expected: dict[str, str]) -> None:
    found = headers("k", Quirks(**quirks))
    assert found.items() >= expected.items()
    assert found["accept-encoding"] == "identity"
    assert [value for value in found.values() if "k" in value.split()] == [
        "Bearer k" if "authorization" in found else "k"
    ]
    assert "authorization" not in headers("", Quirks())


def test_everything_that_was_asked_for_is_sent() -> None:
    prompt = Prompt(
        HELLO.turns,
        stop=("END",),
        seed=7,
        effort="low",
        tools=(Tool("f", "Does f.", {"type": "object"}), Tool("g")),
        parallel_tool_calls=False,
        response_format={"type": "json_object"},
        user="pseudonym",
    )
    sent = body(prompt)
    assert (sent["stop"], sent["seed"], sent["reasoning_effort"], sent["user"]) == (["END"], 7, "low", "pseudonym")
    assert sent["tools"] == [
        {"type": "function", "function": {"name": "f", "description": "Does f.", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "g", "parameters": {}}},
    ]
    assert sent["parallel_tool_calls"] is False
    assert sent["response_format"] == {"type": "json_object"}
    assert "tool_choice" not in sent


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("any", "required"),
        ("none", "none"),
        ("f", {"type": "function", "function": {"name": "f"}}),
    ],
)
def test_a_choice_of_tools_has_its_word(choice: str, sent: Any) -> None:
    prompt = Prompt(HELLO.turns, tools=(Tool("f"),), tool_choice=choice)
    assert body(prompt)["tool_choice"] == sent
    assert asked({"tools": body(prompt)["tools"], "tool_choice": sent}).prompt.tool_choice == choice


def test_pictures_are_parts_of_a_users_message() -> None:
    turn = user(
        TextPart("What?"), ImagePart("image/png", "QUJD"), ImagePart(url="https://x.example/a.png", detail="low")
    )
    assert messages(turn)[0]["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "auto"}},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
    ]
    assert asked({"messages": messages(turn)}).prompt.turns == (turn,)


def test_text_alone_is_sent_as_text() -> None:
    assert messages(user(TextPart("a"), TextPart("b"))) == [{"role": "user", "content": "ab"}]


CALL = CallPart("a", "f", '{"x":1.50}', '{"extra_content":{"google":"c2ln"},"reasoning_details":[{"data":"x"}]}')


def test_a_call_and_what_it_returned_are_sent_back_with_what_the_server_wants_to_see_again() -> None:
    turns = (
        user(TextPart("Hi")),
        model(CALL, CallPart("b", "g", ""), reasoning_text="Hm"),
        user(ResultPart("a", "one"), ResultPart("b", "two", (ImagePart("image/png", "QUJD"),)), TextPart("Go on")),
    )
    _, answer, first, second, question = messages(*turns)
    assert answer == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "extra_content": {"google": "c2ln"},
                "id": "a",
                "type": "function",
                "function": {"name": "f", "arguments": '{"x":1.50}'},
            },
            {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        ],
    }
    assert first == {"role": "tool", "tool_call_id": "a", "content": "one"}
    assert second == {"role": "tool", "tool_call_id": "b", "content": "two"}
    assert [part["type"] for part in question["content"]] == ["image_url", "text"]
    assert messages(*turns, reasoning_back="details")[1]["reasoning_details"] == [{"data": "x"}]
    assert messages(*turns, reasoning_back="content")[1]["reasoning_content"] == "Hm"


def test_thinking_is_sent_back_with_calls_even_if_there_was_none_and_never_without_calls() -> None:
    called, said = model(TextPart("x"), CallPart("a", "f")), model(TextPart("y"), reasoning_text="Hm")
    first, second = messages(called, said, reasoning_back="content")
    assert first["reasoning_content"] == ""
    assert "reasoning_content" not in second
    assert "reasoning_details" not in messages(called, reasoning_back="details")[0]


def test_an_answer_that_said_nothing_is_left_out_and_half_a_character_breaks_nothing() -> None:
    assert messages(user(TextPart("a")), model(), model(TextPart("")), user(TextPart("\ud83d\0"))) == [
        {"role": "user", "content": "a"},
        {"role": "user", "content": "��"},
    ]
