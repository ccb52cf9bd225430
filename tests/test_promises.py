"""docs/promises.md says what is proved and by which test; it must say so at every commit."""

from __future__ import annotations

from docs import promises

NAMES = [row["name"] for row in promises.LINE.finditer(promises.PAGE.read_text())]


def test_the_page_names_the_tests_that_prove_each_promise_and_every_row_that_a_test_names() -> None:
    page, proofs = promises.PAGE.read_text(), promises.proofs()
    assert promises.written(page, proofs) == page, "run: python3 docs/promises.py"
    assert set(proofs) <= set(NAMES)


def test_each_promise_stands_on_the_page_once() -> None:
    assert len(NAMES) == len(set(NAMES))


def test_a_row_is_read_from_a_name() -> None:
    read = promises.rows_in
    assert list(read("test_I_7_alice_reloads", parser=False)) == ["I-7"]
    assert list(read("test_U_17_and_U_18_the_text_is_kept", parser=False)) == ["U-17", "U-18"]
    assert list(read("test_F1_daphne_does_not_wait", parser=False)) == ["F1"]
    assert list(read("test_P_01_alice_signs_out", parser=False)) == ["P-01"]
    assert list(read("test_sse_P_01_the_mark", parser=False)) == list(read("P-01", parser=True)) == ["sse_P_01"]
    assert not list(read("UTF-8, GPT-4, P-256, test_a_1 and plain words", parser=False))
