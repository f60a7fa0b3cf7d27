"""What one load of a file did: counts, every finding, how it was placed, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from layers.ingest.vector.finding import Finding
from layers.message import Message

_PLAIN = (
    "layer", "area", "file", "checksum", "crs", "accuracy_m", "encoding", "unmapped", "measures",
    "rules", "decision", "dry_run", "counted",
)  # fmt: skip

Fact = tuple[str, Message | str | int | float]
"""The code of what is told of a load beside its counts, and what it is."""

Decision = Literal["published", "published_with_warnings", "refused", "held", "unchanged"]

PUBLISHED: tuple[Decision, ...] = ("published", "published_with_warnings", "unchanged")
"""Decisions after which the layer holds what the file holds."""


@dataclass(frozen=True)
class Counts:
    """How many features were read, loaded, repaired (loaded after a change of shape) and refused.

    Or records of a table, or cells of a raster. The last four are rows, against those that were
    there before.
    """

    read: int = 0
    loaded: int = 0
    repaired: int = 0
    refused: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class LoadReport:
    """The report of one load; `file` without its folder, `checksum` the SHA-256 of its bytes.

    `accuracy_m` is that of the transformation, None when nobody says it. `measures` (ISO 19157) and
    `rules` (topology) are what layers.quality found, each JSON-ready. `dry_run`: nothing was
    applied whatever the decision would have been. `why` says why it was refused or held, None
    otherwise. What could not even be opened has neither CRS nor counts; rows that no file held as
    features (the demonstration, OpenStreetMap) have the name of their source as `file`. `counted`
    says what is read, loaded and refused; `facts` what else there is to tell, in order.
    """

    layer: str
    area: str
    file: str
    checksum: str
    time: datetime
    crs: str = ""
    operation: Message | None = None
    accuracy_m: float | None = None
    encoding: str = ""
    counts: Counts = Counts()
    unmapped: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    measures: tuple[Mapping[str, Any], ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    decision: Decision = "published"
    why: Message | None = None
    dry_run: bool = False
    counted: Literal["features", "records", "cells"] = "features"
    facts: tuple[Fact, ...] = ()
    totals: Mapping[str, int] = field(default_factory=dict)
    """Findings by code and action (`geometry.invalid repaired`), also of those not kept singly."""

    @property
    def applied(self) -> bool:
        """True when the layer holds what the file holds."""
        return self.decision in PUBLISHED and not self.dry_run

    @property
    def reason(self) -> str:
        """Why it was refused or held, in English; empty otherwise."""
        return str(self.why or "")

    def document(self) -> dict[str, Any]:
        """Return the report as JSON values: messages as codes, the time in ISO 8601, UTC."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {
            "time": self.time.isoformat(),
            "operation": self.operation.document() if self.operation else "",
            "counts": asdict(self.counts),
            "facts": [{"code": code, "value": _plain(value)} for code, value in self.facts],
            "findings": [one.document() for one in self.findings],
            "why": self.why.document() if self.why else None,
            "totals": dict(self.totals),
        }


def _plain(value: Message | str | float) -> Any:
    return value.document() if isinstance(value, Message) else value
