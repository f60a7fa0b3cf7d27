"""A pipeline as a process: the area and its parameters in, summary and result layers out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from geoportal.processes.model import GEOJSON, Context, Input, Output, Process
from layers.model import Language, Text
from layers.registry import load_layers
from layers.scenario import MOST_CHANGES, NAME, read
from layers.schema import WRITER
from processing.errors import NoEngine
from processing.pipelines import Pipeline, parameter_schemas, read_params
from processing.pipelines.model import optional

if TYPE_CHECKING:
    from processing.distributed import Tiling

AREA = Text(be="Тэрыторыя", ru="Территория", en="Area")
AREA_HELP = Text(
    be="Тэрыторыя, для якой загружаны слаі.",
    ru="Территория, для которой загружены слои.",
    en="An area that layers are loaded for.",
)
SUMMARY = Text(be="Вынікі", ru="Итоги", en="Summary")
PUBLISH = Text(be="Апублікаваць", ru="Опубликовать", en="Publish")
PUBLISH_HELP = Text(
    be="Замяніць апублікаваныя слаі вынікаў; патрэбны ключ з роляй publisher.",
    ru="Заменить опубликованные слои результатов; нужен ключ с ролью publisher.",
    en="Replace the published result layers; needs an API key of the role publisher.",
)
SCENARIO = Text(be="Сцэнарый", ru="Сценарий", en="Scenario")
SCENARIO_HELP = Text(
    be=(
        "Што было б, калі: назва захаванага сцэнарыя або яго змены; адказ — лічбы да, пасля і"
        " розніца, і адрозныя радкі вынікаў. Нічога не публікуецца."
    ),
    ru=(
        "Что было бы, если: имя сохранённого сценария или его изменения; ответ — числа до, после и"
        " разница, и отличающиеся строки результатов. Ничего не публикуется."
    ),
    en=(
        "What if: the name of a stored scenario, or its changes; the answer is the figures before,"
        " after and their difference, and the rows of results that differ. Nothing is published."
    ),
)
SCENARIO_SCHEMA: Mapping[str, Any] = {
    "oneOf": [
        {"type": "string", "pattern": NAME},
        {
            "type": "object",
            "required": ["changes"],
            "properties": {
                "name": {"type": "string", "pattern": NAME},
                "area": {"type": "string"},
                "title": {"type": "string"},
                "description": {"type": "string"},
                "changes": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_CHANGES,
                    "items": {"type": "object", "required": ["layer", "operation"]},
                },
            },
            "additionalProperties": False,
        },
    ]
}
OWN_INPUTS = ("area", "publish", "scenario")
READER = "geoportal_reader"


def process_of(pipeline: Pipeline) -> Process:
    """Return the process of a pipeline."""
    return Process(
        id=pipeline.NAME,
        version=pipeline.VERSION,
        title=pipeline.TITLE,
        description=pipeline.DESCRIPTION,
        inputs=partial(_inputs, pipeline),
        outputs=partial(_outputs, pipeline),
        run=partial(_run, pipeline),
        check=partial(_check, pipeline),
        publishes=pipeline.OUTPUT,
        compares=True,
    )


def _inputs(
    pipeline: Pipeline, loaded: Mapping[str, frozenset[str]], language: Language
) -> Mapping[str, Input]:
    # Only where every input layer is loaded that no area may lack can there be a result.
    may_lack = optional(pipeline)
    needed = [
        loaded.get(layer, frozenset())
        for argument, layer in pipeline.INPUTS.items()
        if argument not in may_lack
    ]
    areas = sorted(frozenset.intersection(*needed)) if needed else []
    found = {
        "area": Input(AREA, {"type": "string", "enum": areas}, AREA_HELP, least=1),
        "publish": Input(PUBLISH, {"type": "boolean", "default": False}, PUBLISH_HELP),
        "scenario": Input(SCENARIO, SCENARIO_SCHEMA, SCENARIO_HELP),
    }
    for name, schema in parameter_schemas(pipeline, language).items():
        about = pipeline.PARAMETERS[name]
        plain = {k: v for k, v in schema.items() if k not in ("title", "description")}
        least = int(pipeline.Params.model_fields[name].is_required())
        found[name] = Input(about.title, plain, about.description, least=least)
    return found


def _outputs(pipeline: Pipeline) -> Mapping[str, Output]:
    layers = load_layers()
    found = {"summary": Output(SUMMARY, {"type": "object"})}
    for layer_id in pipeline.OUTPUT:
        layer = layers[layer_id]
        schema = {"type": "object", "contentMediaType": GEOJSON}
        found[layer_id] = Output(layer.title, schema, layer.description, GEOJSON)
    return found


def _params(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in OWN_INPUTS}


def _check(pipeline: Pipeline, inputs: Mapping[str, Any]) -> None:
    read_params(pipeline, _params(inputs))


def _run(pipeline: Pipeline, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
    from processing import runner  # noqa: PLC0415 - only in the child: it imports the libraries

    def tell(what: str, done: int, total: int) -> None:
        context.progress(100 * done / total, what)

    if "scenario" in inputs:
        made = read(inputs["scenario"])
        with context.database(READER) as connection:
            compared = runner.compare(
                connection, pipeline.NAME, _params(inputs), made, progress=tell
            )
        return compared.document()
    with context.database(WRITER if context.publish else READER) as connection:
        try:
            done = runner.run(
                connection,
                pipeline.NAME,
                inputs["area"],
                _params(inputs),
                publish=context.publish,
                progress=tell,
                tiling=_tiling(pipeline, context.scheduler),
            )
        except NoEngine as cause:  # of the operator's network: for the log, not for who asked
            raise RuntimeError(str(cause)) from cause
    return done.document()


def _tiling(pipeline: Pipeline, scheduler: str | None) -> Tiling | None:
    """Return how a job is spread over the cluster of the settings; None: computed here."""
    from processing.distributed import Engine, Tiling  # noqa: PLC0415 - as in `_run`

    if scheduler is None or not getattr(pipeline, "TILED", False):
        return None
    return Tiling(Engine(scheduler=scheduler), keep=False)
