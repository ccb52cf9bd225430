"""`manage.py upstreams` lists what can be asked, and finds out whether it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chatsite.conversations.engine import catalogue
from tests.answers import Gate
from tests.upstream import Upstream, Wait, failure, openai_answer

KEY = "sk-canary-5f2c"


@pytest.fixture
def server() -> Iterator[Upstream]:
    with Upstream.in_thread() as server:
        yield server


@pytest.fixture
def upstreams(settings: Any, server: Upstream) -> Callable[..., tuple[str, int]]:
    """What the command prints, and with what it ends."""
    settings.UPSTREAM_ENVIRONMENT = {
        "UPSTREAM_API_KEY": KEY,
        "UPSTREAM_OPENAI_BASE_URL": f"{server.url}/v1",
        "UPSTREAM_OPENAI_MODELS": "a,b",
        "UPSTREAM_ANTHROPIC_BASE_URL": server.url,
        "UPSTREAM_ANTHROPIC_MODELS": "c",
    }

    def run(*args: str) -> tuple[str, int]:
        out, code = StringIO(), 0
        try:
            call_command("upstreams", *args, stdout=out)
        except SystemExit as end:
            code = int(str(end.code))
        return out.getvalue(), code

    return run


def test_it_lists_upstreams_and_models_and_no_key(upstreams: Any, server: Upstream) -> None:
    said, code = upstreams("--list")
    assert [line.strip() for line in said.splitlines()] == [
        *(f"openai: openai, {server.url}/v1, key set", "a", "b"),
        *(f"anthropic: anthropic, {server.url}, key set", "c"),
    ]
    assert (code, server.requests) == (0, [])
    assert KEY not in said


def test_it_asks_each_model_for_a_word(upstreams: Any, server: Upstream) -> None:
    said, code = upstreams()
    assert code == 0
    assert said.count(": ok, ") == 3
    assert {request.json["model"] for request in server.requests} == {"a", "b", "c"}


def test_it_says_which_model_does_not_answer_and_why(upstreams: Any, server: Upstream) -> None:
    silent = openai_answer("late").before_last(Wait(Gate()))
    refusal = {"error": {"message": f"bad key {KEY}"}}
    answers = {"a": failure(401, refusal), "b": silent, "c": failure(404)}
    server.otherwise = lambda request: answers[request.json["model"]]
    said, code = upstreams("--seconds", "5")
    assert code == 1
    lines = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert lines[0].startswith("a: failed, upstream_auth (HTTP 401): ")
    assert lines[1].startswith("b: failed, too_slow")
    assert lines[2].startswith("c: failed, model_not_found (HTTP 404): ")
    assert KEY not in said


def test_a_file_of_upstreams_takes_keys_by_any_name(
    upstreams: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "upstreams.toml"
    file.write_text('[mine]\ndialect = "openai"\nbase_url = "http://localhost:1"\nkey_env = "MY_KEY"\nmodels = ["x"]\n')
    settings.UPSTREAMS = str(file)
    with pytest.raises(CommandError, match="MY_KEY"):
        upstreams("--list")
    monkeypatch.setenv("MY_KEY", KEY)
    assert upstreams("--list")[0].startswith("mine: openai, http://localhost:1, key set")
    assert catalogue().find("x").upstream.key == KEY


def test_a_file_that_is_not_there_is_said_plainly(upstreams: Any, settings: Any) -> None:
    settings.UPSTREAMS = "/nowhere/upstreams.toml"
    with pytest.raises(CommandError, match="nowhere"):
        upstreams("--list")
