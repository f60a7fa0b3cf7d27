"""The files of a drafted layer: what a file shows and its metadata say, the rest left open."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import shapely
import yaml
from pydantic import ValidationError

from layers.area import seed_areas
from layers.check_table import SQL_TYPES
from layers.draft.columns import is_nothing
from layers.draft.fields import Drafted, draft_fields
from layers.draft.survey import Example, Survey
from layers.errors import BadValue, DraftExists
from layers.first_style import first_style
from layers.ingest.vector.mapping import MAPPING, FieldMapping, Rules
from layers.ingest.vector.place import BELARUS, REACH_DEG, box
from layers.ingest.vector.values import Convert, converter
from layers.metadata.record import Record, Words
from layers.model import (
    AREA_STRIDE,
    COUNTRY,
    LANGUAGES,
    THEMES,
    Field,
    Language,
    Layer,
    Licence,
    Supplier,
    Text,
    Theme,
)
from layers.placeholder import MARK, placeholder

LANGUAGE_NAMES: dict[Language, str] = {"be": "Belarusian", "ru": "Russian", "en": "English"}
# What has the form of an id; metadata often have a sentence in its place.
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
STATUSES = "official, open, derived or demonstration"


class _Flow(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes YAML as the layers have it: short mappings on a line, lists set in."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


_Dumper.add_representer(
    _Flow,
    lambda dumper, value: dumper.represent_mapping(
        "tag:yaml.org,2002:map", value.items(), flow_style=True
    ),
)


def draft(
    layer_id: str, theme: Theme, survey: Survey, record: Record, *, comments: Sequence[str] = ()
) -> dict[str, str]:
    """Return file name -> text of a layer's folder; `comments` stand at the top of layer.yml."""
    national = _is_national(survey)
    drafted = draft_fields(survey, record, national=national)
    layer = _planned(layer_id, theme, survey, drafted, national=national)
    head = "".join(f"# {' '.join(line.split())}\n" for line in comments)
    return {
        "layer.yml": head + _yaml(_definition(layer, record)),
        "table.sql": _table(layer),
        "style.json": json.dumps(first_style(layer), indent=2, ensure_ascii=False) + "\n",
        "sample.geojson": _sample(layer, survey, drafted, record),
        MAPPING: _yaml(_mapping(drafted, record)),
    }


