"""HTTP against our real server: what is refused while it arrives, and how."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from .wire import Answer, Client, Process, until

Start = Callable[..., Process]

MiB = 1_048_576
FORBIDDEN = ["\x00", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\n", "\r"]
NAMES = ["Origin", "X-Forwarded-For", "X-Forwarded-Proto", "Cookie", "Authorization", "Host", "X-Any", "User-Agent"]


def pour(client: Client, piece: bytes, times: int) -> Answer:
    """Send until the server answers, as somebody does who does not look."""
    client.socket.setblocking(False)
    left = piece * 4
    for _ in range(times):
        try:
            sent = client.socket.send(left)
            left = left[sent:] + left[:sent]
        except BlockingIOError:
            time.sleep(0.001)
        except ConnectionError:
            break
        try:
            client._read()
            break
        except BlockingIOError:
            pass
    client.socket.settimeout(20)
    return client.answer()


def test_S_50_a_body_without_a_length_is_refused_while_it_arrives(shared: Process) -> None:
    before = shared.rss
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    with shared.connect() as charlie:
        charlie.send(b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        answer = pour(charlie, chunk, 16_384)
        assert (answer.status, answer.header("connection"), answer.header("x-ours")) == (413, "close", "1")
        assert charlie.closed()
    assert shared.rss - before < 30
    assert shared.seen().get("body", 0) == 0


def test_S_50_a_length_that_is_too_large_is_refused_before_a_byte_of_the_body(shared: Process) -> None:
    for length in (str(MiB + 1), str(2**63), "9" * 5000, "0" * 19 + "1"):
        with shared.connect() as charlie:
            charlie.send(
                f"POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n".encode()
            )
            assert charlie.answer().status == 413
            assert charlie.closed()


def test_a_body_up_to_the_limit_arrives_whole(shared: Process) -> None:
    with shared.connect() as alice:
        for size in (0, 1, 65_535, 65_536, 65_537, MiB):
            answer = alice.request("POST", "/body", f"Content-Length: {size}", body=bytes(size))
            assert (answer.status, answer.body) == (200, str(size).encode())
        chunks = b"".join(b"%x\r\n%s\r\n" % (size, bytes(size)) for size in (1, 60_000, 60_000)) + b"0\r\n\r\n"
        assert alice.request("POST", "/body", "Transfer-Encoding: chunked", body=chunks).body == b"120001"


def test_the_limit_of_a_body_is_a_setting(start: Start) -> None:
    server = start(body=2 * MiB)
    with server.connect() as alice:
        assert alice.request("POST", "/body", f"Content-Length: {2 * MiB}", body=bytes(2 * MiB)).status == 200
        assert alice.request("POST", "/body", f"Content-Length: {2 * MiB + 1}").status == 413


def test_a_body_for_which_the_disk_has_no_room_is_refused_with_503(start: Start) -> None:
    server = start(env={"FILE_LIMIT": "100000"})
    with server.connect() as alice:
        assert alice.request("POST", "/body", "Content-Length: 500000", body=bytes(500_000)).status == 503
        assert server.get("/").status == 200


@pytest.mark.parametrize("header", ["X-Same: 1", "Cookie: a=b", "Content-Length: 0"])
def test_S_50_ten_thousand_equal_headers_cost_nothing(shared: Process, header: str) -> None:
    cpu = shared.cpu
    with shared.connect() as charlie:
        charlie.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + f"{header}\r\n".encode() * 10_000)
        assert charlie.answer().status in (400, 431)
    assert shared.cpu - cpu < 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 17_000 + b" HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 17_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nX-Folded: a\r\n" + b" b\r\n" * 20_000,
        b"GET / HTTP/1.1\r\n" + b"X-A: " + b"x" * 1000 + b"\r\n" + (b"X-B: " + b"x" * 1000 + b"\r\n") * 20,
        b"G" * 100_000,
    ],
    ids=["address", "one header", "folded header", "all headers", "no line at all"],
)
def test_a_head_above_its_limit_is_refused_with_431(shared: Process, head: bytes) -> None:
    with shared.connect() as charlie:
        charlie.send(head)
        assert charlie.answer().status == 431


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("byte", FORBIDDEN, ids=[f"{ord(byte):02x}" for byte in FORBIDDEN])
def test_S_17_a_control_byte_in_a_header_is_refused_with_400(shared: Process, name: str, byte: str) -> None:
    line = f"{name}: a{byte}X-Forged: 1\r\n".encode("latin-1")
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    upgrade += f"Sec-WebSocket-Key: {'A' * 22}==\r\n"
    before = shared.seen()
    for path, more in (("/headers", ""), ("/echo", upgrade)):
        with shared.connect() as charlie:
            host = "" if name == "Host" else "Host: x\r\n"
            charlie.send(f"GET {path} HTTP/1.1\r\n{host}{more}".encode() + line + b"\r\n")
            assert charlie.answer().status == 400
    after = shared.seen()
    assert [after.get(key, 0) - before.get(key, 0) for key in ("headers", "echo")] == [0, 0]


@pytest.mark.parametrize(
    "request_",
    [
        b"GET\r\n\r\n",
        b"\xff\xfe / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GÉT / HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        "GET /ä HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        "GET /?ä HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX Y: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx",
        "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: ä\r\n\r\n".encode(),
    ],
)
def test_nonsense_is_refused_with_400(shared: Process, request_: bytes) -> None:
    with shared.connect() as charlie:
        charlie.send(request_)
        answer = charlie.answer()
        assert (answer.status, answer.header("x-ours"), answer.header("server")) == (400, "1", None)
    assert "Traceback" not in shared.log


def test_charlie_cannot_choose_the_root_of_our_addresses(shared: Process) -> None:
    answer = shared.get("/headers", "Daphne-Root-Path: /evil", "X_Forwarded_For: 1.2.3.4")
    seen = json.loads(answer.body)
    assert seen["root_path"] == ""
    assert not [name for name, _ in seen["headers"] if "root" in name or "_" in name]


def test_a_head_that_does_not_come_is_ended_with_408(start: Start) -> None:
    server = start(head_seconds=1)
    with server.connect() as charlie, server.connect() as silent:
        charlie.send(b"GET / HTTP/1.1\r\nX-Slow: ")
        charlie.socket.settimeout(0.1)
        while True:
            try:
                status = charlie.answer().status
                break
            except TimeoutError:
                charlie.send(b"x")
        assert status == silent.answer().status == 408


def test_a_body_that_does_not_come_is_ended_with_408(start: Start) -> None:
    server = start(body_seconds=1)
    with server.connect() as charlie:
        assert charlie.request("POST", "/body", "Content-Length: 10", body=b"x").status == 408


def test_what_stumbles_once_looks_after_the_others_still(start: Start) -> None:
    server = start(head_seconds=1, env={"STRANGER": "1"})
    until(lambda: server.seen().keys() >= {"stumbled check_timeouts", "stumbled done"})
    with server.connect() as charlie:
        assert charlie.answer().status == 408
    assert server.get("/broken").status == 500


def test_it_runs_on_uvloop(shared: Process) -> None:
    assert shared.get("/loop").body == b"uvloop"


def test_several_requests_share_a_connection(shared: Process) -> None:
    with shared.connect() as alice:
        alice.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        assert [alice.answer().body for _ in range(3)] == [b"hello"] * 3
        assert alice.request("GET", "/", "Connection: close").body == b"hello"
        assert alice.closed()


def test_a_long_answer_waits_for_alice_to_read(shared: Process) -> None:
    before = shared.rss
    with shared.connect(receive_buffer=65_536) as alice:
        alice.ask("GET", "/stream")
        time.sleep(0.7)
        assert shared.seen()["pieces"] < 200
        assert shared.rss - before < 30
        assert len(alice.answer().body) == 16 * MiB


def test_bob_who_takes_nothing_of_his_answer_is_hung_up_on(start: Start) -> None:
    server = start(stalled_seconds=1)
    with server.connect(receive_buffer=65_536) as bob:
        bob.ask("GET", "/stream")
        time.sleep(9)
        assert "hung" not in server.seen()
        with pytest.raises(ConnectionError):
            bob.answer()


def test_a_fault_of_the_application_is_500_with_our_headers(shared: Process) -> None:
    answer = shared.get("/broken")
    assert (answer.status, answer.header("x-ours")) == (500, "1")
    assert b"purpose" not in answer.body


def test_a_fault_in_the_middle_of_an_answer_cuts_it(shared: Process) -> None:
    with pytest.raises(ConnectionError):
        shared.get("/cut")


def test_S_16_two_origins_in_a_handshake_are_refused_with_403(shared: Process) -> None:
    before = shared.seen().get("echo", 0)
    with shared.connect() as charlie:
        assert charlie.handshake("/echo", f"Origin: http://localhost:{shared.port}").status == 403
    assert shared.seen().get("echo", 0) == before


@pytest.mark.parametrize("origin", ["nonsense", "http://a:b:c", "://", "http://localhost:port"])
def test_S_16_an_origin_that_cannot_be_read_is_refused_with_403(shared: Process, origin: str) -> None:
    with shared.connect() as charlie:
        assert charlie.handshake("/echo", origin=origin).status == 403
