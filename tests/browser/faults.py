"""What may go wrong at a model's server, as the page shows and the database keeps it: one case a row of the matrix."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.answers import (
    SSE,
    Answer,
    Cut,
    Gate,
    Pause,
    Send,
    Wait,
    anthropic_answer,
    data,
    event,
    failure,
    openai_answer,
)

KEY = "sk-canary-0123456789abcdef"
QUESTION = "Canary of the question?"
HALF = "Half of a canary"
SECRETS = (KEY, QUESTION, HALF, "Canary", "127.0.0.1:")
"""What no line of the log may hold: the key, anybody's words, where our servers are."""

UNREACHABLE = "The model service cannot be reached."
SETUP = "This service is not set up correctly; the administrator has been told."
UNEXPECTED = "The model service sent something unexpected."
BUSY = "The model is busy."
LOST = "The answer was cut off: the connection to the model was lost."
SILENT = "The answer was cut off: the model fell silent."
ERROR = "The answer was cut off: the model reported an error."
UNREADABLE = "The answer was cut off: part of it could not be read."


@dataclass
class Case:
    """A fault, what Alice reads of it, and what is stored."""

    id: str
    script: Sequence[Answer]
    sentence: str = ""
    state: str = "failed"
    why: tuple[str, str] = ("", "")
    text: str = ""
    model: str = "here-openai/m"
    log: str = ""


def cut(id: str, answer: Answer, sentence: str, *why: str, **more: Any) -> Case:
    """A fault after half an answer."""
    return Case(id, [answer], sentence, "interrupted", (why[0], why[1]), more.pop("text", HALF), **more)


def fine(id: str, answer: Answer, text: str = HALF, sentence: str = "", **more: Any) -> Case:
    """What should trouble nobody."""
    return Case(id, [answer], sentence, "complete", ("", ""), text, **more)


def refused(id: str, status: int, sentence: str, *why: str, body: Any = b"", times: int = 1, **more: Any) -> Case:
    """A status and a body."""
    answer = failure(status, body or {"error": {"message": f"{KEY} Canary"}}, more.pop("headers", None))
    return Case(id, [answer] * times, sentence, "failed", (why[0], why[1]), **more)


def body(content: bytes, **headers: str) -> Answer:
    """Status 200 and these bytes."""
    return Answer(
        [Send(content)], 200, {**SSE, **{name.replace("_", "-"): value for name, value in headers.items()}}, "close"
    )


WORDS = openai_answer(HALF)
CLAUDE = anthropic_answer(HALF)
BEGUN = WORDS.upto(2)
"""A role and half an answer."""
A_STREAM = WORDS.body
DEEP = b'data: {"choices":' + b"[" * 100_000 + b"\n\n"
TWO = {"choices": [{"index": 1, "delta": {"content": "Canary"}}, {"index": 0, "delta": {"content": HALF}}]}
PAUSE = Pause(0.3)


def after(*steps: Any, answer: Answer = BEGUN, framing: Any = "close") -> Answer:
    """Half an answer, shown, and then these."""
    return replace(answer, steps=[*answer.steps, PAUSE, *steps], framing=framing)


