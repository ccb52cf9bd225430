"""The decoder against the cases of other readers, each in every cut and with every line end."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from streaming.errors import UpstreamError
from streaming.sse import Decoder, ServerSentEvent, comment, encode

from .wires import cuts, decoded, spelled

BOM = b"\xef\xbb\xbf"


@dataclass
class Case:
    """Bytes, and the events of the standard: (name, data), or data alone if it has no name."""

    wire: bytes
    events: list[str | tuple[str, str]] = field(default_factory=list)
    ids: list[str] | None = None
    retry: int | None = None


EXAMPLE_2 = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
WPT_3 = b"data:1\r:\0\n:\r\ndata:2\n:" + b"x" * 2048 + b"\rdata:3\n:data:fail\r:" + b"x" * 2048 + b"\ndata:4\n\n"
WPT_8 = b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n"
NUL_IDS = b"".join(b"id: %s\ndata:x\n\n" % id for id in (b"\0a", b"a\0", b"a\0b", b"\0\0", b" \0"))
JSON_5 = b'data: {\ndata: "a":\ndata:\ndata: 1\ndata: }\n\n\n\n'

STANDARD = {
    "W_01": Case(BOM + b"data:1\n\n" + BOM + b"data:2\n\ndata:3\n\n", ["1", "3"]),
    "W_02": Case(BOM + BOM + b"data:1\n\ndata:2\n\ndata:3\n\n", ["2", "3"]),
    "W_03": Case(WPT_3, ["1\n2\n3\n4"]),
    "W_04": Case(b"retry:1000\ndata:test1\n\nid:test\ndata:test2", ["test1"], [""], 1000),
    "W_05": Case(b"data:\n\ndata\ndata\n\ndata:test\n\n", ["", "\n", "test"]),
    "W_06": Case(b"event:test\ndata:x\n\ndata:x\n\n", [("test", "x"), "x"]),
    "W_07": Case(b"event: \ndata:data\n\n", ["data"]),
    "W_08": Case(WPT_8, ["\0\n 2\n1\n3\n\n4"]),
    "W_09": Case(
        b"data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n", ["test\n\ntest"]
    ),
    "W_10": Case(b"data:\ttest\rdata: \ndata:test\n\n", ["\ttest\n\ntest"]),
    "W_11": Case(b"data:test\r\ndata\ndata:test\r\n\r\n", ["test\n\ntest"]),
    "W_12": Case(b"data:\0\n\n", ["\0"]),
    "W_13": Case("data:ok…\n\n".encode(), ["ok…"]),
    "W_14": Case(b"retry:03000\ndata:x\n\n", ["x"], retry=3000),
    "W_15": Case(b"retry:3000\nretry:1000x\ndata:x\n\n", ["x"], retry=3000),
    "W_16": Case(b"retry\ndata:test\n\n", ["test"]),
    "W_17": Case(b"id: 1\ndata:1\n\ndata:2\n\nid: 2\ndata:3\n\ndata:4\n\n", ["1", "2", "3", "4"], ["1", "1", "2", "2"]),
    "W_18": Case(b"id: 1\ndata:1\n\nid:\ndata:2\n\ndata:3\n\n", ["1", "2", "3"], ["1", "", ""]),
    "W_18 bare": Case(b"id: 1\ndata:1\n\nid\ndata:2\n\ndata:3\n\n", ["1", "2", "3"], ["1", "", ""]),
    "W_19": Case(NUL_IDS, ["x"] * 5, [""] * 5),
    "W_20": Case(b"data:msg\ndata:msg\n\ndata:\n\ndata:end\n\n", ["msg\nmsg", "", "end"]),
    "H_01": Case(b"data: YHOO\ndata: +2\ndata: 10\n\n", ["YHOO\n+2\n10"]),
    "H_02": Case(EXAMPLE_2, ["first event", "second event", " third event"], ["1", "", ""]),
    "H_03": Case(b"data\n\ndata\ndata\n\ndata:", ["", "\n"]),
    "H_04": Case(b"data:test\n\ndata: test\n\n", ["test", "test"]),
    "H_05": Case(b"event: logout\ndata: x\n\n", [("logout", "x")]),
    "H_06": Case(b"id: a\0b\ndata: x\n\n", ["x"], [""]),
    "H_07": Case(b"retry: 10000\n\n", retry=10000),
    "H_08": Case(b"retry: 1667a\n\n"),
    "H_09": Case(b"something: else\n\n"),
    "H_10": Case('data: {"a":"\u2028"}\n\n'.encode(), ['{"a":"\u2028"}']),
    "H_11": Case("data:a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\n\n".encode(), ["a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"]),
    "H_11 mixed": Case(b"data:a\r\ndata:b\rdata:c\ndata:d\n\r\r\n\n\r", ["a\nb\nc\nd"]),
    "H_11 nothing": Case(b""),
    "H_11 only line ends": Case(b"\n\r\n\r\r\n"),
    "H_12": Case(b"data:a\r\ndata:b\r\r\n\n\n\r\rdata:c\r\n\r\ndata:d", ["a\nb", "c"]),
    "O_01": Case(b'event: completion\ndata: {"foo":true}\n\n', [("completion", '{"foo":true}')]),
    "O_02": Case(b'data: {"foo":true}\n\n', ['{"foo":true}']),
    "O_03": Case(b"event: ping\n\n"),
    "O_04": Case(
        b"event: ping\n\nevent: completion\n\nevent: a\ndata: 1\n\nevent: b\ndata: 2\n\n", [("a", "1"), ("b", "2")]
    ),
    "O_05": Case(JSON_5, ['{\n"a":\n\n1\n}']),
    "O_06": Case(b'data: {"content":"a\\n\\nb"}\n\n', ['{"content":"a\\n\\nb"}']),
    "O_07": Case(b'data: {\ndata: "foo":\ndata: true}\n\n', ['{\n"foo":\ntrue}']),
    "O_08": Case('data: {"content":" \u2028"}\n\n'.encode(), ['{"content":" \u2028"}']),
    "O_09": Case('data: {"content":"известни"}\n\n'.encode(), ['{"content":"известни"}']),
    "O_11": Case(b"data:ok\n\n\n\n", ["ok"]),
    "O_15": Case(b"id:one\r\ndata:1\r\n\r\ndata:2\n\r\r\n\ndata:3\n", ["1", "2"], ["one", "one"]),
    "N_07": Case(b"data:1\r\r\ndata:2\n\n", ["1", "2"]),
    "N_08": Case(b"data:1\r\n\r\n", ["1"]),
    "N_09 LF": Case(b"data:1\n"),
    "N_09 CR": Case(b"data:1\r"),
    "N_09 CRLF": Case(b"data:1\r\n"),
    "N_09 CR CR": Case(b"data:1\r\r", ["1"]),
    "sse_P_01": Case(BOM + b"data: x\n\n", ["x"]),
    "sse_P_02": Case(b"data: : \n\ndata:::\n\n", [": ", "::"]),
    "sse_P_03": Case(b":" * 300 + "\n: 评论\n:комментарий ‏تعليق\n\n".encode()),
    "sse_P_04": Case(b"event:\ndata: x\n\nevent:\n\n", ["x"]),
    "sse_P_07": Case(b"data:x\r\r", ["x"]),
    "X_01 overlong": Case(b"data:\xc0\xaf\n\n", ["\ufffd\ufffd"]),
    "X_01 lone": Case(b"data:a\x80b\xffc\n\n", ["a\ufffdb\ufffdc"]),
    "X_01 half": Case(b"data:a\xe2\x80\ndata:b\n\n", ["a\ufffd\nb"]),
    "X_01 surrogates": Case(b"data:\xed\xa0\xbd\xed\xb8\x80\n\n", ["\ufffd" * 6]),
    "X_06": Case(BOM),
    "X_06 half": Case(b"\xef\xbb\n\ndata:x\n\n", ["x"]),
    "X_07": Case(b"\n\n\n: a\n\n: b\n\n"),
    "X_09 blank": Case(b"data : x\nDATA: y\ndata\xc2\xa0: z\n data: w\n\n"),
}
"""W: web-platform-tests. H: httpx-sse. O: openai-python. N: openai-node. P: eventsource-parser and undici. X: ours."""


@pytest.mark.parametrize("name", STANDARD)
def test_the_standard_is_kept_in_every_cut(name: str) -> None:
    case = STANDARD[name]
    expected = [event if isinstance(event, tuple) else ("message", event) for event in case.events]
    for wire in spelled(case.wire):
        for cut in cuts(wire):
            events = decoded(cut)
            assert [(event.event, event.data) for event in events] == expected, cut
            assert case.ids is None or [event.id for event in events] == case.ids, cut
            assert all(event.retry == case.retry for event in events), cut


@pytest.mark.parametrize("name", ["W_04", "W_14", "W_15", "W_16", "H_07", "H_08"])
def test_the_reconnection_time_is_remembered(name: str) -> None:
    decoder = Decoder()
    decoder.feed(STANDARD[name].wire)
    decoder.close()
    assert decoder.retry == STANDARD[name].retry
    assert decoder.id == ""


@pytest.mark.parametrize("digits", [b"+5", b"-5", b"1_000", "٣".encode(), b" 5", b"", b"9" * 5000])
def test_a_reconnection_time_that_is_no_number_is_ignored(digits: bytes) -> None:
    assert decoded([b"retry:" + digits + b"\ndata:x\n\n"])[0].retry == (5 if digits == b" 5" else None)


@pytest.mark.parametrize("first", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("second", [b"\n", b"\r", b"\r\n"])
def test_N_06_an_event_appears_with_its_last_byte_and_not_later(first: bytes, second: bytes) -> None:
    decoder = Decoder()
    wire = b"data:a" + first + b"data:b" + second + second
    last = wire.rstrip(b"\n") if second == b"\r\n" else wire
    if first + second != b"\r\n":
        assert [len(decoder.feed(bytes([byte]))) for byte in last] == [0] * (len(last) - 1) + [1]


def test_O_10_lines_without_an_end_of_event_give_none_and_leave_nothing() -> None:
    wire = b": a\ndata: b\nc: d\n" * 2_000
    for size in (1, 97, 100_000):
        decoder = Decoder()
        assert not [event for start in range(0, len(wire), size) for event in decoder.feed(wire[start : start + size])]
        pending = decoder.close()
        assert pending is not None
        assert pending.data == "\n".join("b" * 2_000)
        assert decoder.close() is None


def test_O_12_two_thousand_events_in_one_piece() -> None:
    assert len(decoded([b"data: x\n\n" * 2_000])) == 2_000


def test_what_is_forgotten_stays_forgotten() -> None:
    decoder = Decoder()
    decoder.feed(b"event: a\ndata: b\n")
    decoder.close()
    assert decoder.feed(b"\ndata: c\n\n") == [ServerSentEvent("message", "c")]


def test_X_04_comments_after_an_id_are_no_events() -> None:
    assert len(decoded([b"id: 1\ndata: x\n\n" + b": keep-alive\n\n" * 300])) == 1


@pytest.mark.parametrize("unfinished", ["data: [DONE]", "data: [DONE]\n", "data: [DO\ndata: NE]", "data: {"])
def test_X_05_the_event_that_a_body_left_open_is_handed_over(unfinished: str) -> None:
    for cut in cuts(b"data: x\n\nevent: y\n" + unfinished.encode()):
        decoder = Decoder()
        assert len([event for piece in cut for event in decoder.feed(piece)]) == 1
        data = unfinished.replace("data: ", "").rstrip("\n")
        assert decoder.close() == ServerSentEvent("y", data)


def test_a_body_that_left_nothing_open_says_so() -> None:
    for wire in (b"", b"data: x\n\n", b"data: x\n\n: y", b"event: y\nid: 3", BOM, b"\xef\xbb"):
        decoder = Decoder()
        decoder.feed(wire)
        assert decoder.close() is None


def test_a_field_named_error_is_handed_over_as_one() -> None:
    wire = b'data: a\nerror: {"code":400}\n\nerror: x\nevent: y\n\nerrors: z\n\ndata: b\n\nerror: open'
    expected = [
        ServerSentEvent("message", "a"),
        ServerSentEvent("error", '{"code":400}', field="error"),
        ServerSentEvent("error", "x", field="error"),
        ServerSentEvent("message", "b"),
    ]
    for spelling in spelled(wire):
        for cut in cuts(spelling):
            decoder = Decoder()
            assert [event for piece in cut for event in decoder.feed(piece)] == expected
            assert decoder.close() == ServerSentEvent("error", "open", field="error")


LIMIT = 100
TOO_LARGE = {
    "sse_P_05 line": b"data:" + b"x" * 96,
    "sse_P_05 event": b"data:" + b"x" * 50 + b"\ndata:" + b"x" * 50,
    "sse_P_05 empty lines": b"data\n" * 102,
    "O_13 comment": b":" + b"x" * 100,
    "O_13 unknown": b"unknown:" + b"x" * 100,
    "O_13 first": BOM + b"data:" + b"x" * 93,
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_refused_after_what_was_good(name: str) -> None:
    good = b"" if "first" in name else b"data: good\n\n"
    for wire in (good + TOO_LARGE[name] + b"\n\ndata: more\n\n", good + TOO_LARGE[name]):
        for cut in cuts(wire):
            decoder = Decoder(LIMIT)
            events: list[ServerSentEvent] = []
            with pytest.raises(UpstreamError) as caught:
                for piece in cut:
                    events += decoder.feed(piece)
                decoder.close()
            assert caught.value.reason == "event_too_large"
            assert [event.data for event in events] == ["good"] * bool(good)
            with pytest.raises(UpstreamError):
                decoder.feed(b"data: never again\n\n")


FITS = {
    "sse_P_05 line": b"data:" + b"x" * 95,
    "sse_P_05 event": b"data:" + b"x" * 50 + b"\ndata:" + b"x" * 49,
    "O_13 comment": b":" + b"x" * 99,
    "O_13 first": BOM + b"data:" + b"x" * 92,
}


@pytest.mark.parametrize("name", FITS)
def test_what_just_fits_is_read_however_often_it_comes(name: str) -> None:
    wire = FITS[name] + b"\n\n" + FITS[name].removeprefix(BOM) + b"\n\ndata: x\n\n"
    for cut in cuts(wire):
        decoder = Decoder(LIMIT)
        assert [event for piece in cut for event in decoder.feed(piece)][-1].data == "x"


@pytest.mark.parametrize("text", ["", "a", "a\nb", "a\r\nb\rc", "  a ", "\u2028\x85\x0b", ": x", "😀"])
def test_what_is_encoded_is_decoded(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert decoded([encode(text)]) == [ServerSentEvent("message", lines)]
    assert decoded([encode(text, "ping")]) == [ServerSentEvent("ping", lines)]
    assert decoded([comment(text)]) == []
    assert encode(text).endswith(b"\n\n") and comment(text).endswith(b"\n\n")
