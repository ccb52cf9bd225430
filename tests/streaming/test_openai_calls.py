"""Tool calls in OpenAI's dialect: pieces that name their call by index, by id, by both or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streaming.events import ToolCall

from .chunks import DONE, HI, STOP, chunk, ended
from .wires import anonymous, heard, parsed, told

Piece = dict[str, Any]


def piece(index: Any = None, id: Any = None, name: Any = None, arguments: Any = None, **members: Any) -> Piece:
    """A piece of a call with only those members that are given."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    found = {"index": index, "id": id, "function": function, **members}
    return {key: value for key, value in found.items() if value not in (None, {})}


def called(*pieces: Piece) -> list[dict[str, str]]:
    """The calls that these pieces make, each piece in a chunk of its own."""
    wire = "".join(chunk({"tool_calls": [each]}) for each in pieces) + STOP + DONE
    transcript = told(anonymous(heard(wire, "openai")))
    assert transcript.finish_reason == ("tool_calls" if transcript.tool_calls else "stop")
    return transcript.tool_calls


def call(id: str, name: str, arguments: str = "{}", **members: str) -> dict[str, str]:
    return {"id": id, "name": name, "arguments": arguments, **members}


def test_pieces_of_one_index_are_one_call() -> None:
    first, second = piece(0, "a", "f", ""), piece(1, "b", "g", "")
    pieces = [first, piece(0, arguments='{"x"'), second, piece(1, arguments="{}"), piece(0, arguments=":1}")]
    assert called(*pieces) == [call("a", "f", '{"x":1}'), call("b", "g")]


def test_pieces_of_one_chunk_are_told_apart() -> None:
    wire = chunk({"tool_calls": [piece(0, "a", "f", "{}"), piece(1, "b", "g", "{}")]}) + STOP
    assert told(heard(wire, "openai")).tool_calls == [call("a", "f"), call("b", "g")]


def test_one_index_with_two_ids_is_two_calls() -> None:
    pieces = [piece(0, "a", "f", "{"), piece(0, "b", "g", "{"), piece(0, arguments="}"), piece(0, "a", arguments="}")]
    assert called(*pieces) == [call("a", "f"), call("b", "g")]


def test_another_index_is_another_call_even_under_the_same_id() -> None:
    assert called(piece(0, "a", "f"), piece(1, "a", "g"), piece(0, "b", "h")) == [
        call("a", "f"),
        call("a", "g"),
        call("b", "h"),
    ]


def test_without_an_index_the_id_says_which_call_it_is() -> None:
    pieces = [piece(id="a", name="f", arguments="{"), piece(id="b", name="g"), piece(id="a", arguments="}")]
    assert called(*pieces) == [call("a", "f"), call("b", "g")]


def test_without_an_index_and_an_id_a_name_begins_a_call_and_its_absence_goes_on_with_the_last() -> None:
    pieces = [piece(name="f", arguments="{"), piece(arguments="}"), piece(name="g")]
    assert called(*pieces) == [call("call_", "f"), call("call_", "g")]


def test_a_piece_that_belongs_to_nothing_is_nothing() -> None:
    assert called({"type": "function"}, piece(arguments="{}")) == []


def test_id_and_name_are_the_first_ones_and_may_come_late() -> None:
    pieces = [piece(0, arguments="{"), piece(0, "", "f", ""), piece(0, "a", "other", "}"), piece(0, "a", "f", "")]
    assert called(*pieces) == [call("a", "f")]


@pytest.mark.parametrize("given", [None, "", " \n "])
def test_blank_arguments_are_an_empty_object(given: str | None) -> None:
    assert called(piece(0, "a", "f", given), piece(0, arguments=given)) == [call("a", "f")]


def test_blanks_around_arguments_stay_where_they_are() -> None:
    assert called(piece(0, "a", "f", " "), piece(0, arguments=' {"x": 1} ')) == [call("a", "f", '  {"x": 1} ')]


def test_arguments_that_come_as_an_object_become_text() -> None:
    given = {"city": "Lima", "é": ["\u2028", 1.5, None]}
    assert called(piece(0, "a", "f", given)) == [call("a", "f", '{"city":"Lima","é":["\u2028",1.5,null]}')]


def test_arguments_that_are_no_json_are_passed_on() -> None:
    assert called(piece(0, "a", "f", "{oops")) == [call("a", "f", "{oops")]


def test_X_02_X_03_arguments_are_repaired_like_all_text() -> None:
    pieces = [
        piece(0, "a\0", "f\ud83d", '{"x":"\ud83d'),
        piece(0, arguments='\ude00\0"}'),
        piece(1, "b", "g", "\ud83d"),
    ]
    assert called(*pieces) == [call("a�", "f�", '{"x":"😀�"}'), call("b", "g", "�")]


def test_members_that_we_do_not_know_are_kept_to_be_sent_back() -> None:
    signature = {"google": {"thought_signature": "c2ln"}}
    [made] = called(piece(id="a", name="f", arguments="{}", extra_content=signature, other=None))
    assert json.loads(made["extra"]) == {"extra_content": signature}


def test_members_may_come_late_and_are_said_once() -> None:
    events = heard(
        "".join(
            chunk({"tool_calls": [each]})
            for each in (piece(0, "a", "f"), piece(0, x="1"), piece(0, x="2", arguments="{}"), piece(0))
        )
        + STOP,
        "openai",
    )
    assert events[1:-1] == [ToolCall(0, "a", "f"), ToolCall(0, arguments="{}"), ToolCall(0, extra='{"x":"1"}')]


def test_the_function_call_of_old_is_one_call_without_an_id() -> None:
    pieces = [{"name": "f", "arguments": ""}, {"arguments": "{"}, {"name": "", "arguments": "}"}, 3]
    wire = "".join(chunk({"function_call": each}) for each in pieces) + chunk({}, "function_call")
    transcript = told(anonymous(heard(wire, "openai")))
    assert transcript.tool_calls == [call("call_", "f")]
    assert transcript.finish_reason == "tool_calls"


def test_A_03_half_a_call_is_dropped_when_the_answer_breaks() -> None:
    transcript = told(heard(HI + chunk({"tool_calls": [piece(0, "a", "f", "{")]}), "openai"))
    assert transcript.tool_calls == []
    assert transcript.state == "interrupted"


def test_a_refusal_beats_a_call_and_another_reason_beats_both() -> None:
    made = chunk({"tool_calls": [piece(0, "a", "f")]})
    assert getattr(ended(made + chunk({"refusal": "No."}) + STOP), "reason", "") == "refusal"
    assert getattr(ended(made + chunk({}, "length")), "reason", "") == "length"


def test_very_many_small_pieces_are_no_more_work_than_one() -> None:
    blanks = [piece(0, arguments=" ")] * 2_000
    wire = "".join(chunk({"tool_calls": [each]}) for each in [piece(0, "a", "f"), *blanks, piece(0, arguments="{}")])
    events = parsed([wire.encode()], "openai")
    assert sum(isinstance(event, ToolCall) for event in events) == 2
