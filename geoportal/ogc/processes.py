"""Processes: the pipelines, described in the caller's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.errors import NoSuchProcess
from geoportal.ogc.links import link, self_links
from geoportal.ogc.parameters import parse_limit
from geoportal.ogc.request import Answer, OgcRequest
from layers.model import Language, Text
from processing.pipelines import PIPELINES, Pipeline, parameter_schemas
from processing.pipelines.model import optional

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

CONFORMANCE_CLASSES = [
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/ogc-process-description",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/oas30",
]

EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
FEATURES = {"type": "object", "contentMediaType": "application/geo+json"}

AREA = Text(be="Тэрыторыя", ru="Территория", en="Area")
AREA_HELP = Text(
    be="Тэрыторыя, для якой загружаны слаі.",
    ru="Территория, для которой загружены слои.",
    en="An area that layers are loaded for.",
)
SUMMARY = Text(be="Вынікі па відах", ru="Итоги по видам", en="Summary by class")


def find(process_id: str) -> Pipeline:
    """Return a pipeline; raises NoSuchProcess."""
    if process_id not in PIPELINES:
        raise NoSuchProcess(f"There is no process {process_id[:80]!r}.")
    return PIPELINES[process_id]


def _summary(api: Api, request: OgcRequest, process: Pipeline) -> dict[str, Any]:
    url = f"{api.base_url}/processes/{process.NAME}"
    title = process.TITLE.get(request.language)
    return {
        "id": process.NAME,
        "version": process.VERSION,
        "title": title,
        "description": process.DESCRIPTION.get(request.language),
        "jobControlOptions": ["sync-execute"],
        "outputTransmission": ["value"],
        "links": [
            *self_links(request, url),
            link(f"{url}/execution", EXECUTE, "application/json", title),
        ],
    }


def get_processes(api: Api, request: OgcRequest) -> Answer:
    """Answer the list of processes."""
    most = parse_limit(request.param("limit"), 1000) if request.param("limit") else 1000
    found = [_summary(api, request, process) for process in PIPELINES.values()][:most]
    links = self_links(request, f"{api.base_url}/processes")
    return {}, 200, {"processes": found, "links": links}


def get_process(api: Api, request: OgcRequest, process_id: str) -> Answer:
    """Answer the description of a process with the schemas of its inputs and outputs."""
    process = find(process_id)
    language = request.language
    document = _summary(api, request, process) | {
        "inputs": _inputs(api, process, language),
        "outputs": _outputs(api, process, language),
    }
    return {}, 200, document


def _inputs(api: Api, process: Pipeline, language: Language) -> dict[str, Any]:
    # Only where every input layer is loaded that no area may lack can there be a result.
    may_lack = optional(process)
    needed = {layer for argument, layer in process.INPUTS.items() if argument not in may_lack}
    loaded = api.portal.versions
    areas = [a for a in api.portal.areas if all((layer, a) in loaded for layer in needed)]
    found: dict[str, Any] = {
        "area": {
            "title": AREA.get(language),
            "description": AREA_HELP.get(language),
            "minOccurs": 1,
            "maxOccurs": 1,
            "schema": {"type": "string", "enum": areas},
        }
    }
    for name, schema in parameter_schemas(process, language).items():
        described = {k: schema.pop(k) for k in ("title", "description") if k in schema}
        found[name] = {**described, "minOccurs": 0, "maxOccurs": 1, "schema": schema}
    return found


def _outputs(api: Api, process: Pipeline, language: Language) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": {"title": SUMMARY.get(language), "schema": {"type": "object"}}
    }
    for layer_id in process.OUTPUT:
        layer = api.portal.definitions[layer_id]
        found[layer_id] = {
            "title": layer.title.get(language),
            "description": layer.description.get(language),
            "schema": FEATURES,
        }
    return found
