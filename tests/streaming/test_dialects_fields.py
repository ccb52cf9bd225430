"""A server that refuses a field is asked again without it, and only then."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.dialects import anthropic, openai
from streaming.prompts import Quirks

MISTRAL = {
    "detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]
}
REASONING = {
    "error": {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
        "type": "invalid_request_error",
        "param": "max_tokens",
        "code": "unsupported_parameter",
    }
}
REFUSED: dict[str, tuple[int, Any, dict[str, Any]]] = {
    "a place": (422, MISTRAL, {"stream_options": False}),
    "a place inside": (422, {"error": MISTRAL}, {"stream_options": False}),
    "a parameter": (400, REASONING, {"token_limit": "max_completion_tokens"}),
    "a sentence": (400, {"error": {"message": "Unknown field stream_options"}}, {"stream_options": False}),
    "text": (400, "stream_options is not supported", {"stream_options": False}),
    "sampling": (400, {"message": "temperature and top_p are not supported"}, {"sampling": False}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_field_that_is_named_as_unknown_is_left_out_next_time(name: str) -> None:
    status, body, change = REFUSED[name]
    assert openai.relent(Quirks(), status, json.dumps(body).encode()) == Quirks(**change)


def test_the_other_name_of_the_limit_is_tried_both_ways() -> None:
    body = json.dumps({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"]}]}).encode()
    assert openai.relent(Quirks(token_limit="max_completion_tokens"), 422, body) == Quirks(token_limit="max_tokens")
    assert openai.relent(Quirks(), 422, body) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "max_tokens is too large: 99999999", "param": "max_tokens", "code": None}}),
        (400, {"error": {"message": "Unknown model", "param": "model"}}),
        (500, MISTRAL),
        (404, {"error": {"message": "stream_options is not supported"}}),
        (400, {"detail": [3, {"loc": 3}]}),
        (400, None),
    ],
)
def test_any_other_refusal_is_final(status: int, body: Any) -> None:
    assert openai.relent(Quirks(), status, json.dumps(body).encode()) is None


@pytest.mark.parametrize("body", [b"", b"<html>stream_options is not supported</html>", b"[" * 100_000])
def test_a_refusal_that_cannot_be_read_is_final(body: bytes) -> None:
    assert openai.relent(Quirks(), 400, body) is None


def test_a_newer_model_of_the_messages_dialect_takes_no_temperature() -> None:
    error = {"type": "invalid_request_error", "message": "temperature: Extra inputs are not permitted"}
    body = json.dumps({"type": "error", "error": error}).encode()
    assert anthropic.relent(Quirks(), 400, body) == Quirks(sampling=False)
    assert anthropic.relent(Quirks(sampling=False), 400, body) is None, "once is enough"