def _planned(
    layer_id: str, theme: Theme, survey: Survey, drafted: Drafted, *, national: bool
) -> Layer:
    """Return what is known of the layer; its texts and rights are not in it."""
    unsaid = Text(be=MARK, ru=MARK, en=MARK)
    try:
        return Layer(
            id=layer_id,
            theme=theme,
            title=unsaid,
            description=unsaid,
            geometry=survey.geometry,
            scope="national" if national else "area",
            status="derived",
            supplier=Supplier(name=unsaid),
            update_period="irregular",
            licence=Licence(id=MARK, title=MARK),
            attribution=MARK,
            fields=drafted.fields,
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "layer"
        raise BadValue(f"no layer can be drafted so: {where}: {first['msg']}") from None


def require_free(root: Path, layer_id: str) -> None:
    """Raise DraftExists when a root has a folder of that layer already, in whatever theme."""
    for theme in THEMES:
        folder = root / theme / layer_id
        if folder.exists():
            raise DraftExists(
                f"{folder} is there already and is not overwritten; choose another --id or --out,"
                " or take it away"
            )


def write(root: Path, theme: Theme, layer_id: str, files: Mapping[str, str]) -> Path:
    """Write the files into <root>/<theme>/<id>/, which must not be there; return that folder.

    A server that watches the root sees the folder complete. Raises DraftExists.
    """
    require_free(root, layer_id)
    folder = root / theme / layer_id
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # A name with a point is nobody's layer.
        with TemporaryDirectory(dir=folder.parent, prefix=".draft-") as made:
            part = Path(made) / layer_id
            part.mkdir()
            for name, text in files.items():
                (part / name).write_text(text, encoding="utf-8")
            part.rename(folder)
    except OSError as error:
        said = f"{folder} cannot be written ({error.strerror}); name another --out"
        raise DraftExists(said) from None
    return folder


def _is_national(survey: Survey) -> bool:
    """Whether a file spreads over more of the country than a city does."""
    if survey.bbox is None:
        return False
    west, south, east, north = survey.bbox
    wide = east - west > 2 * REACH_DEG[0] or north - south > 2 * REACH_DEG[1]
    inside = BELARUS[0] - 1 < west and east < BELARUS[2] + 1
    return wide and inside and BELARUS[1] - 1 < south and north < BELARUS[3] + 1


def _definition(layer: Layer, record: Record) -> dict[str, Any]:
    licence = record.licence
    return {
        "id": layer.id,
        "theme": layer.theme,
        "title": _texts(record.title, "title"),
        "description": _texts(record.abstract, "what the layer shows and where it comes from"),
        "keywords": list(record.keywords),
        "geometry": layer.geometry,
        "scope": layer.scope,
        "status": record.status or placeholder(STATUSES),
        "supplier": {
            "name": _texts(record.supplier, "who answers for the data"),
            "url": record.supplier_url,
        },
        "legal_basis": None,
        "update_period": record.update_period
        or placeholder("P1Y, P1M or another ISO 8601 duration, irregular, once or continuous"),
        "licence": {
            "id": licence.id
            if licence and _SPDX.fullmatch(licence.id)
            else placeholder("SPDX id of the licence, e.g. CC-BY-4.0"),
            "title": licence.title if licence else placeholder("name of the licence"),
            "url": licence.url if licence else None,
        },
        "attribution": record.attribution or placeholder("the words that the source asks for"),
        "access": record.access or placeholder("open, internal or restricted"),
        "tiles": _Flow(min_zoom=5 if layer.scope == "national" else 10, max_zoom=18),
        "fields": [_field(field) for field in layer.fields],
    }


def _texts(words: Words, what: str) -> dict[str, Any]:
    said = words.said()
    texts = _Flow(
        {one: said.get(one) or placeholder(f"{what} in {LANGUAGE_NAMES[one]}") for one in LANGUAGES}
    )
    return texts if sum(map(len, texts.values())) < 70 else dict(texts)


def _field(field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": field.name,
        "type": field.type,
        "title": _Flow(field.title.model_dump()),
    }
    if field.unit:
        found["unit"] = field.unit
    if field.role:
        found["role"] = field.role
    if field.in_tile:
        found["in_tile"] = True
    if field.codes:
        found["codes"] = [
            _Flow(value=code.value, title=_Flow(code.title.model_dump())) for code in field.codes
        ]
    return found


def _mapping(drafted: Drafted, record: Record) -> dict[str, Any]:
    """Return what mapping.yml says; a load finds coordinates of a table by the same names."""
    found: dict[str, Any] = {"status": record.status or placeholder(f"of the rows: {STATUSES}")}
    if drafted.key:
        found["key"] = [drafted.key]
    found["fields"] = {name: _origin(one) for name, one in drafted.origins.items()}
    if drafted.ignored:
        found["ignore"] = list(drafted.ignored)
    return found


def _origin(one: FieldMapping) -> dict[str, Any]:
    found = {"from": one.source}
    return {**found, "codes": dict(one.codes)} if one.codes else _Flow(found)


def _table(layer: Layer) -> str:
    columns = [("id", "bigint NOT NULL"), ("area", "text NOT NULL")]
    if layer.scope == "area":
        columns += [("soato", "text"), ("status", "text NOT NULL")]
    columns.append(("geom", f"geometry({layer.geometry}, 4326) NOT NULL"))
    # In quotes: a column of a file may be called as a word of SQL is.
    columns += [(f'"{field.name}"', SQL_TYPES[field.type][0]) for field in layer.fields]
    width = max(len(name) for name, _ in columns)
    lines = "".join(f"    {name.ljust(width)} {kind},\n" for name, kind in columns)
    return (
        f"CREATE TABLE IF NOT EXISTS features.{layer.id} (\n{lines}"
        "    PRIMARY KEY (id, area)\n) PARTITION BY LIST (area);\n\n"
        f"CREATE INDEX IF NOT EXISTS {layer.id}_geom"
        f" ON features.{layer.id} USING gist (geom);\n"
    )


def _sample(layer: Layer, survey: Survey, drafted: Drafted, record: Record) -> str:
    area_id, number = _place(layer, survey)
    features = [
        {
            "type": "Feature",
            "id": number * AREA_STRIDE + n,
            "geometry": _shape(layer, one),
            "properties": _standard(layer, area_id, record) | _values(drafted, one),
        }
        for n, one in enumerate(survey.examples, 1)
    ]
    document = {"type": "FeatureCollection", "features": features}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _place(layer: Layer, survey: Survey) -> tuple[str, int]:
    """Return id and number of the city that the file lies in; of a place of its own otherwise."""
    if layer.scope == "national" or survey.bbox is None:
        return COUNTRY, 0
    west, south, east, north = survey.bbox
    lon, lat = (west + east) / 2, (south + north) / 2
    near = []
    for area in seed_areas().values():
        sides = box(area)
        if area.id != COUNTRY and sides[0] <= lon <= sides[2] and sides[1] <= lat <= sides[3]:
            near.append((abs(area.lon - lon) + abs(area.lat - lat), area.id, area.number))
    _, area_id, number = min(near, default=(0, "city", 1))
    return area_id, number


def _standard(layer: Layer, area_id: str, record: Record) -> dict[str, Any]:
    if layer.scope == "national":
        return {}
    return {"area": area_id, "soato": None, "status": record.status or placeholder(STATUSES)}


def _values(drafted: Drafted, one: Example) -> dict[str, Any]:
    found = {}
    for field in drafted.fields:
        given = drafted.origins.get(field.name)
        value = one.values.get(given.source or "") if given else None
        found[field.name] = _value(converter(field, given, Rules()), value)
    return found


def _value(convert: Convert, value: Any) -> Any:
    if is_nothing(value):
        return None
    try:
        found = convert(value)
    except ValueError:
        return None
    return found.isoformat() if isinstance(found, dt.date) else found


def _shape(layer: Layer, one: Example) -> Any:
    shape = shapely.transform(one.shape, lambda points: points.round(7))
    if layer.geometry.startswith("Multi") and not shape.geom_type.startswith("Multi"):
        kinds = {
            "Point": shapely.multipoints,
            "LineString": shapely.multilinestrings,
            "Polygon": shapely.multipolygons,
        }
        shape = kinds[shape.geom_type]([shape])
    return json.loads(shapely.to_geojson(shape))


def _yaml(value: Mapping[str, Any]) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100,
        default_flow_style=False,
    )  # fmt: skip
    return text
