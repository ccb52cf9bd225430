"""What a server refuses by name is asked for once more without it, and not again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from streaming.events import Failed, Finished
from streaming.lessons import named
from streaming.prompts import Prompt, Quirks, TextPart, Tool, Turn
from streaming.upstream import Client
from streaming.upstreams import Catalogue, Model, Upstream
from tests.upstream import Answer, Request, failure, happy
from tests.upstream import Upstream as Server

EVERYTHING = Prompt(
    turns=(Turn("user", (TextPart("Hi"),)),),
    max_tokens=50,
    temperature=0.5,
    top_p=0.9,
    stop=("END",),
    seed=7,
    effort="low",
    tools=(Tool("look"),),
    parallel_tool_calls=False,
    response_format={"type": "json_object"},
    user="u-1",
)


def at(url: str, dialect: str = "openai", name: str = "test-model", **quirks: Any) -> Model:
    base = f"{url}/v1" if dialect == "openai" else url
    return Catalogue([Upstream("test", dialect, base, "sk-test", Quirks(**quirks), (name,))]).default


def strict(*refused: str, status: int = 400, form: str = "param") -> Any:
    """A server that takes everything but these fields."""

    def answer(request: Request) -> Answer:
        found = next((name for name in refused if name in request.json), None)
        return happy(request.path, "Hello") if found is None else failure(status, refusal(found, form))

    return answer


def refusal(name: str, form: str) -> Mapping[str, Any]:
    """How different servers say that they do not know a field."""
    forms: dict[str, Mapping[str, Any]] = {
        "param": {"error": {"message": "Unsupported.", "type": "invalid_request_error", "param": name}},
        "loc": {
            "detail": [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}]
        },
        "words": {"type": "error", "error": {"type": "invalid_request_error", "message": f"{name}: not permitted"}},
        "flat": {"object": "error", "message": f"Unknown field '{name}'", "type": "BadRequestError", "code": 400},
    }
    return forms[form]


async def end(client: Client, model: Model, prompt: Prompt = EVERYTHING) -> object:
    return [event async for events in client.ask(model, prompt) for event in events][-1]


OPENAI = {
    "stream_options": "",
    "max_tokens": "max_completion_tokens",
    "temperature": "",
    "top_p": "",
    "reasoning_effort": "",
    "parallel_tool_calls": "",
    "response_format": "",
    "seed": "",
    "stop": "",
    "user": "",
}
ANTHROPIC = ("temperature", "top_p", "output_config", "stop_sequences", "metadata")


@pytest.mark.parametrize("form", ["param", "loc", "words", "flat"])
@pytest.mark.parametrize("field", OPENAI)
async def test_U_06_a_refused_field_is_left_out_and_remembered(
    up: Server, client: Client, field: str, form: str
) -> None:
    up.otherwise = strict(field, status=422 if form == "loc" else 400, form=form)
    for _ in range(2):
        assert await end(client, at(up.url)) == Finished("stop", "stop")
    bodies = [request.json for request in up.requests]
    assert [field in body for body in bodies] == [True, False, False]
    other = OPENAI[field]
    expected = {name: value for name, value in bodies[0].items() if name != field}
    assert bodies[1] == bodies[2] == expected | ({other: 50} if other else {})


@pytest.mark.parametrize("field", ANTHROPIC)
async def test_U_06_so_it_is_in_the_other_dialect(up: Server, client: Client, field: str) -> None:
    up.otherwise = strict(field, form="words")
    for _ in range(2):
        assert await end(client, at(up.url, "anthropic")) == Finished("stop", "end_turn")
    assert [field in request.json for request in up.requests] == [True, False, False]


@pytest.mark.parametrize("quirk", ["adaptive", "enabled"])
async def test_U_06_thinking_that_a_model_does_not_know_is_not_asked_of_it(
    up: Server, client: Client, quirk: str
) -> None:
    up.otherwise = strict("thinking", form="words")
    prompt = Prompt(EVERYTHING.turns)
    assert await end(client, at(up.url, "anthropic", thinking=quirk), prompt) == Finished("stop", "end_turn")
    assert [request.json.get("thinking", {}).get("type") for request in up.requests] == [quirk, None]


async def test_U_06_the_other_name_of_the_limit_is_tried_both_ways(up: Server, client: Client) -> None:
    up.otherwise = strict("max_completion_tokens", "stream_options")
    model = at(up.url, token_limit="max_completion_tokens")
    assert await end(client, model) == Finished("stop", "stop")
    assert "max_tokens" in up.requests[-1].json
    assert len(up.requests) == 3


async def test_U_06_each_model_has_lessons_of_its_own(up: Server, client: Client) -> None:
    up.otherwise = strict("temperature")
    await end(client, at(up.url))
    up.otherwise = strict()
    await end(client, at(up.url, name="another"))
    assert "temperature" in up.requests[-1].json


async def test_U_06_what_did_not_help_is_not_remembered(up: Server, client: Client) -> None:
    no = failure(400, refusal("temperature", "param"))
    up.script(no, no, no)
    told = await end(client, at(up.url))
    assert isinstance(told, Failed)
    assert (told.reason, len(up.requests)) == ("upstream_rejected", 2)
    await end(client, at(up.url))
    assert "temperature" in up.requests[2].json


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 8192 tokens.",
        "messages: roles must alternate between user and assistant; please stop.",
        "n must be 1",
    ],
)
async def test_U_06_a_refusal_that_names_nothing_is_one(up: Server, client: Client, said: str) -> None:
    up.script(failure(400, {"error": {"message": said, "type": "invalid_request_error"}}))
    assert isinstance(await end(client, at(up.url)), Failed)
    assert len(up.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
async def test_U_06_only_a_refusal_of_the_question_teaches(up: Server, client: Client, status: int) -> None:
    up.script(failure(status, refusal("temperature", "param")))
    assert isinstance(await end(client, at(up.url)), Failed)
    assert len(up.requests) == 1


@pytest.mark.parametrize(
    ("report", "fields"),
    [
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "No"}]}, {"stream_options"}),
        ({"error": {"detail": [{"loc": ["body", "temperature"], "msg": "No"}]}}, {"temperature"}),
        ({"error": {"message": "Unsupported value", "param": "reasoning_effort"}}, {"reasoning_effort"}),
        ({"message": "temperature and top_p are not supported"}, {"temperature", "top_p"}),
        ({"error": {"message": "thinking.type.enabled is not supported"}}, {"thinking"}),
        ("stream_options is not supported", {"stream_options"}),
        ({"detail": [3, {"loc": 3}]}, set()),
        ({"error": {"message": "Unknown model", "param": "model"}}, set()),
    ],
)
def test_U_06_the_field_is_found_in_every_form_of_refusal(report: Any, fields: set[str]) -> None:
    assert set(named(json.dumps(report).encode())) == fields


@pytest.mark.parametrize("body", [b"", b"<html>temperature</html>", b"[" * 100_000, b"\xff", b"null", b'"x"', b"[1]"])
def test_U_06_a_body_that_is_no_json_names_nothing(body: bytes) -> None:
    assert list(named(body)) == []


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_headers_and_query_of_the_configuration_reach_the_server(
    up: Server, client: Client, dialect: str
) -> None:
    for auth, expected in (
        ("bearer", {"authorization": "Bearer sk-test"}),
        ("x-api-key", {"x-api-key": "sk-test"}),
        ("api-key", {"api-key": "sk-test"}),
    ):
        model = at(up.url, dialect, auth=auth, headers={"X-Title": "Our chat"}, query={"api-version": "2024-10-21"})
        await end(client, model)
        asked = up.requests[-1]
        sent = {
            name: asked.headers[name] for name in ("authorization", "x-api-key", "api-key") if name in asked.headers
        }
        assert sent == expected
        assert asked.headers["x-title"] == "Our chat"
        assert asked.path.endswith("?api-version=2024-10-21")
        assert asked.headers["accept-encoding"] == "identity"
        assert asked.headers["content-type"] == "application/json"
        assert asked.headers.get("anthropic-version") == ("2023-06-01" if dialect == "anthropic" else None)
        assert json.loads(asked.body)["stream"] is True
    await end(client, at(up.url, dialect, headers={"Authorization": "Token other"}))
    assert up.requests[-1].headers["authorization"] == "Token other"
