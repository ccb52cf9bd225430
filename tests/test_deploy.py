"""What `deploy/` and docs/deployment.md name exists, and can be read by the programs it is meant for."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
import yaml

from scripts import environment
from scripts.processes import ROOT

DEPLOY = ROOT / "deploy"
GUIDE = ROOT / "docs" / "deployment.md"
HOME = "/opt/chatsite"
AFTER_DRAIN = 30


def unit(name: str) -> configparser.ConfigParser:
    """A unit of systemd; of a key that stands twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string((DEPLOY / name).read_text())
    return parser


def test_every_setting_in_the_example_is_one() -> None:
    lines = (DEPLOY / "env.example").read_text().splitlines()
    names = {found[1] for line in lines if (found := re.match(r"#?([A-Z_]+)=", line))}
    assert names - environment.settings() == {"WORKERS", "HEALTH_HOST"}
    assert {"PUBLIC_ORIGIN", "TRUSTED_PROXIES", "SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= names


def test_the_service_is_given_the_time_that_an_orderly_end_may_take() -> None:
    service = unit("chatsite.service")["Service"]
    drain = re.search(r"\| `DRAIN_SECONDS` \| (\d+)", (ROOT / "README.md").read_text())
    assert drain
    assert int(service["TimeoutStopSec"]) > int(drain[1]) + AFTER_DRAIN
    grace = re.search(r"stop_grace_period: (\d+)s", (DEPLOY / "compose.yaml").read_text())
    assert grace and int(grace[1]) > int(drain[1]) + AFTER_DRAIN
    assert service["KillMode"] == "mixed"  # the supervisor alone is told
    assert service["ExecReload"].split() == ["/bin/kill", "-HUP", "$MAINPID"]


def test_commands_that_are_named_are_there() -> None:
    texts = [path.read_text() for path in (*DEPLOY.iterdir(), GUIDE)]
    named = {name for text in texts for name in re.findall(r"manage\.py[ ,\"]+([a-z]+)", text)}
    named |= {name for text in texts for name in re.findall(r"`manage\.py ([a-z]+)", text)}
    assert {"serve", "migrate", "firstadmin"} <= named
    env = {**environment.without_settings(os.environ), "SECRET_KEY": "tests only " * 5}
    said = subprocess.run([sys.executable, "manage.py", "help", "--commands"], cwd=ROOT, env=env, capture_output=True)
    assert named <= set(said.stdout.decode().split())


def test_the_image_is_made_of_what_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("COPY ")]
    ours = [source for words in copied if not words[0].startswith("--from") for source in words[:-1]]
    assert {"manage.py", "chatsite", "streaming", "templates"} <= set(ours)
    assert [source for source in ours if not (ROOT / source).exists()] == []
    stages = re.findall(r"^FROM \S+ AS (\w+)", text, re.MULTILINE)
    assert {words[0].removeprefix("--from=") for words in copied if words[0].startswith("--")} == set(stages)
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)


def test_the_containers_refer_to_what_is_there() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in compose["volumes"]
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    assert not {"postgres", "redis", "app"} & {name for name, service in services.items() if "ports" in service}


@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile"])
def test_what_no_test_runs_says_so(name: str) -> None:
    assert (DEPLOY / name).read_text().startswith("# UNTESTED")


def test_the_guide_names_files_that_exist() -> None:
    named = set(re.findall(r"deploy/([\w.-]*\w)", GUIDE.read_text())) - {"env", "postgres.env"}
    assert {"nginx.conf", "Caddyfile", "chatsite.service"} <= named
    assert [name for name in named if not (DEPLOY / name).is_file()] == []
