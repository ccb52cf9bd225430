"""The sidebar lists what a person used last, under the words of their own day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from chatsite.accounts.models import User
from chatsite.conversations.groups import MOST, grouped, groups_of, heading
from chatsite.conversations.models import Conversation

from .conftest import left_behind

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-1, "Today"),
        (0, "Today"),
        (1, "Yesterday"),
        (2, "Previous 7 days"),
        (7, "Previous 7 days"),
        (8, "Previous 30 days"),
        (30, "Previous 30 days"),
        (31, "October 2026"),
        (55, "October 2026"),
        (56, "September 2026"),
        (400, "October 2025"),
    ],
)
def test_each_day_has_its_heading(days: int, name: str) -> None:
    assert heading(TODAY - timedelta(days=days), TODAY) == name


def test_the_day_is_that_of_the_persons_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    talk = Conversation(touched=now - timedelta(hours=18), title="Tides")
    assert grouped([talk], ZoneInfo("UTC")) == [("Today", [talk])]
    assert grouped([talk], ZoneInfo("Asia/Shanghai")) == [("Yesterday", [talk])]
    assert grouped([talk], ZoneInfo("America/Los_Angeles")) == [("Yesterday", [talk])]


@pytest.mark.store
def test_alice_sees_hers_newest_first_with_marks_in_one_query(
    alice: User, charlie: User, django_assert_num_queries: Any
) -> None:
    old = Conversation.objects.create(owner=alice, title="Old", touched=timezone.now() - timedelta(days=400))
    Conversation.objects.create(owner=alice, title="Deleted", deleted_at=timezone.now())
    Conversation.objects.create(owner=charlie, title="His")
    live, broken = left_behind(alice, "Half"), left_behind(alice)
    broken.run.give_up("server_lost")
    with django_assert_num_queries(1):
        groups = groups_of(alice)
        found = [(one.uid, one.answering, one.failed) for _, some in groups for one in some]
    assert found == [
        (broken.conversation.uid, False, True),
        (live.conversation.uid, True, False),
        (old.uid, False, False),
    ]
    assert groups[0][0] == "Today"
    assert groups_of(charlie)[0][1][0].title == "His"


@pytest.mark.store
def test_the_list_is_bounded(alice: User) -> None:
    Conversation.objects.bulk_create(Conversation(owner=alice, title=f"{n}") for n in range(MOST + 5))
    assert sum(len(some) for _, some in groups_of(alice)) == MOST


def test_a_zone_that_nobody_knows_is_utc(db: None) -> None:
    user = User(email="a@example.com", time_zone="../../etc/passwd")
    assert groups_of(User.objects.create_user("b@example.com")) == []
    from chatsite.conversations.groups import zone_of

    assert zone_of(user) == ZoneInfo("UTC")
