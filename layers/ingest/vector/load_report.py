"""What one load of a file did: counts, every finding, how it was placed, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from layers.ingest.vector.finding import Finding
from layers.message import Message

_PLAIN = (
    "layer", "area", "file", "checksum", "crs", "operation", "accuracy_m", "encoding", "unmapped",
    "measures", "rules", "decision", "dry_run",
)  # fmt: skip

Decision = Literal["published", "published_with_warnings", "refused", "held", "unchanged"]

PUBLISHED: tuple[Decision, ...] = ("published", "published_with_warnings", "unchanged")
"""Decisions after which the layer holds what the file holds."""


@dataclass(frozen=True)
class Counts:
    """How many features were read, loaded, repaired (loaded after a change of shape) and refused.

    The last four are against the rows that were there before.
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
    features (the demonstration, OpenStreetMap) have the name of their source as `file`.
    """

    layer: str
    area: str
    file: str
    checksum: str
    time: datetime
    crs: str = ""
    operation: str = ""
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
            "counts": asdict(self.counts),
            "findings": [one.document() for one in self.findings],
            "why": self.why.document() if self.why else None,
            "totals": dict(self.totals),
        }
