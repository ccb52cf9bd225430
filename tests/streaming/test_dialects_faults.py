"""What a server's report of a fault means: its kind, its words, when to ask again. Both dialects judge alike."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Any

import pytest

from streaming.dialects import DIALECTS, faults, words
from streaming.errors import KIND, REASON, RETRYABLE, SENTENCE
from streaming.events import Failed


def refused(status: int, body: Any = b"", **headers: str) -> Failed:
    """The failure of an answer with this status, the same in both dialects."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    first, second = (dialect.failure(status, named, raw) for dialect in DIALECTS.values())
    assert first == second
    assert isinstance(first, Failed)
    return first


STATUSES = {
    400: "invalid_request",
    401: "auth",
    402: "billing",
    403: "permission",
    404: "not_found",
    405: "invalid_request",
    408: "timeout",
    409: "server_error",
    413: "invalid_request",
    418: "invalid_request",
    422: "invalid_request",
    429: "rate_limited",
    500: "server_error",
    502: "server_error",
    503: "overloaded",
    504: "timeout",
    520: "server_error",
    522: "timeout",
    524: "timeout",
    529: "overloaded",
    599: "server_error",
}


@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_W_21_a_status_alone_has_a_kind(status: int, kind: str) -> None:
    for body in (b"", b"<html><h1>secret</h1></html>", b"plain secret", b"{half", b"[" * 100_000, b"\xff\xfe", b"null"):
        failed = refused(status, body)
        assert (failed.kind, failed.status) == (kind, status)
        assert failed.retryable == RETRYABLE[kind]
        assert failed.reason == REASON[kind]
        assert failed.message == SENTENCE[failed.reason]


@pytest.mark.parametrize("status", [204, 205, 206, 210, 299, 301, 302, 303, 307, 308])
def test_W_21_W_23_U_12_U_13_success_of_another_kind_and_redirects_are_no_answers(status: int) -> None:
    failed = refused(status, b"secret", location="https://elsewhere.example/")
    assert (failed.kind, failed.retryable) == ("protocol", False)
    assert failed.reason == ("redirect_refused" if status >= 300 else "bad_response")
    assert "elsewhere" not in repr(failed)


WORDS = [(word, kind) for word, kind in words.SPECIFIC.items()]


@pytest.mark.parametrize(("word", "kind"), WORDS)
def test_a_word_that_means_one_thing_beats_the_status(word: str, kind: str) -> None:
    for error in (
        {"type": word},
        {"code": word, "type": "invalid_request_error"},
        {"details": {"error_code": word}, "type": "rate_limit_error"},
        {"metadata": {"error_type": word}, "code": 429},
        {"error_type": word.upper(), "code": "rate_limit_exceeded"},
    ):
        assert refused(429, {"error": error}).kind == kind
        assert refused(500, {"type": "error", "error": error}).kind == kind
        assert faults.in_stream({"error": error}).kind == kind


EVIDENCE = {
    "a number in the code": (500, {"code": 429}, "rate_limited"),
    "a number as text": (500, {"code": "402"}, "billing"),
    "a number in the status": (500, {"status": 404}, "not_found"),
    "no number at all": (500, {"code": 7, "status": "UNAVAILABLE"}, "server_error"),
    "status before a generic word": (429, {"type": "invalid_request_error"}, "rate_limited"),
    "number before a generic word": (200, {"type": "api_error", "code": 503}, "overloaded"),
    "requests": (500, {"type": "requests"}, "rate_limited"),
    "tokens": (500, {"type": "tokens", "code": None}, "rate_limited"),
    "tokens elsewhere": (500, {"code": "tokens"}, "server_error"),
    "truth is no number": (500, {"code": True}, "server_error"),
}


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_is_weighed_in_its_order(name: str) -> None:
    status, error, kind = EVIDENCE[name]
    if status == 200:
        assert faults.in_stream({"error": error}).kind == kind
    else:
        assert refused(status, {"error": error}).kind == kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "invalid_request_error"}, "invalid_request"),
        ({"type": "BadRequestError"}, "invalid_request"),
        ({"type": "api_error"}, "server_error"),
        ({"type": "server_error", "code": None}, "server_error"),
        ({"type": "something new"}, "server_error"),
        ({}, "server_error"),
    ],
)
def test_a_generic_word_counts_where_there_is_nothing_else(error: Any, kind: str) -> None:
    assert faults.in_stream({"error": {"message": "x", **error}}).kind == kind


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens.",
        "the request exceeds the available context size",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input exceeds the context window of this model",
    ],
)
def test_U_06_words_about_the_context_say_that_it_is_too_long(message: str) -> None:
    failed = refused(400, {"error": {"message": message, "type": "invalid_request_error"}})
    assert (failed.kind, failed.reason, failed.message) == ("context_length", "context_too_long", message)
    assert refused(500, {"error": {"message": message}}).kind == "server_error"


