"""The administrator sees whose, when, which model and how it went; never what was said."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from chatsite.accounts.models import User
from chatsite.conversations.models import Conversation, Run

from .conftest import left_behind
from .test_prompting import BIG, MODELS, Talk

LIST, RUNS = "/admin/conversations/conversation/", "/admin/conversations/run/"
SECRETS = ("secret question", "secret answer", "secret thought", "secret instructions")


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("admin@example.com", "correct horse battery", name="Root"))
    return client


@pytest.fixture
def talk(alice: User) -> Talk:
    talk = Talk(alice, system="secret instructions")
    talk.said("secret question")
    talk.answered(text="secret answer", reasoning="secret thought")
    return talk


def test_there_are_titles_and_numbers_and_no_words(admin: Client, talk: Talk) -> None:
    uid, key = talk.conversation.uid, talk.conversation.pk
    for path in (LIST, f"{LIST}{key}/change/", RUNS, f"{RUNS}{Run.objects.get().pk}/change/"):
        answer = admin.get(path)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert not [secret for secret in SECRETS if secret in page], path
    page = admin.get(f"{LIST}{key}/change/").content.decode()
    assert "Tides" in page and "big" in page and str(uid) in page
    assert "/review/" not in page, "superusers do not read by being superusers"


def test_words_find_nothing(admin: Client, talk: Talk) -> None:
    for term in ("secret", "answer", "Tides"):
        assert "0 conversations" in admin.get(LIST, {"q": term}).content.decode()
    assert admin.get(LIST, {"messages__text__icontains": "secret"}).status_code == 400


def test_a_person_or_an_id_finds_theirs(admin: Client, talk: Talk, charlie: User) -> None:
    left_behind(charlie)
    for term in ("alice@", str(talk.conversation.uid)):
        page = admin.get(LIST, {"q": term}).content.decode()
        assert "1 conversation" in page and "Tides" in page and "Left behind" not in page
    assert "1 run" in admin.get(RUNS, {"q": "charlie@example.com"}).content.decode()


def test_conversations_are_told_apart_by_model_and_state(admin: Client, talk: Talk, charlie: User) -> None:
    left_behind(charlie)
    for filters, title in (
        ({"model": "big"}, "Tides"),
        ({"model": "m"}, "Left behind"),
        ({"state": "complete"}, "Tides"),
        ({"state": "streaming"}, "Left behind"),
    ):
        page = admin.get(LIST, filters).content.decode()
        assert "1 conversation" in page and f">{title}</a>" in page


def test_a_reference_that_a_person_reads_out_finds_its_run(admin: Client, charlie: User, talk: Talk) -> None:
    broken = left_behind(charlie)
    broken.run.give_up("server_lost")
    reference = Run.objects.get(reply=broken).error_id
    page = admin.get(RUNS, {"q": f" {reference.lower()} "}).content.decode()
    assert "1 run" in page and reference in page


def test_nothing_is_added_changed_or_deleted(admin: Client, talk: Talk) -> None:
    key = talk.conversation.pk
    assert admin.get(f"{LIST}add/").status_code == 403
    assert admin.post(f"{LIST}{key}/change/", {"title": "Mine"}).status_code == 403
    assert admin.post(f"{LIST}{key}/delete/", {"post": "yes"}).status_code == 403
    assert Conversation.objects.get().title == "Tides"


def test_what_alice_deleted_is_gone_from_here_too(admin: Client, talk: Talk) -> None:
    talk.conversation.hide()
    assert "Tides" not in admin.get(LIST).content.decode()
    assert admin.get(f"{LIST}{talk.conversation.pk}/change/").status_code == 302


def test_who_may_read_sees_where(client: Client, bob: User, talk: Talk) -> None:
    view = Permission.objects.get(codename="view_conversation")
    bob.user_permissions.add(view)
    client.force_login(bob)
    page = client.get(f"{LIST}{talk.conversation.pk}/change/").content.decode()
    assert f"/review/c/{talk.conversation.uid}/" in page


def test_the_lists_cost_the_same_whatever_their_length(
    admin: Client, alice: User, django_assert_max_num_queries: object
) -> None:
    for _ in range(20):
        left_behind(alice)
    Talk(alice).said("hi")
    assert BIG is MODELS["claude/big"]
    for path in (LIST, RUNS):
        with django_assert_max_num_queries(14):  # type: ignore[operator]
            assert admin.get(path).status_code == 200
