"""Which column of a source goes into which field of a layer, and which go nowhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from layers.errors import RefusedLoad
from layers.ingest.vector.mapping import Coordinates, FieldMapping, Mapping
from layers.ingest.vector.values import converter, folded
from layers.message import Unreadable, message, why
from layers.model import LANGUAGES, Field, Layer

LONGITUDES = (
    "lon", "long", "lng", "longitude", "lon deg", "lon wgs84", "долгота", "даўгата",
)  # fmt: skip
LATITUDES = ("lat", "latitude", "lat deg", "lat wgs84", "широта", "шырата")
EASTS = ("x", "east", "easting", "point x", "coord x", "x coord", "xcoord", "восток", "усход")
NORTHS = ("y", "north", "northing", "point y", "coord y", "y coord", "ycoord", "север", "поўнач")
TEXTS = (
    "wkt", "wkt geom", "geom", "geometry", "the geom", "shape wkt", "геометрия", "геаметрыя",
)  # fmt: skip

DBF_NAME = 10
"""Characters of a column's name that a Shapefile keeps."""


@dataclass(frozen=True)
class Matching:
    """Fields with the columns they come from, `coordinates` of a table without geometry.

    `geographic`: the names of the coordinates say longitude and latitude. `unmapped` are the
    columns that go nowhere.
    """

    columns: dict[str, str]
    given: dict[str, FieldMapping]
    coordinates: Coordinates | None
    geographic: bool
    unmapped: tuple[str, ...]


def match(
    layer: Layer, columns: Sequence[str], mapping: Mapping, *, table: bool, shapefile: bool
) -> Matching:
    """Match columns to fields: as the mapping says, then by equal names, then by titles.

    A file that has none of the columns that the mapping names, and the layer's own names for all of
    them, is what the layer exports: its values are as they shall be.
    `table`: the source has no geometry, so its coordinates are sought too. Raises RefusedLoad when
    a column of the mapping or a required field is missing, or a constant does not fit.
    """
    names = {name: name for name in columns}
    _require_constants(layer, mapping)
    given = _own(mapping, names) or dict(mapping.fields)
    for field, one in given.items():
        if one.source is not None and one.source not in names:
            raise _no_column(one.source, f"fields.{field}", columns)
    found = {f: m.source for f, m in given.items() if m.source is not None}
    used = set(found.values()) | set(mapping.ignore)
    place, geographic = mapping.coordinates, False
    if table and place is None:
        place, geographic = _coordinates([c for c in columns if c not in used])
    for column in _of(place):
        if column not in names:
            raise _no_column(column, "coordinates", columns)
    used |= set(_of(place))
    if mapping.soato and mapping.soato.source:
        if mapping.soato.source not in names:
            raise _no_column(mapping.soato.source, "soato", columns)
        used.add(mapping.soato.source)
    free = [c for c in columns if c not in used]
    found |= _by_names(layer, free, mapping, shapefile=shapefile)
    _require(layer, found, mapping, columns)
    used |= set(found.values())
    rest = tuple(c for c in columns if c not in used)
    return Matching(found, given, place, geographic, rest)


def _own(mapping: Mapping, names: Collection[str]) -> dict[str, FieldMapping] | None:
    """Return the mapping of a file that has the layer's own names, None when it has not."""
    mapped = {f: one for f, one in mapping.fields.items() if one.source is not None}
    if any(one.source in names for one in mapped.values()) or not all(f in names for f in mapped):
        return None
    own = {f: FieldMapping.model_validate({"from": f}) for f in mapped}
    return {**mapping.fields, **own}


def _require_constants(layer: Layer, mapping: Mapping) -> None:
    """Raise RefusedLoad for a constant that its field cannot take."""
    for field in layer.published_fields:
        one = mapping.fields.get(field.name)
        if one is None or one.constant is None:
            continue
        try:
            converter(field, None, mapping.rules)(one.constant)
        except Unreadable as error:
            raise RefusedLoad(
                message(
                    "columns.constant", field=field.name, value=str(one.constant), why=why(error)
                )
            ) from None


def _by_names(
    layer: Layer, free: Sequence[str], mapping: Mapping, *, shapefile: bool
) -> dict[str, str]:
    columns: dict[str, list[str]] = {}
    for column in free:
        columns.setdefault(folded(column), []).append(column)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for way in (_names, _titles, _cut_names if shapefile else _none):
        for field in layer.published_fields:
            # A place's own columns: `area` is what the load is for.
            if field.name == "area" or field.name in found or field.name in mapping.fields:
                continue
            fits = [c for name in way(field) for c in columns.get(name, []) if c not in taken]
            if len(fits) == 1:
                found[field.name] = fits[0]
                taken.add(fits[0])
    return found


def _names(field: Field) -> list[str]:
    return [folded(field.name)]


def _titles(field: Field) -> list[str]:
    return list(dict.fromkeys(folded(field.title.get(lang)) for lang in LANGUAGES))


def _cut_names(field: Field) -> list[str]:
    return [folded(field.name[:DBF_NAME])]


def _none(_field: Field) -> list[str]:
    return []


def _require(layer: Layer, found: dict[str, str], mapping: Mapping, columns: Sequence[str]) -> None:
    own = ("area", "status", "soato")
    there = set(found) | {f for f, m in mapping.fields.items() if m.constant is not None}
    needed = [f.name for f in layer.fields if f.required] + [k for k in mapping.key if k not in own]
    missing = [name for name in dict.fromkeys(needed) if name not in there]
    if missing:
        they = message("columns.they_come" if len(missing) > 1 else "columns.it_comes")
        columns_there = tuple(columns) or (message("columns.none"),)
        raise RefusedLoad(
            message(
                "columns.needed", layer=layer.id, fields=missing, columns=columns_there, they=they
            )
        )


def _coordinates(columns: Sequence[str]) -> tuple[Coordinates | None, bool]:
    by_name = {folded(column): column for column in columns}
    for easts, norths, degrees in ((LONGITUDES, LATITUDES, True), (EASTS, NORTHS, False)):
        x = next((by_name[n] for n in easts if n in by_name), None)
        y = next((by_name[n] for n in norths if n in by_name), None)
        if x and y:
            return Coordinates(x=x, y=y), degrees
    wkt = next((by_name[n] for n in TEXTS if n in by_name), None)
    return (Coordinates(wkt=wkt) if wkt else None), False


def _of(place: Coordinates | None) -> list[str]:
    return [c for c in (place.x, place.y, place.wkt) if c] if place else []


def _no_column(name: str, where: str, columns: Sequence[str]) -> RefusedLoad:
    return RefusedLoad(
        message("columns.not_there", where=where, column=name, columns=list(columns))
    )
