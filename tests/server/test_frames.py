"""WebSockets against our real server: back-pressure, limits, and what both sides see at the end."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from .wire import Process, masked

Start = Callable[..., Process]


def test_F1_sending_waits_while_alice_does_not_read(server: Process) -> None:
    before = server.rss
    with server.connect(receive_buffer=65_536) as alice:
        assert alice.handshake("/flood").status == 101
        time.sleep(1)
        sent = server.seen()["sent"]
        assert sent < 16_384 / 4
        assert server.rss - before < 40
        time.sleep(0.5)
        assert server.seen()["sent"] == sent
        numbers = [int(alice.frame().payload[:6]) for _ in range(sent + 200)]
    assert numbers == list(range(sent + 200))


def test_F1_write_frame_waits_too(server: Process) -> None:
    before = server.rss
    with server.connect(receive_buffer=65_536) as alice:
        assert alice.handshake("/frames").status == 101
        time.sleep(1)
        sent = server.seen()["sent"]
        assert sent < 16_384 / 4
        assert server.rss - before < 40
        assert [int(alice.frame().payload[:6]) for _ in range(sent + 200)] == list(range(sent + 200))


def test_F2_alice_who_takes_nothing_is_hung_up_on_though_she_pings(start: Start) -> None:
    server = start(stalled_seconds=1)
    with server.connect(receive_buffer=65_536) as alice, pytest.raises(ConnectionError):
        assert alice.handshake("/flood").status == 101
        for _ in range(60):
            alice.send(masked(b"", 9))
            time.sleep(0.3)


def test_F3_reading_waits_while_the_consumer_is_busy(server: Process) -> None:
    before = server.rss
    with server.connect(seconds=60) as alice:
        assert alice.handshake("/busy").status == 101
        alice.socket.settimeout(0.7)
        piece = masked(b"x" * 60_000)
        sent = 0
        try:
            while sent < 300 * len(piece):
                offset = sent % len(piece)
                sent += alice.socket.send(piece[offset:])
        except TimeoutError:
            pass
        assert sent < 300 * len(piece)  # the kernel's buffers are full, and the server does not read
        assert server.rss - before < 40
        alice.socket.settimeout(60)
        while sent < 300 * len(piece):
            offset = sent % len(piece)
            sent += alice.socket.send(piece[offset:])
        assert alice.frame().payload == b"300"


def test_F3_a_frame_above_64_KiB_closes_with_1009(server: Process) -> None:
    before = server.rss
    with server.connect() as alice:
        assert alice.handshake("/busy").status == 101
        alice.send(masked(bytes(1_048_576)) * 8)
        assert alice.close_code() == 1009
    assert server.rss - before < 30
    assert "Traceback" not in server.log


def test_F4_a_flood_of_pings_closes_with_4429(server: Process) -> None:
    before, cpu = server.rss, server.cpu
    with server.connect() as alice:
        assert alice.handshake("/echo").status == 101
        pings = masked(b"x" * 120, 9) * 1000
        try:
            for _ in range(1000):
                alice.send(pings)
        except (ConnectionError, TimeoutError):
            pass
        assert server.rss - before < 30
        assert alice.close_code() in (4429, 1006)
    assert server.cpu - cpu < 10


def test_F4_pings_are_counted_apart(shared: Process) -> None:
    with shared.connect() as charlie:
        assert charlie.handshake("/echo").status == 101
        charlie.send(masked(b"x", 10) * 100)
        assert charlie.close_code() == 4429


def test_F4_bobs_client_may_ping_now_and_then(shared: Process) -> None:
    with shared.connect() as bob:
        assert bob.handshake("/echo").status == 101
        for number in range(10):
            bob.send(masked(b"%d" % number, 9))
            assert bob.frame() == (10, b"%d" % number)
        bob.send(masked(b"", 9))
        assert bob.frame() == (10, b"")
        bob.send(masked(b"still here"))
        assert bob.frame() == (1, b"still here")


def test_F17_no_compression_is_negotiated(shared: Process) -> None:
    with shared.connect() as alice:
        answer = alice.handshake("/echo", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        assert (answer.status, answer.header("sec-websocket-extensions")) == (101, None)


def test_F17_the_limit_of_a_message_holds_across_its_fragments(server: Process) -> None:
    with server.connect() as alice:
        assert alice.handshake("/echo").status == 101
        alice.send(masked(b"x" * 40_000, fin=False) + masked(b"y" * 40_000, 0))
        assert alice.close_code() == 1009
    assert server.seen().get("frames", 0) == 0


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (masked(b"x" * 65_537), 1009),
        (masked(b"x" * 10_485_760), 1009),
        (masked(b"", fin=False) + masked(b"", 0, fin=False) * 20_000, 4429),
        (masked(b"x", fin=False) + masked(b"x", 0, fin=False) * 20_000, 4429),
        (masked(b"x") * 20_000, 4429),
        (masked(b"\xff\xfe"), 1007),
        (masked(b"x", 3), 1002),
        (b"\x81\x01x", 1002),
        (masked(b"x", 0), 1002),
        (masked(b"x" * 126, 9), 1002),
        (masked(b"x", 8), 1002),
    ],
    ids=[
        "65 KiB frame", "10 MiB frame", "endless empty fragments", "endless fragments", "20,000 small frames",
        "not UTF-8", "unknown opcode", "not masked", "nothing to continue", "long ping", "short close",
    ],
)  # fmt: skip
def test_S_49_charlies_frames_close_his_socket_only(shared: Process, what: bytes, code: int) -> None:
    with shared.connect() as alice, shared.connect() as charlie:
        assert alice.handshake("/echo").status == charlie.handshake("/echo").status == 101
        before = shared.rss
        charlie.send(what)
        assert charlie.close_code() == code
        assert shared.rss - before < 30
        alice.send(masked(b"here"))
        assert alice.frame().payload == b"here"
    assert "Traceback" not in shared.log


def test_S_53_a_read_full_of_tiny_frames_holds_nobody_up(start: Start) -> None:
    server = start(frames=[1e9, 1e9])
    with server.connect() as bob, server.connect() as charlie:
        assert charlie.handshake("/echo").status == 101
        bob.ask("GET", "/turns")
        charlie.send(masked(b"", fin=False) + masked(b"", 0, fin=False) * 50_000)
        assert float(bob.answer().body) < 0.02


def test_a_frame_of_any_size_arrives_whole_by_both_ways(shared: Process) -> None:
    with shared.connect() as alice:
        assert alice.handshake("/large").status == 101
        for size in (1, 125, 126, 65_535, 65_536, 300_000):
            assert alice.frame() == alice.frame() == (1, b"x" * size)
        assert alice.frame().payload == b"refused"


def test_binary_and_text_are_told_apart(shared: Process) -> None:
    with shared.connect() as alice:
        assert alice.handshake("/echo").status == 101
        alice.send(masked("Grüße".encode(), fin=False) + masked(", 漢字".encode(), 0) + masked(b"\x00\xff", 2))
        assert alice.frame() == (1, "Grüße, 漢字".encode())
        assert alice.frame() == (2, b"\x00\xff")


def test_what_is_sent_to_a_closing_socket_is_dropped(server: Process) -> None:
    with server.connect() as alice:
        assert alice.handshake("/echo").status == 101
        alice.send(masked(b"bye"))
        frame = alice.frame()
        assert frame.code == 4401
        alice.send(masked(frame.payload, 8))
        assert alice.closed()
        assert server.seen()["closed 4401"] == 1
    assert "Traceback" not in server.log


def test_nothing_is_read_before_the_application_has_answered(shared: Process) -> None:
    with shared.connect() as alice:
        rest = masked(b"x" * 60_000)
        before = shared.rss
        alice.socket.settimeout(0.2)
        alice.send(
            f"GET /undecided HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n".encode()
        )
        time.sleep(0.1)
        try:
            for _ in range(1000):
                alice.socket.send(rest)
        except TimeoutError:
            pass
        assert shared.rss - before < 6
        alice.socket.settimeout(10)
        assert alice.answer().status == 101


def test_a_refused_handshake_is_403_and_has_our_headers(shared: Process) -> None:
    with shared.connect() as charlie:
        answer = charlie.handshake("/refused")
        assert (answer.status, answer.header("x-ours"), answer.header("connection")) == (403, "1", "close")
        assert charlie.closed()


def test_a_broken_handshake_repeats_nothing_of_what_was_sent(shared: Process) -> None:
    with shared.connect() as charlie:
        charlie.send(
            b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: canary\r\n\r\n"
        )
        answer = charlie.answer()
        assert answer.status == 400
        assert "canary" not in repr(answer)
