"""What can be set is written down, and what is written down can be set."""

from __future__ import annotations

import re

from scripts import environment
from scripts.processes import ROOT


def documented() -> list[str]:
    """The names in the first column of the table under the README's heading "Settings"."""
    _, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Settings\n")
    return re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", rest.partition("\n## ")[0], re.MULTILINE)


def test_the_readme_lists_every_setting_and_no_other() -> None:
    assert sorted(documented()) == sorted(environment.settings())
