"""How a server ends: in order, in time, and at once when told so twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from .wire import Client, Process, masked, until

Start = Callable[..., Process]
BOTH = [signal.SIGTERM, signal.SIGINT]


def closing(client: Client) -> int:
    """The close code that the server sends; answers it, as a browser does."""
    frame = client.frame()
    client.send(masked(frame.payload, 8))
    return frame.code


@pytest.mark.parametrize("number", BOTH)
def test_D_01_an_idle_server_ends_well_under_five_seconds_with_0(server: Process, number: signal.Signals) -> None:
    assert server.get("/").status == 200
    server.signal(number)
    assert server.ended(20) == 0
    assert "Traceback" not in server.log


def test_D_01_who_has_just_connected_is_still_answered(server: Process) -> None:
    with server.connect() as alice:
        assert server.get("/").status == 200  # what came after her has been taken, and so has she
        server.signal()
        until(lambda: "closing sockets" in server.log)
        time.sleep(0.1)
        assert alice.request("GET", "/").status == 200
        assert server.ended(20) == 0


def test_D_01_and_F7_sockets_are_closed_with_4012(server: Process) -> None:
    with server.connect() as alice, server.connect() as bob, server.connect() as charlie:
        assert alice.handshake("/echo").status == bob.handshake("/busy").status == 101
        assert charlie.handshake("/refused").status == 403
        server.signal()
        assert closing(alice) == 4012  # the application's own way
        assert closing(bob) == 4012  # and the server's, for a consumer that looks away
        assert server.ended() == 0
    assert "Traceback" not in server.log


def test_D_01_even_in_the_second_after_a_handshake(server: Process) -> None:
    for _ in range(3):
        server.get("/")
    with server.connect() as alice:
        assert alice.handshake("/echo").status == 101
        server.signal()
        assert closing(alice) == 4012
        assert server.ended() == 0
    assert "KeyError" not in server.log


def test_D_01_answers_that_are_being_written_are_finished(server: Process) -> None:
    with server.connect() as alice:
        alice.ask("GET", "/slow")
        until(lambda: server.seen().get("slow") == 1)
        server.signal()
        assert alice.answer().body == b"slow but whole"
    assert server.ended() == 0


def test_D_01_an_answer_that_alice_reads_slowly_arrives_whole(server: Process) -> None:
    with server.connect(receive_buffer=65_536) as alice:
        alice.ask("GET", "/stream")
        until(lambda: server.seen().get("pieces", 0) > 10)
        server.signal()
        assert len(alice.answer().body) == 256 * 65_536
    assert server.ended() == 0


def test_D_01_what_runs_may_finish_and_alice_may_watch_it(start: Start) -> None:
    server = start(env={"DRAIN": "1"})
    with server.connect() as alice:
        assert alice.handshake("/echo").status == 101
        server.signal()
        until(lambda: server.seen().get("draining") == 1)
        alice.send(masked(b"still here"))
        assert alice.frame().payload == b"still here"
        assert "Stopping" in server.log
        assert closing(alice) == 4012
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        assert server.ended() == 0


def test_D_01_a_hook_that_fails_does_not_keep_the_server_from_its_end(start: Start) -> None:
    server = start(env={"DRAIN_FAULT": "1"})
    with server.connect() as alice:
        assert alice.handshake("/echo").status == 101
        server.signal()
        assert closing(alice) == 4012
        assert server.ended() == 0


def test_D_01_nor_do_those_who_never_answer_or_never_read(server: Process) -> None:
    with server.connect() as alice, server.connect(receive_buffer=65_536) as bob, server.connect() as charlie:
        assert alice.handshake("/echo").status == bob.handshake("/flood").status == 101
        charlie.ask("GET", "/hang")
        until(lambda: server.seen().get("hang") == 1)
        server.signal()
        assert server.ended(20) == 0
        assert alice.close_code() == 4012


def test_D_01_nor_does_a_connection_that_broke_behind_its_last_bytes(server: Process) -> None:
    """An event loop may report the break with those bytes, and only once."""
    with server.connect() as alice, server.connect() as bob:
        assert alice.handshake("/echo").status == 101
        with server.stopped():
            alice.send(masked(b"my last words"))
            alice.reset()
            bob.send(b"GET / HTTP/1.1\r\nHo")
            bob.reset()
        until(lambda: server.seen().get("closed 1006") == 1)
        assert server.seen().get("frames") == 1
        until(lambda: server.open_connections() == 0)
        server.signal()
        assert server.ended() == 0
    assert "Traceback" not in server.log


def test_D_01_nor_does_a_request_that_will_not_be_cancelled(server: Process) -> None:
    with server.connect() as alice:
        alice.ask("GET", "/stubborn")
        until(lambda: server.seen().get("stubborn") == 1)
        server.signal()
        assert server.ended(60) == 0


def test_a_signal_that_comes_as_soon_as_it_listens_is_not_lost(start: Start) -> None:
    server = start(env={"AT_ONCE": "1"})
    assert server.ended(20) == 0


@pytest.mark.parametrize("number", BOTH)
def test_D_02_a_second_signal_ends_it_at_once(start: Start, number: signal.Signals) -> None:
    server = start(env={"DRAIN": "15"})
    server.signal(number)
    until(lambda: server.seen().get("draining") == 1)
    server.signal(number)
    assert server.ended(20) == -number
