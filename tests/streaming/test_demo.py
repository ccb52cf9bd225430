"""The demo: a model without a key, over real HTTP, in both dialects."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator

import httpx
import pytest

from streaming import demo
from streaming.attempts import Answer, Limits
from streaming.demo import SCRIPTS, TOUR, catalogue, serve, tokens
from streaming.events import Alive, Event, Failed, Finished, Reasoning, ReasoningBlock, Text, Usage, Waiting
from streaming.prompts import Prompt, TextPart, Turn, ask
from streaming.transcript import Transcript
from streaming.upstream import Client
from streaming.upstreams import Model

DIALECTS = ("openai", "anthropic")
PACE = 0.02


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client()
    yield client
    await client.aclose()


def model(name: str, dialect: str) -> Model:
    return catalogue(serve(PACE)).find(name, dialect)


async def answered(client: Client, name: str, dialect: str, prompt: Prompt | None = None) -> list[Event]:
    async with asyncio.timeout(30):
        reads = [events async for events in client.ask(model(name, dialect), prompt or ask("What is a stream?"))]
    return [event for events in reads for event in events]


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def test_it_is_served_once_in_a_process_from_any_thread() -> None:
    addresses: list[str] = []
    threads = [threading.Thread(target=lambda: addresses.append(serve(PACE))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(addresses)) == 1
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", addresses[0])


def test_it_offers_eight_models_in_both_dialects() -> None:
    offered = catalogue("http://127.0.0.1:1")
    names = ["tour", "long", "slow", "fast", "reasoning", "error-first", "error-middle", "cut"]
    assert [one.id for one in offered.models] == [f"demo-{dialect}/{name}" for dialect in DIALECTS for name in names]
    assert offered.demo
    assert offered.default.id == "demo-openai/tour"
    assert offered.find("gpt-4o-mini").id == "demo-openai/tour"
    assert offered.find("claude-sonnet-4-20250514").id == "demo-anthropic/tour"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ["tour", "long", "slow", "fast", "reasoning"])
async def test_alice_gets_a_whole_answer_with_her_own_words_in_it(client: Client, name: str, dialect: str) -> None:
    events = await answered(client, name, dialect)
    assert events[-1] == Finished("stop", {"openai": "stop", "anthropic": "end_turn"}[dialect])
    assert "What is a stream?" in text(events) or name == "reasoning"
    counts = [event for event in events if isinstance(event, Usage)][-1]
    assert counts.input
    assert counts.output


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_tour_arrives_character_for_character(client: Client, dialect: str) -> None:
    assert text(await answered(client, "tour", dialect)) == TOUR.replace("{question}", "What is a stream?")


@pytest.mark.parametrize(
    "piece",
    [
        r"^# ",
        r"^## ",
        r"^1\. ",
        r"^   - ",
        r"^\|:--",
        r"^```python",
        r"^```javascript",
        r"^```sql",
        r"\$e\^",
        r"^\$\$$",
        r"^- \[x\] ",
        r"^- \[ \] ",
        r"^> ",
        r"\[link.*\]\(https",
        r"\[\^1\]:",
        r"逐字",
        r"日本語",
        r"العربية",
        r"👨‍👩‍👧‍👦",
    ],
)
def test_the_tour_shows_everything(piece: str) -> None:
    assert re.search(piece, TOUR, re.MULTILINE)


def test_tokens_lose_nothing() -> None:
    for words in (TOUR, "", "  leading", "trailing \n", "一二三 four\n\n\n五", "x" * 1_000, " \t\n "):
        assert "".join(tokens(words)) == words


async def test_the_long_answer_is_long_and_the_fast_one_longer(client: Client) -> None:
    long, fast = await answered(client, "long", "openai"), await answered(client, "fast", "openai")
    assert 19_000 < len(text(long)) < 22_000
    assert 39_000 < len(text(fast)) < 42_000
    numbers = [int(n) for n in re.findall(r"This is sentence (\d+)", text(fast))]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_the_slow_one_gives_signs_of_life_before_its_first_word(client: Client) -> None:
    slow = catalogue(serve(0.5)).find("slow", "openai")
    kinds: list[type[Event]] = []
    async for events in client.ask(slow, ask("Hi")):
        kinds += [type(event) for event in events]
        if Text in kinds:
            break
    assert Alive in kinds[: kinds.index(Text)]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_reasoning_one_thinks_first(client: Client, dialect: str) -> None:
    events = await answered(client, "reasoning", dialect)
    kinds = [type(event) for event in events if isinstance(event, Reasoning | Text)]
    assert kinds.index(Text) > kinds.count(Reasoning) - 1
    blocks = [event for event in events if isinstance(event, ReasoningBlock)]
    assert [bool(block.signature) for block in blocks] == ([True] if dialect == "anthropic" else [])


@pytest.mark.parametrize(("dialect", "status"), [("openai", 503), ("anthropic", 529)])
async def test_error_first_is_a_refusal(client: Client, dialect: str, status: int) -> None:
    (failed,) = await answered(client, "error-first", dialect)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.status) == ("overloaded", status)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("name", "kind"), [("error-middle", "overloaded"), ("cut", "connection")])
async def test_the_broken_ones_break_after_some_words(client: Client, name: str, kind: str, dialect: str) -> None:
    transcript = Transcript()
    transcript.apply_all([one for one in await answered(client, name, dialect) if not isinstance(one, Alive)])
    assert transcript.state == "interrupted"
    assert transcript.kind == kind
    assert len(transcript.text) > 20
    assert "never arrives" not in transcript.text


async def test_a_run_gives_up_on_error_first_after_three_attempts(client: Client) -> None:
    answer = Answer(client, model("error-first", "openai"), ask("Hi"), Limits(retry_pause=0.01))
    batches = [events async for events in answer.events()]
    assert [isinstance(events, Waiting) for events in batches] == [True, True, False]
    assert answer.retries == 2


async def test_it_quotes_the_first_words_of_the_last_question() -> None:
    question = "Why `is` \n the sky blue, and why does it turn red when the sun goes down in the evening?"
    before = (Turn("user", (TextPart("Old"),)), Turn("assistant", (TextPart("Yes"),)))
    prompt = Prompt(turns=(*before, Turn("user", (TextPart(question),))))
    assert demo.opening(prompt) == "Why ’is’ the sky blue, and why does it turn red when the …"
    assert demo.opening(Prompt(turns=())) == "nothing"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/chat/completions", {"model": "gpt-99", "messages": [{"role": "user", "content": "Hi"}]}, 404),
        ("/v1/messages", {"model": "gpt-99", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}, 404),
        ("/v1/chat/completions", {"messages": 5}, 400),
        ("/v1/messages", [], 400),
    ],
)
async def test_nonsense_is_refused_in_the_dialect(path: str, body: object, status: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(serve(PACE) + path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_every_model_has_a_script() -> None:
    assert {one.name for one in catalogue("http://127.0.0.1:1").models} == set(SCRIPTS)
