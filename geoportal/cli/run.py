"""`geoportal run`: compute a pipeline for an area and publish its result."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psycopg

from geoportal.cli import database
from geoportal.cli.common import Command, area_option, counted, settings
from geoportal.cli.progress import bar, say

if TYPE_CHECKING:
    from processing.distributed import Tiling
    from processing.pipelines import Pipeline
    from processing.runner import Comparison, Run


@click.command(
    cls=Command,
    short_help="Compute a pipeline for an area and publish its result.",
    epilog="""
    geoportal run service-coverage
    geoportal run service-coverage --area orsha --param service_classes=school,clinic
    geoportal run service-coverage --no-publish --json result.json
    geoportal run service-coverage --scenario new-clinic.json --json difference.json
    geoportal run lighting-coverage --workers 2
    geoportal run lighting-coverage --scheduler tcp://10.0.0.5:8786 --resume
    """,
)
@click.argument("pipeline")
@area_option()
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--json", "file", metavar="FILE", help="Write the result there; - = standard output.")
@click.option(
    "--scenario",
    "scenario",
    metavar="NAME|FILE",
    help="Compare with this scenario; nothing is published.",
)
@click.option("--publish/--no-publish", default=True, help="Replace the published result layers.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Compute by tiles on N processes.")
@click.option("--scheduler", metavar="ADDRESS", help="Compute by tiles on this Dask cluster.")
@click.option(
    "--tile-m", type=click.FloatRange(10), default=5_000.0, show_default=True,
    help="Size of the tiles in metres.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Take the finished tiles of an interrupted run.")
def run(
    pipeline: str,
    area_id: str,
    params: tuple[str, ...],
    file: str | None,
    scenario: str | None,
    publish: bool,
    **spread: Any,
) -> None:
    """Run PIPELINE for an area and publish what it gives, with its provenance.

    With --workers, --scheduler or --resume it is computed by tiles: the same result to the bit, and
    what is finished is kept when the run is interrupted.
    """
    from processing.pipelines import get_pipeline, read_params, require_tiled

    given = read(params)
    chosen = get_pipeline(pipeline)
    read_params(chosen, given)  # before a database is started for nothing
    tiling = _tiling(chosen, scenario, **spread)
    if tiling is not None:
        require_tiled(chosen)
    done: Run | Comparison
    with database.migrated(settings()) as connection:
        if scenario is None:
            done = run_pipeline(
                connection, pipeline, area_id, given, publish=publish, tiling=tiling
            )
        else:
            done = _compare(connection, pipeline, given, scenario)
    if file is not None:
        _write(file, done)


def _tiling(
    pipeline: Pipeline,
    scenario: str | None,
    *,
    workers: int | None,
    scheduler: str | None,
    tile_m: float,
    resume: bool,
) -> Tiling | None:
    """Return how a run is cut into tiles, None when it is not.

    The scheduler of GEOPORTAL_DASK_SCHEDULER is taken when none is given. Raises click.UsageError.
    """
    from processing.distributed import Engine, Tiling

    if workers and scheduler:
        raise click.UsageError("--workers and --scheduler exclude each other.")
    if scenario is not None:
        if workers or scheduler or resume:
            raise click.UsageError("a comparison with --scenario is not computed by tiles.")
        return None
    if not workers and not scheduler and getattr(pipeline, "TILED", False):
        scheduler = settings().dask_scheduler
    if not (workers or scheduler or resume):
        return None
    return Tiling(Engine(workers or 0, scheduler), tile_m, resume)


def read(params: tuple[str, ...]) -> dict[str, str]:
    """Return NAME=VALUE pairs as a mapping; raises click.BadParameter."""
    pairs: dict[str, str] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{param!r} is not of the form NAME=VALUE.")
        if name in pairs:
            raise click.BadParameter(f"{name} is given twice.")
        pairs[name] = value
    return pairs


def run_pipeline(
    connection: psycopg.Connection[Any],
    name: str,
    area_id: str,
    params: Mapping[str, Any],
    *,
    publish: bool,
    tiling: Tiling | None = None,
) -> Run:
    """Run a pipeline with a progress bar and say what came out."""
    from processing import runner

    with bar(f"{name}, {area_id}") as shown:
        done = runner.run(
            connection, name, area_id, params,
            publish=publish, progress=shown.step, tiling=tiling,
        )  # fmt: skip
    for layer_id, frame in done.frames.items():
        state = "computed" if not publish else "published" if done.changed else "unchanged"
        say(f"{layer_id}, {area_id}: {counted(len(frame), 'row')}, {state}")
    say(f"run {done.id}, checksum {done.result_checksum[:12]}")
    return done


def _compare(
    connection: psycopg.Connection[Any], name: str, params: Mapping[str, Any], given: str
) -> Comparison:
    """Run a pipeline with and without a stored scenario, or one in a file; say what differs."""
    from geoportal.cli.scenarios import read_file
    from layers.scenario import find
    from processing import runner

    path = Path(given)
    scenario = read_file(path) if path.suffix or path.exists() else find(connection, given)
    with bar(f"{name}, {scenario.area}, {scenario.name}") as shown:
        done = runner.compare(connection, name, params, scenario, progress=shown.step)
    for layer_id, frame in done.differences.items():
        kinds = frame["change"].value_counts()
        said = ", ".join(f"{kinds.get(k, 0)} {k}" for k in ("added", "changed", "removed"))
        say(f"{layer_id}, {scenario.area}: rows {said}")
    for line in _differences(done.summary()):
        say(line)
    return done


def _differences(tree: Any, path: str = "") -> Iterator[str]:
    """Yield a line for every number that differs."""
    if isinstance(tree, dict) and set(tree) == {"before", "after", "difference"}:
        if tree["before"] != tree["after"]:
            yield f"{path}: {tree['before']} -> {tree['after']}"
    elif isinstance(tree, dict):
        label = next((str(v) for k, v in tree.items() if k.endswith("class")), "")
        for name, value in tree.items():
            yield from _differences(value, " ".join(p for p in (path, label, name) if p))
    elif isinstance(tree, list):
        for value in tree:
            yield from _differences(value, path)


def _write(file: str, done: Run | Comparison) -> None:
    import orjson

    data = orjson.dumps(done.document(), option=orjson.OPT_APPEND_NEWLINE)
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        Path(file).write_bytes(data)
        say(f"written: {file}")
