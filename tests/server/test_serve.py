"""`manage.py serve`: the product itself, as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import environment, processes

from ..sites import Database
from .test_policies import EXACT
from .wire import Process


def settings(folder: Path, database: Database) -> dict[str, str]:
    """The environment of a product that has a database of its own and asks nobody."""
    return {
        "SECRET_KEY": "tests only " * 5,
        "DATABASE_URL": database.copy(folder).url,
        "UPSTREAM_API_KEY": "x",
        "UPSTREAM_OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "UPSTREAM_OPENAI_MODELS": "a",
    }


def started(folder: Path, database: Database, *args: str) -> Process:
    """The product."""
    return Process(folder / "log", args=args or SERVE, env=settings(folder, database))


@pytest.fixture(scope="module")
def product(migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The product, for several tests."""
    with started(tmp_path_factory.mktemp("product"), migrated) as process:
        yield process


def test_it_says_where_it_listens_in_one_line_and_answers_there(product: Process) -> None:
    said = [line for line in product.log.splitlines() if "Listening" in line]
    assert said == [f"Listening on http://localhost:{product.port}"]
    assert product.get("/healthz").body == b"ok\n"
    assert product.get("/readyz").status == 200


@pytest.mark.parametrize(
    ("path", "status", "policy"),
    [("/healthz", 200, "data"), ("/session", 401, "data"), ("/", 302, "strict"), ("/admin/", 302, "plain")],
)
def test_every_answer_has_its_headers(product: Process, path: str, status: int, policy: str) -> None:
    answer = product.get(path)
    assert answer.status == status
    assert {name: answer.header(name) for name in EXACT[policy]} == EXACT[policy]
    assert answer.header("server") is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_S_16_all_three_names_of_this_machine_are_ours(product: Process, host: str) -> None:
    with product.connect() as nobody:
        # It is ours, so it is asked who it is: 403 comes from the door, and says the same.
        assert nobody.handshake("/ws/", origin=f"http://{host}:{product.port}").status == 403


@pytest.mark.parametrize("path", ["/ws/", "/ws/x", "/", "/ws"])
def test_S_16_another_origin_or_address_is_refused_without_a_trace(product: Process, path: str) -> None:
    for origin in ("http://evil.example", "null", None, f"http://localhost:{product.port}"):
        with product.connect() as charlie:
            answer = charlie.handshake(path, origin=origin)
            assert (answer.status, answer.header("x-frame-options")) == (403, "DENY")
    assert "Traceback" not in product.log


@pytest.mark.parametrize("path", ["/accounts/login/", "/c/", "/admin/login/", "/csp-report"])
def test_S_17_and_S_50_hold_for_our_addresses(product: Process, path: str) -> None:
    with product.connect() as charlie:
        charlie.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: a\x0bb\r\n\r\n".encode())
        assert charlie.answer().status == 400
    with product.connect() as charlie:
        charlie.send(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n".encode())
        assert charlie.answer().status == 413


def test_D_01_it_ends_with_0_on_ctrl_c(migrated: Database, tmp_path: Path) -> None:
    with started(tmp_path, migrated) as product:
        product.get("/readyz")
        product.signal(signal.SIGINT)
        assert product.ended(20) == 0
        assert "Traceback" not in product.log


def test_a_taken_port_is_told_in_a_sentence(product: Process, migrated: Database, tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "serve", "--port", str(product.port)]
    env = {**environment.without_settings(os.environ), **settings(tmp_path, migrated)}
    done = subprocess.run(command, cwd=processes.ROOT, env=env, text=True, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == (
        f"Port {product.port} on 127.0.0.1 is in use by another program. "
        f"Stop it, or choose another: --port {product.port + 1}\n"
    )


def test_it_serves_on_a_socket_that_it_is_given(migrated: Database, tmp_path: Path) -> None:
    with started(tmp_path, migrated, "-c", WITH_A_SOCKET) as product:
        assert product.get("/healthz").status == 200


def test_D_01_its_workers_are_replaced_on_sighup_and_end_with_it(migrated: Database, tmp_path: Path) -> None:
    with started(tmp_path, migrated, *SERVE, "--workers", "1") as product:
        assert product.log.count("Listening") == 1
        (before,) = product.stats.children()
        assert product.get("/readyz").status == 200
        product.signal(signal.SIGHUP)
        before.wait(60)
        (after,) = product.stats.children()
        assert product.get("/readyz").status == 200
        product.signal()
        assert product.ended(20) == 0
        assert not after.is_running()
        assert "Traceback" not in product.log


@pytest.mark.parametrize(
    ("workers", "words"), [("2", "Several workers need PostgreSQL and Redis"), ("0", "--workers must be 1 or more")]
)
def test_several_workers_are_refused_without_stores_they_can_share(tmp_path: Path, workers: str, words: str) -> None:
    env = {**environment.without_settings(os.environ), "SECRET_KEY": "x" * 50, "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "serve", "--port", "0", "--workers", workers]
    done = subprocess.run(command, cwd=processes.ROOT, env=env, text=True, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert words in done.stderr and "Traceback" not in done.stderr


def test_plain_daphne_serves_the_same_application(migrated: Database, tmp_path: Path) -> None:
    port = processes.free_port()
    with started(tmp_path, migrated, "-c", PLAIN, str(port)) as plain, plain.connect() as charlie:
        assert plain.get("/healthz").status == 200
        assert charlie.handshake("/ws/").status == 403


SERVE = ("manage.py", "serve", "--port", "0")
WITH_A_SOCKET = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
listener.set_inheritable(True)
os.execv(sys.executable, [sys.executable, "manage.py", "serve", "--fd", str(listener.fileno())])
"""
PLAIN = """
import os, sys
from daphne.cli import CommandLineInterface
from daphne.server import Server
os.environ["DJANGO_SETTINGS_MODULE"], port = "chatsite.settings", sys.argv[1]
class Told(Server):
    def listen_success(self, listening):
        print(f"Listening on http://localhost:{port}", flush=True)
CommandLineInterface.server_class = Told
CommandLineInterface().run(["-p", port, "chatsite.asgi:application"])
"""
