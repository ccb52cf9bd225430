"""Several workers under a supervisor: one that dies is replaced, all can be renewed, and they end together."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from .test_ending import closing
from .wire import Process, masked, until

Start = Callable[..., Process]
WORKERS = 3


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a supervisor with three workers, who end by themselves once it is gone."""
    args = ("-m", "tests.server.crew", str(WORKERS))
    with ExitStack() as running:
        yield lambda **env: running.enter_context(Process(tmp_path / "log", args=args, env=env))


@pytest.fixture
def crew(start: Start) -> Process:
    """Three workers."""
    return start()


def pids(crew: Process) -> set[int]:
    """The processes of the workers."""
    return {child.pid for child in crew.stats.children() if _lives(child)}


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def own(crew: Process) -> int:
    """The process that answers a new connection."""
    return int(crew.get("/pid").body)


def test_D_03_a_killed_worker_is_replaced_and_the_others_do_not_notice(crew: Process) -> None:
    with crew.connect() as alice:
        hers = int(alice.request("GET", "/pid").body)
        before = pids(crew)
        assert len(before) == WORKERS and hers in before
        victim = min(before - {hers})
        psutil.Process(victim).kill()
        until(lambda: victim not in pids(crew) and len(pids(crew)) == WORKERS)
        assert int(alice.request("GET", "/pid").body) == hers
    assert f"worker {victim} ended with -9: another takes its place" in crew.log


def test_D_03_when_all_are_killed_whoever_connects_waits_for_the_next_one(crew: Process) -> None:
    before = pids(crew)
    for pid in before:
        psutil.Process(pid).kill()
    assert own(crew) not in before
    until(lambda: len(pids(crew)) == WORKERS)


def test_a_worker_that_cannot_start_is_tried_again_with_pauses(start: Start, tmp_path: Path) -> None:
    crew = start(BROKEN=str(tmp_path / "broken"))
    (tmp_path / "broken").touch()
    victim = min(pids(crew))
    psutil.Process(victim).kill()
    until(lambda: crew.log.count("before it listened") >= 2)
    assert own(crew) != victim
    (tmp_path / "broken").unlink()
    until(lambda: len(pids(crew)) == WORKERS)


def test_if_none_can_start_at_first_it_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    args, env = ("-m", "tests.server.crew", "2"), {"BROKEN": str(tmp_path / "broken")}
    with pytest.raises(AssertionError, match="before it listened"), Process(tmp_path / "log", args=args, env=env):
        pass


def test_D_01_sighup_replaces_all_and_cuts_nothing(start: Start) -> None:
    crew = start(DRAIN="1")
    before = pids(crew)
    with crew.connect() as alice, crew.connect() as bob:
        assert alice.handshake("/echo").status == 101
        bob.ask("GET", "/slow")
        crew.signal(signal.SIGHUP)
        assert bob.answer().body == b"slow but whole"
        alice.send(masked(b"still here"))
        assert alice.frame().payload == b"still here"
        assert closing(alice) == 4012  # once what ran has ended: she comes back, to a new one
    until(lambda: len(pids(crew)) == WORKERS and not pids(crew) & before)
    assert own(crew) not in before
    assert "Traceback" not in crew.log


def test_D_01_nobody_is_refused_while_workers_are_replaced(start: Start) -> None:
    crew = start(DRAIN="1")
    before, seen = pids(crew), set[int]()
    crew.signal(signal.SIGHUP)

    def renewed() -> bool:
        seen.add(own(crew))
        return not pids(crew) & before

    until(renewed)
    assert seen & before
    assert own(crew) not in before


def test_D_01_a_connection_that_is_kept_open_leads_to_no_worker_that_is_leaving(start: Start) -> None:
    crew = start(DRAIN="4")
    before = pids(crew)
    with ExitStack() as still_open:
        kept = [still_open.enter_context(crew.connect()) for _ in range(2 * WORKERS)]
        for alice in kept:
            assert alice.request("GET", "/pid").status == 200
            alice.socket.settimeout(0.1)
        crew.signal(signal.SIGHUP)
        until(lambda: any(alice.closed() for alice in kept), 60)
        done = crew.log.count("ending: closing sockets")
        assert done <= len(before - pids(crew)), "whoever hung up still lets answers finish"
    until(lambda: len(pids(crew)) == WORKERS and not pids(crew) & before, 60)


def test_D_01_if_the_new_one_cannot_start_the_old_ones_go_on(start: Start, tmp_path: Path) -> None:
    crew = start(BROKEN=str(tmp_path / "broken"))
    before = pids(crew)
    (tmp_path / "broken").touch()
    crew.signal(signal.SIGHUP)
    until(lambda: "the old ones go on" in crew.log)
    assert pids(crew) == before and own(crew) in before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_D_01_told_to_end_all_workers_finish_and_it_ends_with_0(crew: Process, number: signal.Signals) -> None:
    workers = pids(crew)
    with crew.connect() as alice, crew.connect() as bob:
        assert alice.handshake("/echo").status == 101
        bob.ask("GET", "/slow")
        until(lambda: any(crew.seen().get("slow") for _ in range(9)))
        crew.signal(number)
        assert bob.answer().body == b"slow but whole"
        assert closing(alice) == 4012
    assert crew.ended() == 0
    assert not any(psutil.pid_exists(pid) for pid in workers)


def test_D_01_a_service_manager_that_tells_every_process_cuts_nothing(crew: Process) -> None:
    with crew.connect() as bob:
        bob.ask("GET", "/slow")
        until(lambda: any(crew.seen().get("slow") for _ in range(9)))
        for pid in (*pids(crew), crew.process.pid):
            psutil.Process(pid).terminate()
        assert bob.answer().body == b"slow but whole"
    assert crew.ended() == 0


def test_D_02_a_second_signal_ends_all_at_once(start: Start) -> None:
    crew = start(DRAIN="15")
    workers = pids(crew)
    crew.signal()
    until(lambda: crew.log.count("nothing new is taken on") == WORKERS)
    crew.signal()
    assert crew.ended(20) == -signal.SIGTERM
    until(lambda: not any(psutil.pid_exists(pid) for pid in workers))


def test_D_02_without_their_supervisor_workers_end_in_order(crew: Process) -> None:
    workers = pids(crew)
    crew.process.kill()
    until(lambda: not any(psutil.pid_exists(pid) for pid in workers))
    assert crew.log.count("ending: done") == WORKERS