SHAPES = [
    {"error": {"message": "Words"}},
    {"error": "Words"},
    {"object": "error", "message": "Words", "code": 400},
    {"message": "Words"},
    {"detail": "Words"},
    {"detail": [{"msg": "Words", "loc": ["body"]}]},
    [{"error": {"message": "Words"}}],
    "Words",
]


@pytest.mark.parametrize("body", SHAPES)
def test_the_words_are_found_in_every_shape(body: Any) -> None:
    assert refused(400, body).message == "Words"
    assert faults.in_stream(body).message == "Words"


UNFIT = {
    "S_37 markup": "<b>bad</b>",
    "S_37 page": "<!DOCTYPE html>",
    "S_37 entity": "a &lt;script&gt;",
    "S_37 long": "x" * 301,
    "S_37 control": "a\x1b[31m",
    "S_37 direction": "a\u202eb",
    "S_37 nul": "a\0b",
    "S_37 half": "a\ud83d",
    "S_36 key": "Incorrect key: sk-proj-abcDEF123456",
    "S_36 bearer": "Sent Bearer abc123def456ghi",
    "blank": " \n ",
}


@pytest.mark.parametrize("name", UNFIT)
def test_words_that_people_should_not_see_are_replaced_by_ours(name: str) -> None:
    failed = refused(400, {"error": {"message": UNFIT[name]}})
    assert failed.message == SENTENCE["upstream_rejected"]
    assert faults.in_stream({"error": {"message": UNFIT[name]}}).message == SENTENCE["upstream_error_event"]


def test_words_are_shown_on_one_line_and_otherwise_as_they_are() -> None:
    assert refused(400, {"error": {"message": " Größe:\n 5 < 7,\tsee https://x.example "}}).message == (
        "Größe: 5 < 7, see https://x.example"
    )


@pytest.mark.parametrize("status", [401, 403])
def test_U_04_S_36_of_our_own_key_people_are_told_in_our_words(status: int) -> None:
    failed = refused(status, {"error": {"message": "invalid x-api-key: abc", "type": "authentication_error"}})
    assert failed.message == SENTENCE["upstream_auth"]
    assert failed.reason == "upstream_auth"
    told = faults.in_stream({"error": {"message": "no such key", "type": "permission_error"}})
    assert (told.kind, told.message) == ("permission", SENTENCE["upstream_auth"])


@pytest.mark.parametrize(
    ("word", "code"),
    [("insufficient_quota", "insufficient_quota"), ("my secret words", None), ("x" * 65, None), ("a\nb", None)],
)
def test_S_37_a_servers_word_is_kept_only_if_it_looks_like_one(word: str, code: str | None) -> None:
    assert refused(400, {"error": {"code": word}}).raw_code == code


WAITS = {
    "U_07 seconds": ({"retry_after": "20"}, 20),
    "U_07 fraction": ({"retry_after": "1.5"}, 1.5),
    "U_07 below zero": ({"retry_after": "-7"}, 0),
    "U_07 ten years": ({"retry_after": "315360000"}, 315360000),
    "U_07 milliseconds": ({"retry_after": "9", "retry_after_ms": "250"}, 0.25),
    "U_07 past": ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
    "U_07 missing": ({}, None),
    "U_07 words": ({"retry_after": "soon"}, None),
    "U_07 NaN": ({"retry_after": "nan"}, None),
    "U_07 infinity": ({"retry_after": "inf", "retry_after_ms": "inf"}, None),
    "U_07 endless": ({"retry_after": "9" * 5000}, None),
    "U_07 upper case": ({"RETRY_AFTER": " 3 "}, 3),
    "U_07 bad date": ({"retry_after": "Wed, 99 Oct 99999 07:28:00 GMT"}, None),
}


@pytest.mark.parametrize("name", WAITS)
def test_how_long_to_wait_is_what_the_server_says(name: str) -> None:
    headers, seconds = WAITS[name]
    assert refused(429, **headers).retry_after == seconds


def test_U_07_a_date_is_counted_from_now() -> None:
    wait = refused(429, retry_after=formatdate(time.time() + 60, usegmt=True)).retry_after
    assert wait is not None and 50 <= wait <= 70


def test_every_kind_has_a_reason_and_every_reason_a_sentence() -> None:
    assert set(REASON) == set(RETRYABLE) - {"local"}
    assert set(REASON.values()) <= set(KIND)
    assert set(KIND) == set(SENTENCE)
    assert set(words.SPECIFIC.values()) | set(words.GENERIC.values()) | set(words.STATUS.values()) <= set(RETRYABLE)
