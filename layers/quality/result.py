"""What a check of quality finds: measures, rules with their counts, and faults one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from layers.ingest.vector.finding import Finding
from layers.message import Message, message

Verdict = Literal["publish", "warn", "refuse", "unchecked"]


@dataclass(frozen=True)
class Measured:
    """One measure of ISO 19157:2013, annex D; `measure` is its number there.

    `value` is a count, or a share of 1 when `rate`; `field` the property it is about, if one.
    """

    element: str
    measure: int
    name: str
    value: float
    rate: bool = False
    field: str | None = None


@dataclass(frozen=True)
class Ruled:
    """What a rule found: `faulty` features of `checked`, `measure` its number in ISO 19157.

    `unchecked`: the layer that the rule looks at has nothing in the area, so it says nothing.
    """

    rule: str
    measure: int
    checked: int
    faulty: int
    faults: int
    verdict: Verdict

    @property
    def share(self) -> float:
        """The share (of 1) of the features that are at fault."""
        return self.faulty / self.checked if self.checked else 0.0


@dataclass(frozen=True)
class Quality:
    """The quality of the rows of a table; findings name features by their id, cut at KEPT a rule.

    Counts are exact whatever is cut. `by_file`: the names are those of a file, not ids of rows.
    """

    row_count: int
    measures: tuple[Measured, ...] = ()
    rules: tuple[Ruled, ...] = ()
    findings: tuple[Finding, ...] = ()
    by_file: bool = False

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of the rules."""
        found = {one.verdict for one in self.rules}
        return "refuse" if "refuse" in found else "warn" if "warn" in found else "publish"

    @property
    def refusal(self) -> Message | None:
        """Which rule refuses the rows, with its first fault; None when none does."""
        broken = next((one for one in self.rules if one.verdict == "refuse"), None)
        if broken is None:
            return None
        first = next(one for one in self.findings if one.code == f"rule.{broken.rule}")
        return message(
            "load.rule_broken",
            faulty=broken.faulty,
            checked=broken.checked,
            rule=message(f"rule_name.{broken.rule}"),
            feature=first.called if self.by_file else first.value or first.feature,
            why=first.message,
        )
