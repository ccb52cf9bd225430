"""What people get when nothing can be made of their request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.handlers.exception import response_for_exception
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

pytestmark = pytest.mark.filterwarnings("ignore")
WORDS = "words of Alice"


@pytest.fixture(params=[True, False], ids=["piece", "page"])
def fragment(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the page's script asks, or a person's browser."""
    yield request.param


def answer_to(error: Exception, fragment: bool) -> HttpResponse:
    """What Alice gets when her request ends in this."""
    request = RequestFactory(headers={"X-Fragment": "1"} if fragment else {}).get("/c/")
    try:
        raise error
    except Exception as raised:
        return response_for_exception(request, raised)


def test_D_10_a_database_that_is_away_is_said_kindly_without_asking_it(fragment: bool) -> None:
    response = answer_to(OperationalError(WORDS), fragment)
    assert response.status_code == 503
    assert WORDS not in response.content.decode()
    assert ('data-reason="storage"' if fragment else "Back in a moment.") in response.content.decode()


def test_I_21_a_fault_of_ours_has_a_reference_that_the_log_knows(
    fragment: bool, caplog: pytest.LogCaptureFixture
) -> None:
    response = answer_to(RuntimeError(WORDS), fragment)
    shown = response.content.decode()
    assert response.status_code == 500
    assert WORDS not in shown
    ours = [record.getMessage() for record in caplog.records if record.name == "chatsite.trouble"]
    assert len(ours) == 1
    assert ours[0].split()[1].rstrip(":") in shown