CASES = [
    Case("U_01", [], UNREACHABLE, why=("connection", "upstream_unreachable"), model="nobody-openai/m", log="retries=2"),
    Case("U_02", [], UNREACHABLE, why=("connection", "upstream_dns"), model="nowhere-anthropic/m", log="upstream_dns"),
    Case(
        "U_03",
        [],
        "The secure connection to the model service failed.",
        why=("connection", "upstream_tls"),
        model="untrusted-openai/m",
        log="no secure connection: self-signed certificate; subject commonName='127.0.0.1'",
    ),
    refused("U_04_401", 401, SETUP, "auth", "upstream_auth", log="ERROR"),
    refused("U_04_403", 403, SETUP, "permission", "upstream_auth", log="ERROR"),
    refused("U_05", 404, "This model is not available.", "not_found", "model_not_found"),
    refused("U_06_400", 400, "The model service did not accept this question.", "invalid_request", "upstream_rejected"),
    refused("U_06_413", 413, "The model service did not accept this question.", "invalid_request", "upstream_rejected"),
    refused("U_06_422", 422, "The model service did not accept this question.", "invalid_request", "upstream_rejected"),
    refused(
        "U_06_context",
        400,
        "This conversation is too long for the model.",
        "context_length",
        "context_too_long",
        body={"error": {"message": "Canary prompt is too long", "type": "invalid_request_error"}},
    ),
    refused("U_07_date", 429, BUSY, "rate_limited", "rate_limited", headers={"Retry-After": "600"}),
    refused("U_07_ten_years", 429, BUSY, "rate_limited", "rate_limited", headers={"Retry-After": "315360000"}),
    refused("U_08_500", 500, UNREACHABLE, "server_error", "upstream_error", times=3, log="retries=2"),
    refused("U_08_504", 504, UNREACHABLE, "timeout", "upstream_error", times=3, log="retries=2"),
    refused("U_08_529", 529, BUSY, "overloaded", "upstream_error", times=3, log="retries=2", model="here-anthropic/m"),
    Case("U_09_page", [body(b"<html><b>Canary</b>")], UNEXPECTED, why=("protocol", "bad_response"), log="markup"),
    Case("U_09_words", [body(b"Canary, and nothing else")], UNEXPECTED, why=("protocol", "bad_response")),
    fine("U_10", body(json.dumps({"choices": [{"message": {"content": HALF}, "finish_reason": "stop"}]}).encode())),
    Case(
        "U_11",
        [body(b'{"error":{"message":"Canary","type":"authentication_error"}}')],
        SETUP,
        why=("auth", "upstream_auth"),
    ),
    refused(
        "U_12",
        307,
        UNEXPECTED,
        "protocol",
        "redirect_refused",
        headers={"Location": "https://elsewhere.example/?canary"},
        log="elsewhere.example",
    ),
    refused("U_13", 206, UNEXPECTED, "protocol", "bad_response"),
    Case(
        "U_14",
        [openai_answer(HALF).at(0, Wait(Gate()))],
        "The model did not begin within 3\N{NARROW NO-BREAK SPACE}s.|The model did not begin within 3 s.",
        why=("timeout", "first_token_timeout"),
    ),
    cut("U_15", after(Wait(Gate())), SILENT, "timeout", "stalled"),
    cut("U_16", after(*[Send(b": still here\n\n"), Pause(0.5)] * 20), SILENT, "timeout", "no_progress"),
    cut("U_17", after(Send(b'data: {"choices":[{"delta":{"content":"Can')), LOST, "truncated", "truncated"),
    cut("U_18_reset", after(Cut(reset=True), framing="chunked"), LOST, "connection", "connection_lost"),
    cut("U_18_chunks", after(Cut(), framing="chunked"), LOST, "connection", "connection_lost"),
    fine("U_19", openai_answer(HALF, done=False)),
    fine("U_20", openai_answer(HALF, finish=None, usage=None)),
    cut("U_21", after(), LOST, "truncated", "no_terminal"),
    fine("U_22", anthropic_answer(HALF, done=False), model="here-anthropic/m"),
    cut("U_23", after(answer=CLAUDE.upto(3)), LOST, "truncated", "no_terminal", model="here-anthropic/m"),
    cut(
        "U_24_openai",
        after(data({"error": {"message": "Canary", "type": "server_error"}})),
        ERROR,
        "server_error",
        "upstream_error_event",
    ),
    cut(
        "U_24_anthropic",
        after(event("error", error={"type": "overloaded_error", "message": "Canary"}), answer=CLAUDE.upto(3)),
        ERROR,
        "overloaded",
        "upstream_error_event",
        model="here-anthropic/m",
    ),
    cut("U_24_null", after(Send(b"event: error\ndata: null\n\n")), ERROR, "server_error", "upstream_error_event"),
    Case(
        "U_25",
        [openai_answer().upto(1, data({"error": {"message": "Canary"}}))] * 3,
        "The model reported an error.",
        why=("server_error", "upstream_error_event"),
        log="retries=2",
    ),
    cut(
        "U_26",
        after(Send(b'data: {"choices":[{"delta":{"content":"Canary\n\n')),
        UNREADABLE,
        "protocol",
        "malformed",
        log="sha256",
    ),
    cut("U_27", after(Send(DEEP)), UNREADABLE, "protocol", "malformed"),
    fine(
        "U_28", replace(CLAUDE, steps=[event("canary_of_tomorrow", more=[1]), *CLAUDE.steps]), model="here-anthropic/m"
    ),
    cut("U_29", after(Send(b"data: " + b"Canary" * 1_500_000)), UNREADABLE, "protocol", "event_too_large"),
    cut(
        "U_30",
        openai_answer(HALF, *["a tide of words " * 64 + "\n\n"] * 4_200),
        "The answer was cut off: it grew too long.",
        "local",
        "too_long",
        text="",
    ),
    fine("U_31", openai_answer("Half\0 of a canary"), "Half\N{REPLACEMENT CHARACTER} of a canary"),
    fine(
        "U_32",
        body(
            A_STREAM.replace(HALF.encode(), rb"\ud83c").replace(
                b"data: [DONE]", b'data: {"choices":[{"delta":{"content":"\\udf0a"}}]}\n\ndata: [DONE]'
            )
        ),
        "\N{WATER WAVE}",
    ),
    fine("U_33", body(A_STREAM.replace(HALF.encode(), b"Ha\xfflf")), "Ha\N{REPLACEMENT CHARACTER}lf"),
    fine("U_34", openai_answer("潮汐 🌊 é").pieces(1), "潮汐 🌊 é"),
    fine("U_35", body(A_STREAM.replace(b"\n\n", b"\r\n\r", 2).replace(b"\n\n", b"\r\r", 2)).pieces(3)),
    fine("U_36", body(b"\xef\xbb\xbf" + A_STREAM)),
    fine("U_37", WORDS.between(Send(b": canary\n\ndata:\n\n"))),
    fine("U_38_gzip", body(gzip.compress(A_STREAM), Content_Encoding="gzip")),
    Case(
        "U_38_other", [body(b"Canary" + A_STREAM, Content_Encoding="br")], UNEXPECTED, why=("protocol", "bad_response")
    ),
    Case(
        "U_39",
        [body(zlib.compress(b": canary\n" * 8_000_000, 9), Content_Encoding="deflate")],
        "The model service sent something unexpected.",
        why=("protocol", "event_too_large"),
    ),
    fine("U_40", replace(WORDS, steps=[*WORDS.steps, *openai_answer("Canary of afterwards").steps])),
    cut("U_41", after(Send(b"data: [DONE]x\n\n")), UNREADABLE, "protocol", "malformed"),
    Case(
        "U_42",
        [Answer([Send(b"HTTP/1.1 200 OK\r\nCanary: " + b"a" * 1_048_576 + b"\r\n\r\n")], framing="raw")] * 3,
        UNEXPECTED,
        why=("protocol", "bad_response"),
    ),
    fine("U_43_length", openai_answer(HALF, finish="length"), sentence="The answer reached its length limit."),
    fine(
        "U_43_filter",
        openai_answer(HALF, finish="content_filter"),
        sentence="The provider’s filter ended this answer here.",
    ),
    fine(
        "U_43_refusal",
        anthropic_answer(HALF, finish="refusal"),
        sentence="The model declined to answer.",
        model="here-anthropic/m",
    ),
    fine("U_44", Answer([data(TWO), Send(b"data: [DONE]\n\n")])),
]
