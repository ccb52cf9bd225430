"""Questions in Anthropic's dialect: what is sent to a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.dialects.anthropic import PATH, headers, parse_prompt, render_prompt
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
    Turn,
    ask,
)

from .turns import model, user

HELLO = ask("Hello", system="Be brief.")


def body(prompt: Prompt, *, stream: bool = True, **quirks: Any) -> dict[str, Any]:
    """What is sent for this prompt to a server with these quirks."""
    plain: dict[str, Any] = json.loads(render_prompt(prompt, "m", Quirks(**quirks), stream=stream))
    return plain


def messages(*turns: Turn) -> list[Any]:
    found: list[Any] = body(Prompt(turns))["messages"]
    return found


def asked(request: Any) -> Asked:
    """What this request means, with a model, a limit and one question unless it has its own."""
    usual = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    return parse_prompt(json.dumps({**usual, **request}).encode())


def test_a_question_is_sent_with_a_limit_and_nothing_else_that_was_not_asked_for() -> None:
    assert PATH == "/v1/messages"
    assert body(HELLO) == {
        "model": "m",
        "max_tokens": 8192,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
    }
    assert "stream" not in body(HELLO, stream=False)
    assert "system" not in body(ask("Hello"))
    assert body(HELLO, max_tokens=100)["max_tokens"] == 100
    assert body(Prompt(HELLO.turns, max_tokens=7), max_tokens=100)["max_tokens"] == 7


@pytest.mark.parametrize(
    ("quirks", "expected"),
    [
        ({}, {"x-api-key": "k", "anthropic-version": "2023-06-01"}),
        ({"auth": "bearer", "version": "2026-10-21"}, {"authorization": "Bearer k", "anthropic-version": "2026-10-21"}),
        ({"headers": {"Anthropic-Beta": "x"}}, {"anthropic-beta": "x"}),
    ],
)
def test_the_key_goes_where_the_server_looks_for_it(quirks: Any, expected: dict[str, str]) -> None:
    found = headers("k", Quirks(**quirks))
    assert found.items() >= expected.items()
    assert ("x-api-key" in found) != ("authorization" in found)


def test_sampling_is_sent_only_where_it_is_accepted() -> None:
    prompt = Prompt(HELLO.turns, temperature=1.7, top_p=0.5)
    assert (body(prompt)["temperature"], body(prompt)["top_p"]) == (1.0, 0.5)
    for quirks in ({"sampling": False}, {"version": "2026-10-21"}, {"thinking": "adaptive"}, {"thinking": "enabled"}):
        assert not {"temperature", "top_p"} & body(prompt, **quirks).keys()


@pytest.mark.parametrize(
    ("quirk", "wanted", "limit", "sent"),
    [
        ("", None, None, None),
        ("", 5000, None, {"type": "enabled", "budget_tokens": 5000}),
        ("", 10, None, {"type": "enabled", "budget_tokens": 1024}),
        ("", 5000, 2000, {"type": "enabled", "budget_tokens": 1999}),
        ("", 5000, 1024, None),
        ("enabled", None, None, {"type": "enabled", "budget_tokens": 4096}),
        ("adaptive", None, None, {"type": "adaptive", "display": "summarized"}),
    ],
)
def test_how_much_to_think_fits_the_limit(quirk: str, wanted: int | None, limit: int | None, sent: Any) -> None:
    prompt = Prompt(HELLO.turns, thinking_tokens=wanted, max_tokens=limit)
    assert body(prompt, thinking=quirk).get("thinking") == sent
    forced = Prompt(HELLO.turns, thinking_tokens=wanted, tools=(Tool("f"),), tool_choice="any")
    assert "thinking" not in body(forced)


def test_everything_that_was_asked_for_is_sent() -> None:
    prompt = Prompt(
        HELLO.turns,
        stop=("END",),
        seed=7,
        effort="low",
        tools=(Tool("f", "Does f.", {"type": "object", "properties": {}}), Tool("g")),
        parallel_tool_calls=False,
        response_format={"type": "json_object"},
        user="pseudonym",
    )
    sent = body(prompt)
    assert sent["stop_sequences"] == ["END"]
    assert sent["output_config"] == {"effort": "low"}
    assert sent["metadata"] == {"user_id": "pseudonym"}
    assert sent["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}, "description": "Does f."},
        {"name": "g", "input_schema": {"type": "object"}},
    ]
    assert sent["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert not {"seed", "response_format", "user"} & sent.keys(), "this dialect has no such thing"


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"type": "auto"}),
        ("any", {"type": "any"}),
        ("none", {"type": "none"}),
        ("f", {"type": "tool", "name": "f"}),
    ],
)
def test_a_choice_of_tools_has_its_form(choice: str, sent: Any) -> None:
    prompt = Prompt(HELLO.turns, tools=(Tool("f"),), tool_choice=choice)
    assert body(prompt)["tool_choice"] == sent
    assert asked({"tools": [{"name": "f"}], "tool_choice": sent}).prompt.tool_choice == choice
    assert "tool_choice" not in body(Prompt(HELLO.turns, tool_choice=choice))


def test_pictures_are_blocks_by_value_or_by_address() -> None:
    turn = user(TextPart("What?"), ImagePart("image/png", "QUJD"), ImagePart(url="https://x.example/a.png"))
    assert messages(turn)[0]["content"][1:] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}},
        {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
    ]
    assert asked({"messages": messages(turn)}).prompt.turns == (turn,)


def test_neighbours_of_one_role_are_one_message_and_empty_ones_none() -> None:
    turns = user(TextPart("a")), model(TextPart("")), user(TextPart("b"), TextPart("")), model(TextPart("c"))
    assert messages(*turns) == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "c"},
    ]


SIGNED = ReasoningBlock("thinking", "", "s")
REDACTED = ReasoningBlock("redacted_thinking", data="d")
UNSIGNED = ReasoningBlock("thinking", "Hm")


def test_thinking_is_sent_back_as_it_came_and_in_its_place() -> None:
    call = CallPart("a", "f", '{"x":1.50}')
    turns = (
        user(TextPart("Hi")),
        model(TextPart("Let me see."), reasoning=(REDACTED, SIGNED, UNSIGNED)),
        model(call, reasoning=(SIGNED,)),
        user(TextPart("and"), ResultPart("a", "r", (ImagePart("image/png", "QUJD"),), is_error=True)),
    )
    raw = render_prompt(Prompt(turns), "m", Quirks())
    _, answer, results = json.loads(raw)["messages"]
    signed = {"type": "thinking", "thinking": "", "signature": "s"}
    assert answer["content"] == [
        {"type": "redacted_thinking", "data": "d"},
        signed,
        {"type": "text", "text": "Let me see."},
        signed,
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1.5}},
    ]
    assert b'"input":{"x":1.50}' in raw
    result, said = results["content"]
    assert said == {"type": "text", "text": "and"}
    assert result["is_error"] is True and result["tool_use_id"] == "a"
    assert [block["type"] for block in result["content"]] == ["text", "image"]


@pytest.mark.parametrize("arguments", ["", "{oops", "[]", "3", '"x"', "[" * 100_000])
def test_arguments_that_are_no_object_are_sent_as_an_empty_one(arguments: str) -> None:
    [message] = messages(model(CallPart("a", "f", arguments)))
    assert message["content"][0]["input"] == {}


def test_half_a_character_breaks_nothing() -> None:
    [message] = messages(user(TextPart("\ud83d")), model(CallPart("a", "f", '{"x":"\\ud83d"}')))[1:]
    assert message["content"][0]["input"] == {"x": "�"}
