"""The Orsha quarter: every method from PostGIS to published layers, and the reports of the run."""

from __future__ import annotations

import statistics
import time
from typing import Any

import psycopg

from benchmarks.place import console, database, folder
from geoportal.cli.common import DEMO_AREA, DEMO_BUILDINGS
from geoportal.cli.load_demo import load_demo
from geoportal.settings import Settings
from layers.area import save_area, seed_areas
from layers.model import LANGUAGES
from layers.registry import load_layers
from layers.schema import migrate
from processing import runner
from processing.pipelines import smart_quarter_coverage as pipeline

RUNS = (5, 2)
WANTED_S, WANTED_REPORT_S = 10.0, 2.0
# As if the rows that are there were other ones: the next run has to publish all of them.
FORGET = "UPDATE layers.version SET checksum = 'other' WHERE layer = ANY(%s)"


def main(quick: bool) -> int:
    """Print cold and warm times; 1 when two runs give different results."""
    area = seed_areas()[DEMO_AREA]
    with (
        folder() as inside,
        database(inside) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        migrate(connection, load_layers())
        save_area(connection, area)
        load_demo(connection, Settings(database_url=url), area, DEMO_BUILDINGS)
        return _measure(connection, RUNS[quick])


def _measure(connection: psycopg.Connection[Any], count: int) -> int:
    cold, first = _run(connection)
    console.print(f"Orsha quarter, cold (imports, compiled code): {cold['all']:.1f} s")
    runs = [_run(connection) for _ in range(count)]
    for part, wanted in (("layers", WANTED_S), ("report", WANTED_REPORT_S)):
        wall = [times[part] for times, _ in runs]
        busy = [times[f"{part} busy"] for times, _ in runs]
        verdict = "reached" if min(wall) < wanted else "MISSED"
        console.print(
            f"  {part}: best {min(wall):.2f} s, median {statistics.median(wall):.2f} s;"
            f" of this processor best {min(busy):.2f} s, median {statistics.median(busy):.2f} s"
            f" (wanted: under {wanted:.0f} s{' per language' if part == 'report' else ''}:"
            f" {verdict})"
        )
    return int({checksum for _, checksum in runs} != {first})


def _run(connection: psycopg.Connection[Any]) -> tuple[dict[str, float], str]:
    """Run and publish everything; return seconds by part, and the checksum of the result.

    `report` is the mean of a language, `layers` all the rest.
    """
    connection.execute(FORGET, [list(pipeline.OUTPUT)])
    told = [0.0, 0.0]
    plain = pipeline.documents

    def timed(*args: Any) -> Any:
        started, busy = time.perf_counter(), time.process_time()
        made = plain(*args)
        told[:] = time.perf_counter() - started, time.process_time() - busy
        return made

    pipeline.documents = timed  # type: ignore[assignment]
    try:
        started, busy = time.perf_counter(), time.process_time()
        done = runner.run(connection, pipeline.NAME, DEMO_AREA, {})
        wall, busy = time.perf_counter() - started, time.process_time() - busy
    finally:
        pipeline.documents = plain
    times = {
        "all": wall,
        "layers": wall - told[0],
        "layers busy": busy - told[1],
        "report": told[0] / len(LANGUAGES),
        "report busy": told[1] / len(LANGUAGES),
    }
    return times, done.result_checksum
