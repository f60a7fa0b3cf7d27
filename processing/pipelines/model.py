"""What a pipeline is. Imports neither numpy nor geopandas: the web process lists pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from layers.model import Language, Text, Value
from processing.errors import BadParameter

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


class Parameter(Value):
    """What a person reads about one parameter; `unit` is a UCUM code."""

    title: Text
    description: Text
    unit: str | None = None


class ParamsBase(BaseModel):
    """Base of the parameters of pipelines: frozen, unknown names are errors, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _split(given: Any) -> Any:
    return [part.strip() for part in given.split(",")] if isinstance(given, str) else given


def _pair(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    return dict(part.strip().partition("=")[::2] for part in given.split(","))


def _sorted[T: (str, int)](given: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(sorted(set(given)))


# Written so, not as `type` statements: those would put references into the JSON Schema.
_K = TypeVar("_K")
_T = TypeVar("_T")

Listed = Annotated[tuple[_T, ...], BeforeValidator(_split)]
"""A list, on a command line `school,clinic`."""

Chosen = Annotated[tuple[_T, ...], BeforeValidator(_split), AfterValidator(_sorted)]
"""A set as a list: order and repetition do not change a result."""

Paired = Annotated[dict[_K, _T], BeforeValidator(_pair)]
"""Numbers by name, on a command line `school=400,shop=600`."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a pipeline gives: one frame per output layer (EPSG:4326, ids as index), and measures.

    `figures` are the main numbers for a summary, `quality` says what was left out, joined or
    unknown; both are JSON values.
    """

    frames: Mapping[str, GeoDataFrame]
    figures: Mapping[str, Any]
    quality: Mapping[str, Any]


class Pipeline(Protocol):
    """A module in this folder; its name is its file's name with hyphens.

    `INPUTS` maps an argument of `compute` to the id of a layer or raster, `OUTPUT` lists the layer
    ids it fills, `PARAMETERS` describes each field of `Params`. `VERSION` changes when results may.
    A module may have `OPTIONAL`, the arguments that are None in an area without that input; `KEYS`,
    which for each output layer names the columns that tell its rows apart in comparisons;
    `PRIVATE`, the arguments that `compute` gets as None in a scenario that changes one of these
    layers, because the difference would tell of single households;
    `PREVIOUS`, the output whose rows of the run before `compute` gets; `TILED`, true when `compute`
    takes `spread` (processing/spread.py) and gives the same bits with and without it; and
    `documents`, a function that makes the reports of a run.
    """

    NAME: str
    VERSION: str
    TITLE: Text
    DESCRIPTION: Text
    INPUTS: Mapping[str, str]
    OUTPUT: tuple[str, ...]
    PARAMETERS: Mapping[str, Parameter]

    @property
    def Params(self) -> type[BaseModel]:  # noqa: N802 - a class of the module
        """The frozen parameters of `compute`."""

    @property
    def compute(self) -> Callable[..., Result]:
        """compute(params, area, **frames and seeds) -> Result: pure and deterministic."""

    @property
    def seeds(self) -> Callable[[], Mapping[str, Any]]:
        """Arguments of `compute` that come from seed tables, not from layers."""


def optional(pipeline: Pipeline) -> frozenset[str]:
    """Return the arguments of `compute` that an area may lack."""
    found: frozenset[str] = getattr(pipeline, "OPTIONAL", frozenset())
    return found


def keys(pipeline: Pipeline, layer_id: str) -> tuple[str, ...]:
    """Return the columns that tell the rows of an output layer apart; none = only its figures."""
    found: Mapping[str, tuple[str, ...]] = getattr(pipeline, "KEYS", {})
    return found.get(layer_id, ())


def private(pipeline: Pipeline, changed: Iterable[str]) -> frozenset[str]:
    """Return the arguments that a scenario which changes these layers may not use."""
    found: Mapping[str, frozenset[str]] = getattr(pipeline, "PRIVATE", {})
    return frozenset(name for name, layers in found.items() if layers & set(changed))


def require_tiled(pipeline: Pipeline) -> None:
    """Raise BadParameter for a pipeline that is not cut into tiles."""
    if not getattr(pipeline, "TILED", False):
        raise BadParameter(
            f"{pipeline.NAME} is not cut into tiles; run it without workers and scheduler"
        )


def read_params(pipeline: Pipeline, given: Mapping[str, Any]) -> BaseModel:
    """Return the checked parameters.

    Raises BadParameter naming the first parameter at fault, its value and what is allowed.
    """
    try:
        return pipeline.Params.model_validate(dict(given))
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        raise BadParameter(_fault(pipeline, detail)) from None


def _fault(pipeline: Pipeline, detail: Mapping[str, Any]) -> str:
    name, *path = [str(part) for part in detail["loc"] if part != "[key]"] or ["parameters"]
    if detail["type"] == "extra_forbidden":
        known = ", ".join(pipeline.Params.model_fields)
        return f"{pipeline.NAME} has no parameter {name!r}; it has {known}"
    where = ".".join([name, *path])
    if detail["type"] == "value_error":
        return f"{where}: {detail['ctx']['error']}"
    unit = pipeline.PARAMETERS[name].unit if name in pipeline.PARAMETERS else None
    said = detail["msg"].removeprefix("Input should be ")
    allowed = f"{said} {unit}" if unit and said[-1:].isdigit() else said
    return f"{where} = {detail['input']!r} is not allowed; it should be {allowed}"


def parameter_schemas(pipeline: Pipeline, language: Language) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every parameter, with title and description in one language.

    The unit stands under `x-ogc-unit`.
    """
    properties = pipeline.Params.model_json_schema()["properties"]
    described: dict[str, dict[str, Any]] = {}
    for name, schema in properties.items():
        about = pipeline.PARAMETERS[name]
        text = {"title": about.title.get(language), "description": about.description.get(language)}
        unit = {"x-ogc-unit": about.unit} if about.unit else {}
        plain = {key: value for key, value in schema.items() if key not in ("title", "description")}
        described[name] = text | plain | unit
    return described
