"""The coordinate reference systems that requests may name."""

from __future__ import annotations

from geoportal.errors import BadParameter
from layers.query import CRS84, Crs

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"

SUPPORTED: dict[str, Crs] = {
    crs.uri: crs
    for crs in (
        CRS84,
        Crs(EPSG + "4326", 4326, flip=True),
        Crs(EPSG + "3857", 3857, metric=True),
        Crs(EPSG + "32634", 32634, metric=True),
        Crs(EPSG + "32635", 32635, metric=True),
        Crs(EPSG + "32636", 32636, metric=True),
        Crs(EPSG + "3035", 3035, flip=True, metric=True),
    )
}


def parse_crs(name: str, value: str | None) -> Crs:
    """Return the CRS that a parameter names (a URI, or `[EPSG:...]` as a safe CURIE)."""
    if value is None:
        return CRS84
    uri = value
    if value.startswith("[EPSG:") and value.endswith("]"):
        uri = EPSG + value[6:-1]
    try:
        return SUPPORTED[uri]
    except KeyError:
        raise BadParameter(
            f"Parameter {name}: {value[:80]!r} is not offered; there are {', '.join(SUPPORTED)}."
        ) from None
