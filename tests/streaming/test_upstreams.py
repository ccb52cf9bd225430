"""What can be asked, made from an environment or a TOML file, and refused loudly where that makes no sense."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest

from streaming import upstreams
from streaming.errors import ModelNotFound
from streaming.upstreams import Catalogue, Upstream, from_environment, from_toml

KEY = "sk-canary-1234567890"
GPT, CLAUDE = "gpt-4o-mini", "claude-sonnet-4-20250514"


def made(env: dict[str, str]) -> Catalogue:
    catalogue = from_environment(env)
    assert catalogue is not None
    return catalogue


def test_without_any_key_there_is_nothing_but_the_demo() -> None:
    assert from_environment({}) is None
    assert from_environment({"UPSTREAM_API_KEY": "  ", "OTHER_API_KEY": KEY}) is None


def test_a_base_url_without_a_key_is_said_to_be_unused(caplog: pytest.LogCaptureFixture) -> None:
    assert from_environment({"UPSTREAM_OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}) is None
    assert "UPSTREAM_API_KEY" in caplog.text


def test_one_key_offers_the_aggregator_in_both_dialects() -> None:
    catalogue = made({"UPSTREAM_API_KEY": KEY})
    openai, anthropic = catalogue.upstreams
    assert (openai.dialect, openai.base_url, openai.models) == (
        "openai",
        "https://api.cheapestinference.com/v1",
        (GPT,),
    )
    assert (anthropic.dialect, anthropic.base_url, anthropic.models) == (
        "anthropic",
        "https://api.cheapestinference.com/anthropic",
        (CLAUDE,),
    )
    assert openai.key == anthropic.key == KEY
    assert [model.id for model in catalogue.models] == [GPT, CLAUDE]
    assert catalogue.default.name == GPT


def test_the_aggregator_wants_bearer_on_both() -> None:
    openai, anthropic = made({"UPSTREAM_API_KEY": KEY}).models
    assert anthropic.quirks.auth == "bearer"
    assert openai.quirks.auth in ("", "bearer")


def test_S_34_a_key_never_goes_to_an_address_its_owner_did_not_choose() -> None:
    catalogue = made({"UPSTREAM_API_KEY": KEY, "UPSTREAM_OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert [(one.dialect, one.base_url) for one in catalogue.upstreams] == [("openai", "http://127.0.0.1:9/v1")]


def test_a_dialect_without_a_key_is_not_offered_at_the_default_address() -> None:
    catalogue = made({"UPSTREAM_ANTHROPIC_API_KEY": KEY})
    assert [one.dialect for one in catalogue.upstreams] == ["anthropic"]


def test_a_dialects_own_key_overrides_the_common_one() -> None:
    catalogue = made({"UPSTREAM_API_KEY": KEY, "UPSTREAM_ANTHROPIC_API_KEY": "own"})
    assert [one.key for one in catalogue.upstreams] == [KEY, "own"]


def test_an_address_without_a_key_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="UPSTREAM_ANTHROPIC_BASE_URL is set"):
        from_environment({"UPSTREAM_OPENAI_API_KEY": KEY, "UPSTREAM_ANTHROPIC_BASE_URL": "https://models.example.org"})


def test_models_are_names_between_commas() -> None:
    catalogue = made({"UPSTREAM_API_KEY": KEY, "UPSTREAM_OPENAI_MODELS": " a, b,,a ", "UPSTREAM_ANTHROPIC_MODELS": "c"})
    assert [model.id for model in catalogue.models] == ["a", "b", "c"]


def test_a_list_of_no_models_is_refused() -> None:
    with pytest.raises(ValueError, match="names no model"):
        from_environment({"UPSTREAM_API_KEY": KEY, "UPSTREAM_OPENAI_MODELS": ","})


@pytest.mark.parametrize(
    "url",
    [
        "api.example.org/v1",
        "ftp://example.org",
        "https://",
        "https://user:secret@example.org",
        "https://example.org/?key=x",
        "https://example.org:port",
        "https://exa mple.org",
    ],
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL") as refused:
        from_environment({"UPSTREAM_API_KEY": KEY, "UPSTREAM_OPENAI_BASE_URL": url})
    assert KEY not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="key of upstream") as refused:
        from_environment({"UPSTREAM_API_KEY": KEY + "\nX-Evil: 1"})
    assert KEY not in str(refused.value)


def test_plain_http_beyond_loopback_is_warned_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstreams, "_warned", set())
    with caplog.at_level(logging.WARNING):
        for url in ("http://127.0.0.1:1/v1", "http://localhost:1", "http://[::1]:1", "https://models.example.org"):
            made({"UPSTREAM_API_KEY": KEY, "UPSTREAM_OPENAI_BASE_URL": url})
        assert not caplog.records
        for _ in range(2):
            made({"UPSTREAM_API_KEY": KEY, "UPSTREAM_OPENAI_BASE_URL": "http://models.example.org/v1"})
    assert len(caplog.records) == 1


def test_S_36_a_key_is_in_no_repr() -> None:
    catalogue = made({"UPSTREAM_API_KEY": KEY})
    assert KEY not in repr(catalogue.upstreams) + repr(catalogue.models)


def test_a_name_at_two_upstreams_is_written_with_its_upstream() -> None:
    catalogue = made({"UPSTREAM_API_KEY": KEY, "UPSTREAM_OPENAI_MODELS": "a,b", "UPSTREAM_ANTHROPIC_MODELS": "a"})
    assert [model.id for model in catalogue.models] == ["openai/a", "b", "anthropic/a"]
    assert catalogue.find("anthropic/a").dialect == "anthropic"
    assert catalogue.find("a").dialect == "openai"
    assert catalogue.find("openai/b").id == "b"


def test_at_an_endpoint_the_upstream_of_its_own_dialect_comes_first() -> None:
    catalogue = made({"UPSTREAM_API_KEY": KEY, "UPSTREAM_OPENAI_MODELS": "a", "UPSTREAM_ANTHROPIC_MODELS": "a,c"})
    assert catalogue.find("a", "anthropic").dialect == "anthropic"
    assert catalogue.find("a", "openai").dialect == "openai"
    assert catalogue.find("c", "openai").dialect == "anthropic"


def test_a_model_that_nobody_offers_is_not_found() -> None:
    with pytest.raises(ModelNotFound):
        made({"UPSTREAM_API_KEY": KEY}).find("gpt-99")


def test_only_the_demo_answers_to_the_seeds_two_names() -> None:
    address = "http://127.0.0.1:1"
    ups = [Upstream(f"demo-{one}", one, address, models=("long", "tour")) for one in ("openai", "anthropic")]
    demo = Catalogue(ups, demo=True)
    assert demo.find(GPT).id == "demo-openai/tour"
    assert demo.find(CLAUDE).id == "demo-anthropic/tour"
    with pytest.raises(ModelNotFound):
        Catalogue(ups).find(GPT)


TOML = """
[local]
dialect = "openai"
base_url = "http://127.0.0.1:11434/v1/"
models = ["small", "shared"]

