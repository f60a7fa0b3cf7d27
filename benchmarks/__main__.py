"""The command `python -m benchmarks [PART]` with its options; README.md lists the parts."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

from benchmarks import coverage, loading, memory, osm, publishing, radio, scale, serving, startup
from benchmarks.errors import BenchmarkError
from geoportal.errors import GeoportalError
from layers.errors import LayersError
from processing.errors import ProcessingError

Part = Callable[[bool, int | None], int]
"""Takes --quick and --features, whether it uses them or not; returns the exit code."""

PARTS: dict[str, Part] = {
    "serving": serving.main,
    "startup": startup.main,
    "memory": memory.main,
    "coverage": coverage.main,
    "publishing": publishing.main,
    "radio": radio.main,
    "loading": loading.main,
    "scale": scale.main,
    "osm": osm.main,
}


def main() -> int:
    """Run one part, or all of them; the exit code tells of wrong answers, not of missed figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, help="default: all of them")
    parser.add_argument("--quick", action="store_true", help="fewer buildings, shorter runs")
    parser.add_argument("--features", type=int, help="so many buildings, e.g. 5000000")
    parser.add_argument(
        "--ask",
        action="append",
        default=[],
        metavar="WORDS",
        help="serving: only questions with these words, e.g. --ask z14 --ask 'single item'",
    )
    chosen = parser.parse_args()
    every: dict[str, Part] = PARTS | {"serving": partial(serving.main, ask=chosen.ask)}
    # Python then leaves the blocks that stop what was started.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        parts = [chosen.part] if chosen.part else PARTS
        return max(every[part](chosen.quick, chosen.features) for part in parts)
    except (BenchmarkError, GeoportalError, LayersError, ProcessingError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1


def _end(number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
