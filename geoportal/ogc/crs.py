"""The coordinate reference systems that requests may name, and the document that tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.errors import BadParameter
from geoportal.ogc.links import self_links
from geoportal.ogc.request import Answer, OgcRequest
from layers.crs import OPERATION_URI, SYSTEMS, Operation, System
from layers.model import Language, Text
from layers.query import CRS84, Crs
from layers.version import Bbox

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

SUPPORTED: dict[str, Crs] = {system.crs.uri: system.crs for system in SYSTEMS}
CURIES: dict[str, Crs] = {f"[{system.code}]": system.crs for system in SYSTEMS}

TITLE = Text(
    be="Сістэмы каардынат", ru="Системы координат", en="Coordinate reference systems"
)  # fmt: skip
DESCRIPTION = Text(
    be="Даныя захоўваюцца ў WGS 84. У кожнай сістэмы адно пераўтварэнне з WGS 84, названае тут;"
    " іншыя праграмы могуць выбраць іншае, для СК-42 гэта да 2 м.",
    ru="Данные хранятся в WGS 84. У каждой системы одно преобразование из WGS 84, названное здесь;"
    " другие программы могут выбрать иное, для СК-42 это до 2 м.",
    en="Data are stored in WGS 84. Each system has one operation from WGS 84, named here; other"
    " programs may choose another one, which for SK-42 makes up to 2 m.",
)


def offered(bbox: Bbox) -> list[str]:
    """Return the systems of a collection with that box: a zone's only where it covers the box.

    A request may name any of SUPPORTED all the same; the list says what is sensible.
    """
    west, _, east, _ = bbox
    return [
        system.crs.uri
        for system in SYSTEMS
        if system.meridians is None or system.meridians[0] <= west <= east <= system.meridians[1]
    ]


def parse_crs(name: str, value: str | None) -> Crs:
    """Return the CRS that a parameter names (a URI, or `[EPSG:...]` as a safe CURIE)."""
    if value is None:
        return CRS84
    found = SUPPORTED.get(value) or CURIES.get(value)
    if found is None:
        known = ", ".join(system.code for system in SYSTEMS)
        raise BadParameter(
            f"Parameter {name}: {value[:80]!r} is not offered; there are {known},"
            f" as addresses like {SYSTEMS[1].crs.uri} (all in /ogc/crs)."
        )
    return found


def get_systems(api: Api, request: OgcRequest) -> Answer:
    """Answer the systems with axes, operation, its accuracy and what a user must know."""
    url = f"{api.base_url}/crs"
    document = {
        "title": TITLE.get(request.language),
        "description": DESCRIPTION.get(request.language),
        "systems": [describe(system, request.language) for system in SYSTEMS],
        "links": self_links(request, url),
    }
    return {}, 200, document


def describe(system: System, language: Language) -> dict[str, Any]:
    """Return one system; `accuracy` in metres, `pipeline` from longitude, latitude (WGS 84)."""
    unit = "metre" if system.crs.metric else "degree"
    return {
        "id": system.crs.uri,
        "code": system.code,
        "name": system.name,
        "axes": [
            {"abbreviation": name, "direction": direction, "unit": unit}
            for name, direction in system.axes
        ],
        "operation": _operation(system.operation) if system.operation else None,
        "pipeline": system.pipeline,
        "warning": system.warning.get(language) if system.warning else None,
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "id": f"{OPERATION_URI}{operation.code}",
        "code": f"EPSG:{operation.code}",
        "name": operation.name,
        "accuracy": operation.accuracy_m,
    }