[claude]
dialect = "anthropic"
base_url = "https://api.example.org"
key_env = "CLAUDE_KEY"
[claude.quirks]
auth = "bearer"
max_tokens = 1000
headers = {a = "1"}
[[claude.models]]
name = "shared"
[[claude.models]]
name = "big"
label = "The big one"
max_tokens = 4096
prefill = true
prices = {input = 0.15, output = 0.60}
quirks = {thinking = "adaptive", headers = {b = "2"}}
"""


def test_a_file_describes_any_number_of_upstreams() -> None:
    catalogue = from_toml(TOML, {"CLAUDE_KEY": KEY})
    assert [model.id for model in catalogue.models] == ["small", "local/shared", "claude/shared", "big"]
    local, claude = catalogue.upstreams
    assert (local.base_url, local.key) == ("http://127.0.0.1:11434/v1", "")
    assert (claude.key, claude.models) == (KEY, ("shared", "big"))


def test_a_models_quirks_lie_over_its_upstreams() -> None:
    catalogue = from_toml(TOML, {"CLAUDE_KEY": KEY})
    big, shared = catalogue.find("big"), catalogue.find("claude/shared")
    assert (big.label, big.max_tokens, big.quirks.prefill) == ("The big one", 4096, True)
    assert (big.quirks.auth, big.quirks.thinking, big.quirks.headers) == ("bearer", "adaptive", {"a": "1", "b": "2"})
    assert big.prices is not None
    assert (big.prices.input, big.prices.output) == (Decimal("0.15"), Decimal("0.60"))
    assert (shared.label, shared.max_tokens, shared.quirks.prefill, shared.prices) == ("shared", 1000, False, None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("not toml", "no TOML"),
        ("", "no upstream"),
        ("a = 1", "Upstream a"),
        ('[a]\ndialect="x"\nbase_url="http://[::1]"\nmodels=["m"]', "dialect is"),
        ('[a]\ndialect="openai"\nbase_url="http://[::1]"\nmodels=[]', "no model"),
        ('[a]\ndialect="openai"\nmodels=["m"]', "base_url"),
        ('[a]\ndialect="openai"\nbase_url="http://[::1]"\nmodels=["m"]\nkey="sk-oops"', "key"),
        ('[a]\ndialect="openai"\nbase_url="http://[::1]"\nmodels=["m"]\nkey_env="NOT_SET"', "NOT_SET"),
        ('[a]\ndialect="openai"\nbase_url="http://[::1]"\nmodels=["m"]\nquirks={colour="red"}', "colour"),
        ('[a]\ndialect="openai"\nbase_url="http://[::1]"\nmodels=[{name="m", quirks={auth="no"}}]', "Model a/m"),
        ('["a/b"]\ndialect="openai"\nbase_url="http://[::1]"\nmodels=["m"]', "upstream's name"),
    ],
)
def test_nonsense_in_the_file_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        from_toml(text, {})
    assert "sk-oops" not in str(refused.value)


def test_S_35_a_variable_is_never_expanded_inside_a_value() -> None:
    text = '[a]\ndialect="openai"\nbase_url="http://127.0.0.1/$SECRET/${SECRET}"\nmodels=["$SECRET"]'
    upstream = from_toml(text, {"SECRET": KEY}).upstreams[0]
    assert KEY not in f"{upstream}{upstream.base_url}"
