"""Processes: described in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from geoportal.errors import NoSuchProcess
from geoportal.ogc.links import link, self_links
from geoportal.ogc.parameters import parse_limit
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.portal import Portal
from geoportal.processes.model import Input, Process
from layers.model import Language, Text

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

CONFORMANCE_CLASSES = [
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in (
        "core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss",
    )
]  # fmt: skip

EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
MODES = ("sync-execute", "async-execute", "dismiss")
TRANSMISSION = ("value", "reference")


def find(portal: Portal, process_id: str) -> Process:
    """Return a process; raises NoSuchProcess."""
    try:
        return portal.processes[process_id]
    except KeyError:
        raise NoSuchProcess(f"There is no process {process_id[:80]!r}.") from None


def inputs_of(portal: Portal, process: Process, language: Language) -> Mapping[str, Input]:
    """Return the inputs as they are now: the areas follow from what is loaded."""
    loaded: dict[str, set[str]] = {}
    for layer, area in portal.versions:
        loaded.setdefault(layer, set()).add(area)
    return process.inputs({k: frozenset(v) for k, v in loaded.items()}, language)


def _summary(api: Api, request: OgcRequest, process: Process) -> dict[str, Any]:
    url = f"{api.base_url}/processes/{process.id}"
    title = process.title.get(request.language)
    return {
        "id": process.id,
        "version": process.version,
        "title": title,
        "description": process.description.get(request.language),
        "jobControlOptions": list(MODES),
        "outputTransmission": list(TRANSMISSION),
        "links": [
            *self_links(request, url),
            link(f"{url}/execution", EXECUTE, "application/json", title),
        ],
    }


def get_processes(api: Api, request: OgcRequest) -> Answer:
    """Answer the list of processes."""
    most = parse_limit(request.param("limit"), 1000) if request.param("limit") else 1000
    known = list(api.portal.processes.values())[:most]
    links = self_links(request, f"{api.base_url}/processes")
    found = [_summary(api, request, process) for process in known]
    return {}, 200, {"processes": found, "links": links}


def get_process(api: Api, request: OgcRequest, process_id: str) -> Answer:
    """Answer the description of a process with the schemas of its inputs and outputs."""
    process = find(api.portal, process_id)
    language = request.language
    inputs = {
        name: _text(one.title, one.description, language)
        | {"minOccurs": one.least, "maxOccurs": one.most, "schema": one.schema}
        for name, one in inputs_of(api.portal, process, language).items()
    }
    outputs = {
        name: _text(one.title, one.description, language) | {"schema": one.schema}
        for name, one in process.outputs().items()
    }
    document = _summary(api, request, process) | {"inputs": inputs, "outputs": outputs}
    return {}, 200, document


def _text(title: Text, description: Text | None, language: Language) -> dict[str, Any]:
    found = {"title": title.get(language)}
    return found | ({"description": description.get(language)} if description else {})
