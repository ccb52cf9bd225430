"""Says what a run of the suite came to, as the table that docs/reliability.md shows."""

from __future__ import annotations

from collections import Counter

from .checker import Verdict
from .evidence import Evidence


def table(evidence: Evidence, verdict: Verdict, seconds: float) -> str:
    """The table, in Markdown."""
    acts = Counter(act.kind for act in evidence.acts)
    scripts = Counter(call.script.fault for call in evidence.calls if call.script.fault)
    viewers = len({seen.viewer for seen in evidence.seen})
    lines = [
        ("time", f"{seconds:.0f} s, seed {evidence.seed}, {viewers} viewers"),
        ("faults of the system", _counts(acts)),
        ("faults of the model's server", _counts(scripts)),
        ("runs started, accounted for", f"{verdict.runs}, {verdict.accounted} ({_counts(verdict.states)})"),
        ("characters shown", f"{verdict.shown:,}"),
        ("characters stored", f"{verdict.stored:,}"),
        ("shown and lost", f"{verdict.lost}"),
        ("most lost of the last second before a SIGKILL", f"{verdict.last_second}"),
        ("words doubled, out of order", f"{verdict.doubled}, {verdict.disordered}"),
        ("worst time to a final state", f"{verdict.worst:.1f} s"),
        ("resident memory, first and most", f"{_first(evidence.rss):.0f} MiB, {max(evidence.rss or [0]):.0f} MiB"),
        ("promises broken", f"{len(verdict.breaches)}"),
    ]
    return "\n".join(["| what | how much |", "|---|---|", *(f"| {what} | {much} |" for what, much in lines)])


def _first(values: list[float]) -> float:
    return next((value for value in values if value), 0.0)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counter.items())) or "none"
