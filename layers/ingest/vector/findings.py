"""Findings of a load as they come in: every one is counted, so many are kept one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from layers.ingest.vector.finding import Action, Finding

KEPT: dict[Action, int] = {"repaired": 100_000, "refused": 100_000, "noted": 1_000}
"""How many findings of one code are kept one by one; all of them are counted."""


@dataclass
class Findings:
    """Collects findings; memory does not grow with the number of features."""

    kept: list[Finding] = field(default_factory=list)
    totals: Counter[tuple[str, Action]] = field(default_factory=Counter)

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it while there are not too many of its kind."""
        kind = (finding.code, finding.action)
        self.totals[kind] += 1
        if self.totals[kind] <= KEPT[finding.action]:
            self.kept.append(finding)

    def count(self, code: str, action: Action, number: int) -> None:
        """Count what is not worth naming one by one."""
        self.totals[(code, action)] += number

    def named(self) -> dict[str, int]:
        """Return the totals as `code action: number`, the most frequent first."""
        return {f"{code} {action}": n for (code, action), n in self.totals.most_common()}

    def most(self, action: Action) -> tuple[str, int] | None:
        """Return the most frequent code of an action and how often it was found."""
        found = [(n, code) for (code, what), n in self.totals.items() if what == action]
        return (max(found)[1], max(found)[0]) if found else None
