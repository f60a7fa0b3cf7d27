"""What is wanted of the geoportal, as ratios between answers of one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

from benchmarks import limit
from benchmarks.questions import BOXES, DEEP, ITEM, UNCHANGED, ZOOM, page_of, tile_of
from benchmarks.servers import KEEPING, OURS

Rates = Callable[[str, str], Sequence[float]]
"""Requests/s of a server (second) for a question (first) by round, empty when not measured."""


@dataclass(frozen=True)
class Figure:
    """At least `wanted` times as many answers to `question` as `other` gives to `than`."""

    question: str
    other: str
    wanted: float
    than: str = ""
    server: str = OURS

    @property
    def title(self) -> str:
        """What is compared with what."""
        server = "" if self.server == OURS else f" ({self.server})"
        than = f" for {self.than}" if self.than else ""
        return f"{self.question}{server} : {self.other}{than}"

    def ratio(self, rates: Rates) -> float | None:
        """Return the middle one of the rounds' ratios, None when one of the two was not measured.

        What else a machine does falls on both sides of a round.
        """
        ones = rates(self.question, self.server)
        others = rates(self.than or self.question, self.other)
        found = [one / other for one, other in zip(ones, others, strict=False)]
        return median(found) if found else None


TILE = tile_of(ZOOM)
FIGURES = (
    Figure(page_of(100), "pygeoapi", 20),
    Figure(page_of(1000), "pygeoapi", 20),
    Figure(TILE, "pygeoapi", 200),
    Figure(page_of(10), "pg_featureserv", 0.5),
    Figure(page_of(100), "pg_featureserv", 1.2),
    Figure(page_of(1000), "pg_featureserv", 1.2),
    Figure(BOXES, "pg_featureserv", 1.2),
    Figure(ITEM, "pg_featureserv", 0.5),
    Figure(tile_of(11), "martin", 1.3),
    Figure(TILE, "martin", 1.3),
    Figure(page_of(limit.PAGE), limit.NAME, 0.5),
    Figure(TILE, limit.NAME, 0.75),
    Figure(DEEP, OURS, 1 / 1.3, than=page_of(10)),
    Figure(TILE, OURS, 5, than=TILE, server=KEEPING),
    Figure(UNCHANGED, OURS, 5, than=TILE),
)


def table(rates: Rates, *, judged: bool, figures: Sequence[Figure] = FIGURES) -> Table:
    """Return the figures as a table; a run that is too small to judge by gives no verdicts."""
    shown = Table(title="ratios of requests/s")
    shown.add_column("of the geoportal : of")
    for name in ("ratio", "wanted"):
        shown.add_column(name, justify="right")
    shown.add_column("")
    for figure in figures:
        ratio = figure.ratio(rates)
        verdict = ""
        if judged and ratio is not None:
            verdict = "reached" if ratio >= figure.wanted else "MISSED"
        said = "not measured" if ratio is None else f"{ratio:,.2f}"
        shown.add_row(figure.title, said, f"{figure.wanted:,.2f}", verdict)
    return shown
