"""What can be set is written down, and what is written down can be set."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import environment
from scripts.processes import ROOT


def documented() -> list[str]:
    """The names in the first column of the table under the README's heading "Settings"."""
    _, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Settings\n")
    return re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", rest.partition("\n## ")[0], re.MULTILINE)


def test_the_readme_lists_every_setting_and_no_other() -> None:
    assert sorted(documented()) == sorted(environment.settings())


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://chat.example.org:443/", "https://chat.example.org"),
        ("HTTPS://Chat.Example.org", "https://chat.example.org"),
        ("https://chat.example.org:8443", "https://chat.example.org:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:443", "http://[::1]:443"),
    ],
)
def test_S_16_the_public_origin_is_spelled_as_browsers_spell_it(
    given: str, origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatsite import settings

    monkeypatch.setenv("PUBLIC_ORIGIN", given)
    assert settings._origin() == origin


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Set SECRET_KEY to 50 random characters, or let `python3 dev.py run` make one.\n"),
        ({"SECRET_KEY": "short"}, "Set SECRET_KEY to 50 random characters, or let `python3 dev.py run` make one.\n"),
        (
            {"SECRET_KEY": "x" * 50, "PUBLIC_ORIGIN": "http://chat.example.org"},
            "PUBLIC_ORIGIN is plain http beyond this machine: use https, or set ALLOW_HTTP=1.\n",
        ),
    ],
)
def test_D_20_what_cannot_be_is_said_in_a_sentence_and_nothing_starts(
    given: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    env = {**environment.without_settings(os.environ), "VAR_DIR": str(tmp_path), **given}
    command = [sys.executable, "manage.py", "serve", "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=90)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


def test_what_database_url_asks_of_the_connection_is_kept(tmp_path: Path) -> None:
    url = "postgres://chat@127.0.0.1:1/chat?sslmode=require"
    env = {**environment.without_settings(os.environ), "SECRET_KEY": "x" * 50, "DATABASE_URL": url}
    code = "from chatsite import settings; print(settings.DATABASES['default']['OPTIONS']['sslmode'])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, text=True, capture_output=True, check=True)
    assert said.stdout == "require\n"
