"""What an earlier release kept is there after an upgrade, word for word, and people come in as before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db.migrations.loader import MigrationLoader

from scripts import environment, processes

from .. import releases
from ..conftest import PASSWORD
from ..sites import Database, Site, manage

ALICES = "/c/00000000-0000-4000-8000-000000000011/"
CHARLIES = "/c/00000000-0000-4000-8000-000000000012/"


def settings(database: Database) -> dict[str, str]:
    """The environment of a product on this database."""
    mine = {"DATABASE_URL": database.url, "SECRET_KEY": "tests only " * 5}
    return {**environment.without_settings(os.environ), **mine}


def left_by(release: str, folder: Path) -> Database:
    """A database as this release left it."""
    database = Database.empty(folder)
    told(database, "load", release)
    return database


def told(database: Database, *args: str) -> None:
    """Run `tests.releases` on this database."""
    command = [sys.executable, "-m", "tests.releases", *args]
    subprocess.run(command, cwd=processes.ROOT, env=settings(database), check=True, timeout=60)


def words(rows: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """The fields of each row, without permissions, whose keys are another database's."""
    return {
        (row["model"], row["pk"]): {name: value for name, value in row["fields"].items() if name != "user_permissions"}
        for row in rows
    }


def come_in(site: Site, name: str, http: httpx.Client) -> None:
    """Sign in by the form."""
    http.base_url = site.url
    page = http.get("/accounts/login/")
    assert page.status_code == 200, site.log
    fields = {"login": f"{name}@example.com", "password": PASSWORD, "csrfmiddlewaretoken": http.cookies["csrf"]}
    assert http.post("/accounts/login/", data=fields).status_code == 302


@pytest.mark.store
@pytest.mark.parametrize("release", releases.releases())
def test_after_an_upgrade_alice_reads_every_word_and_charlie_none(
    release: str, tmp_path: Path, start_site: Callable[..., Site]
) -> None:
    database = left_by(release, tmp_path)
    held = releases.release(release)
    assert sorted(map(".".join, database.ask("SELECT app, name FROM django_migrations"))) == held["migrations"]
    manage(settings(database), "migrate", "--verbosity=0")
    found = words(json.loads(manage(settings(database), "dumpdata", *releases.KEPT)))
    for row, fields in words(held["rows"]).items():
        assert {name: found[row][name] for name in fields} == fields
    site = start_site(DATABASE_URL=database.url, LEASE_SECONDS="5")
    read_by_all_three(site)


def read_by_all_three(site: Site) -> None:
    """Each signs in with the old password, and sees what is theirs to see; what was being written is settled."""
    with httpx.Client(trust_env=False, timeout=20) as alice, httpx.Client(trust_env=False, timeout=20) as charlie:
        come_in(site, "alice", alice)
        until = time.monotonic() + 60
        while 'data-state="interrupted"' not in (page := alice.get(ALICES).text):
            assert time.monotonic() < until
            time.sleep(0.2)
        for text in ("Grüße, 世界", "Was heißt 世界?", "„Welt“ 🌍 — e\u0301 und é sind zweierlei.", "Noch im Fluß: 水"):
            assert text in page
        assert alice.get(CHARLIES).status_code == 404
        come_in(site, "charlie", charlie)
        assert charlie.get(ALICES).status_code == 404
        assert "Nobody else reads this" in charlie.get(CHARLIES).text
    with httpx.Client(trust_env=False, timeout=20) as bob:
        come_in(site, "bob", bob)
        assert bob.get("/review/").status_code == 200


def test_an_upgrade_from_every_release_is_possible() -> None:
    assert releases.releases()
    known = MigrationLoader(None).disk_migrations
    names = {f"{app}.{name}" for app, name in known or {}}
    for release in releases.releases():
        assert set(releases.release(release)["migrations"]) <= names


def test_a_new_release_leaves_a_database_with_all_that_the_last_one_had(tmp_path: Path) -> None:
    told(Database.empty(tmp_path, server=""), "make", str(tmp_path / "new.json"))
    new, last = json.loads((tmp_path / "new.json").read_text()), releases.release(releases.releases()[-1])
    assert set(last["migrations"]) <= set(new["migrations"])
    assert words(new["rows"]).keys() >= words(last["rows"]).keys()
    granted = [row["fields"]["user_permissions"] for row in new["rows"] if row["fields"].get("name") == "Bob"]
    assert granted == [[["read_conversation", "review", "review"]]]
