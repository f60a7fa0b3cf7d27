"""The one impure part: read the inputs of a pipeline, compute, check, publish with provenance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from layers.area import get_area
from layers.model import Layer, Status
from layers.raster import load_rasters
from layers.registry import load_layers
from layers.scenario import Scenario
from layers.scenario import edits as edits_of
from processing import provenance
from processing.distributed import Tiling
from processing.errors import RunFailed, UnfitScenario
from processing.pipelines import Pipeline, get_pipeline, read_params, require_tiled
from processing.pipelines.model import Result, keys, private
from processing.provenance import Plan

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the number of steps done and the number of all steps."""

Layers = Mapping[str, Layer]
"""All definitions by id, read once a run: their YAML takes longer than many a method."""

Tell = Callable[[str], None]
_READ_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Run:
    """What a run gave; `changed` tells whether publishing it changed a layer."""

    id: str
    plan: Plan
    result: Result
    result_checksum: str
    status: Status
    started_at: datetime
    finished_at: datetime
    changed: bool = False

    @property
    def frames(self) -> Mapping[str, GeoDataFrame]:
        """The result by layer, EPSG:4326."""
        return self.result.frames

    @property
    def quality(self) -> Mapping[str, Any]:
        """What was left out, joined or unknown."""
        return self.result.quality

    def summary(self) -> dict[str, Any]:
        """Return the figures of the run and how it was made, as JSON values."""
        return {
            "run_id": self.id,
            "pipeline": self.plan.pipeline.NAME,
            "version": self.plan.pipeline.VERSION,
            "area": self.plan.area.id,
            "status": self.status,
            "parameters": self.plan.parameters,
            "inputs": self.plan.inputs,
            "crs": self.plan.crs,
            "result_checksum": self.result_checksum,
            **self.result.figures,
            "quality": dict(self.quality),
        }

    def document(self) -> dict[str, Any]:
        """Return the summary and every output as GeoJSON, as JSON values."""
        from processing.frames import feature_collection  # noqa: PLC0415 - see `run`

        constant = {"area": self.plan.area.id, "status": self.status}
        outputs = {
            layer: feature_collection(frame, **constant) for layer, frame in self.frames.items()
        }
        return {"summary": self.summary()} | outputs


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pipeline on the layers as they are and with a scenario laid over them.

    `differences` holds for each output with key columns the rows that differ, EPSG:4326.
    """

    scenario: Scenario
    plan: Plan
    before: Result
    after: Result
    differences: Mapping[str, GeoDataFrame]
    status: Status

    def summary(self) -> dict[str, Any]:
        """Return the figures as before, after and difference, and how they were made, as JSON."""
        from processing import scenario as overlays  # noqa: PLC0415 - see `run`

        return {
            "scenario": self.scenario.name,
            "scenario_title": self.scenario.title,
            "scenario_checksum": self.scenario.checksum,
            "pipeline": self.plan.pipeline.NAME,
            "version": self.plan.pipeline.VERSION,
            "area": self.plan.area.id,
            "status": self.status,
            "parameters": self.plan.parameters,
            "inputs": self.plan.inputs,
            "crs": self.plan.crs,
            **overlays.figures(dict(self.before.figures), dict(self.after.figures)),
            "quality": overlays.figures(dict(self.before.quality), dict(self.after.quality)),
        }

    def document(self) -> dict[str, Any]:
        """Return the summary and the differing rows of every output as GeoJSON."""
        from processing.frames import feature_collection  # noqa: PLC0415 - see `run`

        constant = {"area": self.plan.area.id, "status": self.status}
        return {"summary": self.summary()} | {
            name: feature_collection(frame, **constant) for name, frame in self.differences.items()
        }


def needed(conn: Connection, name: str, area_id: str, params: Mapping[str, Any]) -> bool:
    """Tell whether a run would publish anything new.

    False when the published outputs are those of this pipeline version with these parameters on the
    inputs as they are now. Raises as `run` does.
    """
    return not provenance.published(conn, _plan(conn, name, area_id, params))


def run(  # noqa: PLR0913 - who asks may leave out the last three
    conn: Connection,
    name: str,
    area_id: str,
    params: Mapping[str, Any],
    *,
    publish: bool = True,
    progress: Progress | None = None,
    tiling: Tiling | None = None,
) -> Run:
    """Run a pipeline for an area and, with `publish`, put its result in place of the old one.

    All outputs and the provenance row change in one transaction, or nothing does. The same inputs,
    parameters and version give the same run id and checksum, and publishing them again changes
    nothing. With `publish` false nothing is written, so any role that reads the layers may call.
    With `tiling` it is computed by tiles, with the same result to the bit, and finished tiles are
    kept until the run is done; only the owner of the database may do that.

    Raises UnknownPipeline, UnknownArea, BadParameter, EmptyInput (a layer is not loaded or has
    nothing to measure), RunFailed, RefusedLoad and StoreFailure.
    """
    pipeline = get_pipeline(name)
    if tiling is not None:
        require_tiled(pipeline)
    tell = _steps(pipeline, publish, progress)
    started_at = datetime.now(UTC)
    tell("read")
    layers = load_layers()
    planned, inputs = _read(conn, layers, name, area_id, params)
    # The analysis libraries take seconds to import, `needed` must not: they are imported in use.
    with _by_tiles(conn, planned, tiling, progress) as spread:
        tell("compute")
        done = _computed(planned, layers, inputs | spread, started_at)
        return _publish(conn, layers, done, inputs, tell) if publish else done


def compare(
    conn: Connection,
    name: str,
    params: Mapping[str, Any],
    scenario: Scenario,
    *,
    progress: Progress | None = None,
) -> Comparison:
    """Run a pipeline with and without a scenario, in its area, and tell what differs.

    Nothing is written and the layers stay as they are. Raises as `run` does, BadScenario when a
    feature does not fit its layer, UnfitScenario when it changes a feature that is not there or
    only layers that the pipeline does not read.
    """
    pipeline = get_pipeline(name)
    layers = load_layers()
    edits = edits_of(scenario, layers)
    arguments = {a: layer for a, layer in pipeline.INPUTS.items() if layer in edits}
    if not arguments:
        raise UnfitScenario(
            f"{name} reads none of the layers that scenario {scenario.name} changes"
            f" ({', '.join(scenario.layers)}); it reads {', '.join(pipeline.INPUTS.values())}"
        )
    tell = _steps(pipeline, False, progress, more=2)
    tell("read")
    planned, inputs = _read(conn, layers, name, scenario.area, params)
    from processing import scenario as overlays  # noqa: PLC0415 - see `run`

    absent = next((layer for a, layer in arguments.items() if inputs[a] is None), None)
    if absent:
        raise UnfitScenario(f"layer {absent} is not loaded for area {scenario.area}")
    changed = {
        a: overlays.overlay(inputs[a], edits[layer], planned.area) for a, layer in arguments.items()
    }
    changed |= dict.fromkeys(private(pipeline, edits))
    tell("compute without the scenario")
    before = pipeline.compute(planned.params, planned.area, **inputs, **pipeline.seeds())
    tell("compute with the scenario")
    after = pipeline.compute(planned.params, planned.area, **inputs | changed, **pipeline.seeds())
    tell("compare")
    differences = {
        layer: overlays.difference(before.frames[layer], after.frames[layer], columns)
        for layer in pipeline.OUTPUT
        if (columns := keys(pipeline, layer)) and layer in before.frames and layer in after.frames
    }
    return Comparison(scenario, planned, before, after, differences, provenance.status(planned))


def _computed(
    planned: Plan, layers: Layers, arguments: Mapping[str, Any], started_at: datetime
) -> Run:
    """Compute, and check that the result fits its layers."""
    from processing.frames import checksum, require_fit  # noqa: PLC0415 - see `run`

    pipeline = planned.pipeline
    result = pipeline.compute(planned.params, planned.area, **arguments, **pipeline.seeds())
    result_checksum = checksum(result.frames)
    signed = {name: frame.assign(run_id=planned.id) for name, frame in result.frames.items()}
    for layer_id in pipeline.OUTPUT:
        if layer_id in signed:
            require_fit(signed[layer_id], layers[layer_id], planned.area)
    return Run(
        id=planned.id,
        plan=planned,
        result=replace(result, frames=signed),
        result_checksum=result_checksum,
        status=provenance.status(planned),
        started_at=started_at,
        finished_at=datetime.now(UTC),
    )


@contextmanager
def _by_tiles(
    conn: Connection, planned: Plan, tiling: Tiling | None, progress: Progress | None
) -> Iterator[dict[str, Any]]:
    """Give the argument `spread` of `compute`; finished tiles are forgotten when the block ends."""
    if tiling is None:
        yield {}
        return
    from processing.spread import spread  # noqa: PLC0415 - see `run`

    def told(step: str, done: int, total: int) -> None:
        if progress is not None:
            progress(f"compute {step}", done, total)

    with (
        provenance.kept_tiles(conn, planned, tiling) as kept,
        spread(tiling.engine, tiling.tile_m, kept, told) as opened,
    ):
        yield {"spread": opened}


Reports = Mapping[tuple[str, str], bytes]


def _reports(done: Run, layers: Layers, inputs: Mapping[str, Any]) -> Reports:
    """Return the reports of a run by language and format; none for most pipelines."""
    make = getattr(done.plan.pipeline, "documents", None)
    if make is None:
        return {}
    first = done.plan.pipeline.OUTPUT[0]
    origin = provenance.origin(done.plan, layers, layers[first], done.result_checksum)
    about = {
        "id": done.id,
        "computed_on": done.finished_at.date(),
        "demonstration": done.status == "demonstration",
        "attribution": origin.attribution or "",
        "inputs": tuple(
            (name, str(v.version), v.checksum) for name, v in done.plan.versions.items()
        ),
    }
    made: Reports = make(about, done.plan.area, done.frames, inputs)
    return made


def _publish(
    conn: Connection, layers: Layers, done: Run, inputs: Mapping[str, Any], tell: Tell
) -> Run:
    from layers import store  # noqa: PLC0415 - see `run`
    from layers.swap import translated  # noqa: PLC0415

    reports = _reports(done, layers, inputs)
    outputs: dict[str, dict[str, Any]] = {}
    changed = False
    with translated(f"run of {done.plan.pipeline.NAME}"), conn.transaction():
        for layer_id in done.plan.pipeline.OUTPUT:
            tell(f"publish {layer_id}")
            if layer_id not in done.frames:  # not computable in this area; the reason is published
                continue
            loaded = store.replace(
                conn,
                layers[layer_id],
                [done.frames[layer_id]],
                area=done.plan.area,
                origin=provenance.origin(done.plan, layers, layers[layer_id], done.result_checksum),
            )
            changed |= loaded.changed
            outputs[layer_id] = {
                "version": loaded.version,
                "checksum": loaded.checksum,
                "rows": loaded.row_count,
            }
        provenance.keep_reports(conn, done.plan, reports)
        provenance.record(
            conn,
            done.plan,
            provenance.Record(
                outputs=outputs,
                quality=done.quality,
                result_checksum=done.result_checksum,
                started_at=done.started_at,
                finished_at=done.finished_at,
            ),
        )
    return replace(done, changed=changed)


def _plan(conn: Connection, name: str, area_id: str, params: Mapping[str, Any]) -> Plan:
    pipeline = get_pipeline(name)
    checked = read_params(pipeline, params)
    with conn.transaction():
        area = get_area(conn, area_id)
    return provenance.plan(conn, pipeline, area, checked)


def _read(
    conn: Connection, layers: Layers, name: str, area_id: str, params: Mapping[str, Any]
) -> tuple[Plan, dict[str, Any]]:
    """Read all inputs of one moment: when a load came in between, read again.

    Layers come as frames, rasters as Raster, what an area may lack and lacks as None.

    A snapshot (REPEATABLE READ) would not do: a table swapped in later looks empty to it.
    """
    from layers import raster_store, store  # noqa: PLC0415 - see `run`

    rasters = load_rasters()

    def read_one(name: str) -> Any:
        if name in rasters:
            return raster_store.read(conn, name, area=area_id)
        return store.read(conn, layers[name], area=area_id)

    planned = _plan(conn, name, area_id, params)
    for _ in range(_READ_ATTEMPTS):
        inputs = {
            argument: None if name not in planned.versions else read_one(name)
            for argument, name in planned.pipeline.INPUTS.items()
        }
        inputs |= _previous(conn, layers, planned)
        again = _plan(conn, name, area_id, params)
        if again.inputs == planned.inputs:
            return planned, inputs
        planned = again
    raise RunFailed(f"{name}: the layers of area {area_id} keep changing; run it again later")


def _previous(conn: Connection, layers: Layers, planned: Plan) -> dict[str, Any]:
    """Return the rows that the run before published, for a pipeline that tells changes.

    Rows of this very run hold the values of the one before it, so that running again changes
    nothing.
    """
    layer_id = getattr(planned.pipeline, "PREVIOUS", None)
    if layer_id is None:
        return {}
    from layers import store  # noqa: PLC0415 - see `run`

    rows = store.read(conn, layers[layer_id], area=planned.area.id)
    if len(rows) and (rows["run_id"] == planned.id).all():
        rows = rows.assign(value=rows["previous"])
    return {"previous": rows if len(rows) else None}


def _steps(pipeline: Pipeline, publish: bool, progress: Progress | None, *, more: int = 0) -> Tell:
    total = 2 + more + (len(pipeline.OUTPUT) if publish else 0)
    done = iter(range(total))

    def tell(what: str) -> None:
        if progress is not None:
            progress(what, next(done), total)

    return tell
