"""What upstreams say about themselves and about us, as it is stored for people and administrators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from chatsite.accounts.models import User
from chatsite.conversations.models import Run
from chatsite.conversations.notes import note_of
from chatsite.conversations.setup import refusals
from chatsite.conversations.templatetags.chat import refused
from tests.answers import Answer
from tests.upstream import Upstream, failure, openai_answer

from .conftest import Person, ended

pytestmark = pytest.mark.store


def _ran(upstream: str, reason: str = "", **fields: Any) -> Run:
    state = "failed" if reason else "complete"
    values = {"upstream": upstream, "reason": reason, "state": state, "ended_at": timezone.now(), **fields}
    return Run.objects.create(model="m", dialect="openai", **values)


def test_U_04_the_newest_word_of_each_service_counts(db: None) -> None:
    _ran("mended", "upstream_auth")
    _ran("mended")
    _ran("broke", "billing")
    _ran("shut")
    _ran("shut", "upstream_auth")
    _ran("slow", "stalled")
    _ran("long ago", "upstream_auth", ended_at=timezone.now() - timedelta(days=2))
    assert [(one.upstream, one.billing) for one in refusals()] == [("shut", False), ("broke", True)]


def test_U_04_only_administrators_read_of_it(alice: User, bob: User) -> None:
    _ran("shut", "upstream_auth")
    assert refused(alice) == []
    assert [one.upstream for one in refused(bob)] == ["shut"]
    page = render_to_string("conversations/_banners.html", {"user": bob})
    assert "The model service “shut” does not accept our key." in page
    assert "does not accept" not in render_to_string("conversations/_banners.html", {"user": alice})


@pytest.mark.parametrize(("wait", "told"), [("600", True), ("315360000", False), ("nonsense", False)])
async def test_U_07_when_to_try_again_is_stored_if_a_clock_can_tell_it(
    writer: Person, models: Upstream, wait: str, told: bool
) -> None:
    models.otherwise = lambda request: failure(429, b"", {"Retry-After": wait})
    await writer.begin()
    reply = await ended()
    assert (reply.state, reply.run.reason) == ("failed", "rate_limited")
    assert (reply.run.retry_at is not None) == told
    note = note_of(reply)
    assert note is not None
    assert ("Try again at " in note.more) == told
    reply.run.retry_at = timezone.now() - timedelta(seconds=1)
    past = note_of(reply)
    assert past is not None
    assert past.more == "Your message is kept. Try again, or choose another model."


async def test_the_upstreams_name_for_a_request_stands_in_its_row(writer: Person, models: Upstream) -> None:
    answer = openai_answer("Hello")
    models.script(Answer(answer.steps, 200, {**answer.headers, "X-Request-Id": "req_1"}))
    await writer.begin()
    assert (await ended()).run.request_id == "req_1"
