"""Decides mechanically whether the promises were held, from the evidence alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from .evidence import FINAL, Act, Evidence, Row, Seen
from .oracle import ASKED, WORD, Call, text_of

CONVERGED = 5.0
"""Seconds within which whoever is there must see an end (I-8)."""
SETTLED = 60.0
"""Seconds within which a run that lost its process is final (I-9)."""


@dataclass
class Verdict:
    """What the check found, and the numbers for the table."""

    breaches: list[str] = field(default_factory=list)
    runs: int = 0
    accounted: int = 0
    states: Counter[str] = field(default_factory=Counter)
    shown: int = 0
    stored: int = 0
    lost: int = 0
    last_second: int = 0
    doubled: int = 0
    disordered: int = 0
    worst: float = 0.0


def check(evidence: Evidence) -> Verdict:
    """Everything."""
    return _Check(evidence).verdict


class _Check:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.converged = CONVERGED * evidence.grace
        self.verdict = Verdict(list(evidence.breaches))
        self.rows = {row.run: row for row in evidence.rows}
        self.seen: dict[str, list[Seen]] = defaultdict(list)
        for seen in evidence.seen:
            self.seen[seen.run].append(seen)
        self.calls = {(call.script.key, call.attempt): call for call in evidence.calls}
        self.keys = {one.run: one.key for one in evidence.accepted}
        self._accepting()
        for row in evidence.rows:
            self._run(row)
        self._fresh()
        if any(code != 0 for code in evidence.exits):
            self._breach("D-01", f"SIGTERM ended with {evidence.exits}")
        if evidence.open_calls:
            self._breach("U-45", f"{evidence.open_calls} calls of the model's server were left open")

    def _breach(self, name: str, what: str) -> None:
        self.verdict.breaches.append(f"{name}: {what}")

    def _accepting(self) -> None:
        """I-1, I-2: what was accepted is there, once, and everybody who sent it heard the same."""
        names = defaultdict(set)
        for one in self.evidence.accepted:
            names[one.person, one.client_id].add((one.message, one.reply, one.run))
            if one.run not in self.rows:
                self._breach("I-1", f"{one.key} was accepted, and its run {one.run} is not there")
        for (person, client_id), answers in names.items():
            if len(answers) > 1:
                self._breach("I-2", f"{person} got {len(answers)} answers for {client_id}")
        twins = Counter(row.client_id for row in self.evidence.rows if row.client_id)
        for client_id, count in twins.items():
            if count > 1:
                self._breach("I-2", f"{count} runs for the client id {client_id}")

    def _run(self, row: Row) -> None:
        """One run, whether anybody looked at it or not."""
        verdict = self.verdict
        verdict.runs += 1
        verdict.states[row.run_state] += 1
        verdict.stored += len(row.text)
        if row.run_state not in FINAL or (row.reply and row.state != row.run_state):
            self._breach("I-9", f"run {row.run} is {row.run_state}, its reply {row.state or 'gone'}")
            return
        verdict.accounted += 1
        self._time(row)
        key = self.keys.get(row.run) or self._key(row)
        self._words(row.text, f"stored of {row.run}", key)
        if row.reply:
            self._truth(row)
        for viewer, steps in _by_viewer(self.seen.get(row.run, ())).items():
            self._viewer(row, viewer, steps, key)
        verdict.shown += max((len(text) for _, text in self._texts(row.run)), default=0)

    def _key(self, row: Row) -> str:
        found = ASKED.search(row.asked)
        return found["key"] if found else ""

    def _words(self, text: str, where: str, key: str) -> None:
        """I-4, I-16: numbered from 0, none missing, none twice, and all of this answer."""
        words = list(WORD.finditer(text))
        numbers = [int(word[4]) for word in words]
        names = {(f"{word[1]}.{word[2]}", word[3]) for word in words}
        if len(names) > 1 or (key and names and next(iter(names))[0] != key):
            self._breach("I-16", f"{where}: words of {sorted(names)} in an answer to {key}")
        twice = sum(count - 1 for count in Counter(numbers).values())
        back = sum(later < earlier for earlier, later in pairwise(numbers))
        if twice or back or numbers != list(range(len(numbers))):
            self.verdict.doubled += twice
            self.verdict.disordered += back
            self._breach("I-4", f"{where}: {twice} words twice, {back} out of order, of {len(numbers)}")
        elif words and not text_of(key or f"{words[0][1]}.{words[0][2]}", int(words[0][3]), 9999).startswith(text):
            self._breach("I-4", f"{where}: not what the model said: …{text[-60:]!r}")

    def _truth(self, row: Row) -> None:
        """I-10, I-13: complete is what the model ended properly, whole, and counted as it said."""
        call = self._call(row)
        if row.state == "complete":
            if call is None or not call.whole:
                self._breach("I-10", f"{row.run} is complete, and the model never said so")
            elif row.text != text_of(call.script.key, call.attempt, call.script.words):
                self._breach("I-10", f"{row.run} is complete, but not whole")
            elif row.output_tokens != call.script.words:
                self._breach("I-13", f"{row.run} counts {row.output_tokens} tokens, not {call.script.words}")
        elif row.state == "interrupted" and not row.text:
            self._breach("I-10", f"{row.run} is interrupted, and nothing was shown")

    def _call(self, row: Row) -> Call | None:
        word = WORD.search(row.text)
        return self.calls.get((f"{word[1]}.{word[2]}", int(word[3]))) if word else None

    def _viewer(self, row: Row, viewer: str, steps: list[Seen], key: str) -> None:
        """I-4 to I-8, I-11 and I-12 for what one viewer saw of one run."""
        text, state, final_at = "", "streaming", 0.0
        for step in steps:
            if state in FINAL and step.how != "gone" and (step.state, step.text) not in ((state, text), (state, "")):
                self._breach("I-11", f"{viewer} saw {row.run} change after it was {state}")
            text = step.text if step.how == "snapshot" else text + step.text
            state = step.state
            final_at = final_at or (step.at if state in FINAL or state == "gone" else 0.0)
            self._kept(row, viewer, step.at, text, key)
        if not row.reply or row.deleted:
            return
        if state not in FINAL or (state, text) != (row.state, row.text):
            self._breach("I-6", f"{viewer} shows {row.run} {state} {len(text)}, stored {row.state} {len(row.text)}")
        late = final_at - (row.ended_at or final_at)
        if state in FINAL and late > self.converged and self._watched(viewer, steps[0].at, final_at - late):
            self._breach("I-8", f"{viewer} saw the end of {row.run} {late:.1f} s late")

    def _kept(self, row: Row, viewer: str, at: float, text: str, key: str) -> None:
        """I-5, I-12: what was shown is a prefix of what is stored, less the last second before a kill."""
        if row.text.startswith(text) or not row.reply:
            return
        if not text.startswith(row.text):
            self._words(text, f"shown of {row.run} to {viewer}", key)
            self._breach("I-5", f"{viewer} was shown of {row.run} what is not a prefix of what is stored")
            return
        missing = len(text) - len(row.text)
        if row.reason == "server_lost" and any(
            act.kind == "SIGKILL" and at > act.at - self.evidence.grace for act in self._acts_since(row.created)
        ):
            self.verdict.last_second = max(self.verdict.last_second, missing)
            return
        self.verdict.lost += missing
        how = f"{row.state} {row.reason}"
        self._breach("I-12", f"{missing} characters of {row.run} ({how}) were shown to {viewer} and lost")

    def _acts_since(self, at: float) -> list[Act]:
        return [act for act in self.evidence.acts if act.at >= at]

    def _watched(self, viewer: str, since: float, ended: float) -> bool:
        """Whether this viewer was there all the while, and nothing was done to anybody."""
        until = max(since, ended) + self.converged
        if any(act.at < until and (act.until or until) > ended - 1 for act in self.evidence.acts):
            return False
        spans = self.evidence.online.get(viewer, [])
        return any(begin < min(since, ended) and end > until for begin, end in spans)

    def _texts(self, run: str) -> Iterator[tuple[str, str]]:
        for viewer, steps in _by_viewer(self.seen.get(run, ())).items():
            text = ""
            for step in steps:
                text = step.text if step.how == "snapshot" else text + step.text
                yield viewer, text

    def _time(self, row: Row) -> None:
        """I-9: how long it took until a run whose process or model had gone was final."""
        if row.ended_at is None:
            self._breach("I-9", f"{row.run} is {row.run_state}, and nobody knows since when")
            return
        if row.reason == "server_lost":
            kills = [act.at for act in self.evidence.acts if act.kind == "SIGKILL" and row.created <= act.at]
            late = row.ended_at - min(kills, default=row.created)
        else:
            call = self._call(row)
            late = row.ended_at - call.until if call and call.until else 0.0
        self.verdict.worst = max(self.verdict.worst, late)
        if late > SETTLED:
            self._breach("I-9", f"{row.run} became {row.run_state} {late:.0f} s after it should have")

    def _fresh(self) -> None:
        """I-6: a page loaded afterwards shows what is stored."""
        rows = {row.reply: row for row in self.evidence.rows if row.reply}
        for one in self.evidence.fresh:
            row = rows.get(one.reply)
            if row and not row.deleted and (one.state, one.text) != (row.state, row.text):
                self._breach(
                    "I-6", f"a page shows {one.reply} {one.state} {len(one.text)}, stored {row.state} {len(row.text)}"
                )


def _by_viewer(steps: list[Seen] | tuple[()]) -> dict[str, list[Seen]]:
    """In the order of time, by viewer."""
    by: dict[str, list[Seen]] = defaultdict(list)
    for step in steps:
        by[step.viewer].append(step)
    return by
