"""Events as Hypothesis draws them: any at all, and the words of which they are made."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from streaming.dialects import loose
from streaming.errors import RETRYABLE, UpstreamError
from streaming.events import (
    Alive,
    Event,
    Failed,
    Finished,
    Reasoning,
    ReasoningBlock,
    Refusal,
    Stopped,
    Text,
    ToolCall,
    Usage,
)

ID, MODEL = "answer-1", "some/model"

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
"""Text as it is after repair: anything but halves and NUL."""

names = st.text(st.characters(categories=["Ll"], max_codepoint=127), min_size=1, max_size=6)
spoken = words.filter(lambda text: not text.isspace())
counts = st.integers(0, 10**9)
maybe = st.none() | counts
plain = st.dictionaries(names, st.integers(-5, 5) | words | st.lists(words, max_size=2), max_size=3)
arguments = plain.map(loose.compact)
kinds = st.sampled_from(sorted(RETRYABLE))


def failure(kind: str, code: str, message: str = "What the provider says.") -> Failed:
    """A failure as a parser reports it from the middle of a stream."""
    told = None if kind in ("auth", "permission") else message
    error = UpstreamError("upstream_error_event", kind=kind, message=told, raw_code=code)
    if told is None:
        error.message = UpstreamError("upstream_auth").message
    return Failed.of(error)


def usages(**known: Any) -> st.SearchStrategy[Usage]:
    """Counts that a server could have: what was cached is a part of the input."""
    return st.builds(
        lambda fresh, output, read, write, reasoning: Usage(
            fresh + (read or 0) + (write or 0), output, read, write, reasoning
        ),
        counts,
        counts,
        maybe,
        maybe,
        maybe,
    )


blocks = st.builds(ReasoningBlock, st.just("thinking"), words, words) | st.builds(
    ReasoningBlock, st.just("redacted_thinking"), data=words
)
finishes = st.builds(
    Finished, st.sampled_from(["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "unknown"]), names
)
failures = st.builds(lambda kind: failure(kind, "code"), kinds)
ends = finishes | failures | st.builds(Stopped)
content = (
    st.builds(Text, words)
    | st.builds(Reasoning, words)
    | st.builds(Refusal, words)
    | st.builds(ToolCall, st.integers(0, 3), st.just("") | names, st.just("") | names, st.just("") | words | arguments)
    | blocks
    | usages()
    | st.builds(Alive)
)


def anything() -> st.SearchStrategy[list[Event]]:
    """Any answer, whatever a dialect may make of it."""
    return st.builds(lambda events, end: [*events, end], st.lists(content, max_size=12), ends)
