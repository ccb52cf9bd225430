"""What can be set is written down, and what is written down can be set."""

from __future__ import annotations

import re

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
