"""Coverage methods: each part times one method on generated data and prints ratios of this run."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import coverage_lighting, coverage_location, coverage_network, coverage_quarter

PARTS: dict[str, Callable[[bool], int]] = {
    "quarter": coverage_quarter.main,
    "network": coverage_network.main,
    "location": coverage_location.main,
    "lighting": coverage_lighting.main,
}
"""One line per method; a part prints its figures and returns 1 for a wrong answer."""


def main(quick: bool, _features: int | None = None) -> int:
    """Run all parts; the exit code tells of wrong answers, not of missed figures."""
    return max(part(quick) for part in PARTS.values())
