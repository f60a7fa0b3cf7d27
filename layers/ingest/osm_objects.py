"""The objects of an extract that may be of use: their tags, places and the shapes of areas.

libosmium writes them as lines of text (OPL, see osmcode.org/opl-file-format), which are read here:
to ask each object for its tags and nodes would take several times as long.
"""

from __future__ import annotations

import ctypes
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import osmium

from layers.ingest.osm_places import KEYS
from layers.ingest.osm_tags import Tags

_ESCAPED = re.compile("%([0-9a-f]+)%")
_OPL = "opl,add_metadata=false"


class Point(NamedTuple):
    """A node; the place is in degrees."""

    id: int
    tags: Tags
    lon: float
    lat: float


class Shape(NamedTuple):
    """An area: that of a closed way (type 1) or of a relation (2), as WKB in lon/lat."""

    type: int
    id: int
    tags: Tags
    wkb: bytes


class Way(NamedTuple):
    """A way with the key `highway`; its nodes as OPL has them, see `osm_cut.Ways`."""

    id: int
    tags: Tags
    nodes: str


def read(file: Path) -> Iterator[Point | Shape | Way]:
    """Yield ways, then nodes and areas with one of KEYS; a ring that crosses itself is no area.

    Raises what pyosmium raises of a file that it cannot read, and ValueError.
    """
    with tempfile.TemporaryDirectory() as folder:
        things, roads = Path(folder) / "things.opl", Path(folder) / "roads.opl"
        shapes = _write(file, things, roads)
        for name, tags, nodes in _lines(roads):
            yield Way(int(name[1:]), _tags(tags), nodes[1:])
        for name, tags, rest in _lines(things):
            number = int(name[1:])
            if name[0] == "n":
                yield Point(number, _tags(tags), *_place(rest))
            elif wkb := shapes.pop(_area_id(name[0], number), None):
                yield Shape(1 if name[0] == "w" else 2, number, _tags(tags), wkb)


def _write(file: Path, things: Path, roads: Path) -> dict[int, bytes]:
    """Write all that has one of KEYS, and the streets with their places; return areas by id."""
    outside_areas = osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION
    streets = osmium.filter.KeyFilter("highway")
    streets.enable_for(outside_areas)
    of_ways = osmium.filter.EntityFilter(osmium.osm.WAY | osmium.osm.AREA)
    wkb = osmium.geom.WKBFactory().create_multipolygon
    with (
        _writer(things, _OPL) as all_writer,
        _writer(roads, f"{_OPL},locations_on_ways=true") as road_writer,
    ):
        objects = osmium.FileProcessor(str(file)).with_areas()
        # Each is handed on by what lets it pass, the writers among them: no node comes to Python.
        for step in (
            osmium.filter.KeyFilter(*KEYS), all_writer, of_ways, streets, road_writer,
            osmium.filter.EntityFilter(osmium.osm.AREA),
        ):  # fmt: skip
            objects = objects.with_filter(step)
        areas: Iterable[Any] = objects
        return {
            area.id: bytes.fromhex(wkb(area))  # GEOS reads digits slowly
            for area in areas
            if area.num_rings()[0]
        }


@contextmanager
def _writer(file: Path, form: str) -> Iterator[osmium.SimpleWriter]:
    writer = osmium.SimpleWriter(osmium.io.File(str(file), form))
    try:
        yield writer
    finally:
        try:
            writer.close()
        except RuntimeError:
            # It could not write (a full disk, a tag that is no UTF-8). Its destructor would try
            # again and end the process, so it is never to be destroyed.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))
            raise


def _area_id(kind: str, number: int) -> int:
    """Return the id that libosmium gives the area of a way or relation."""
    if kind == "w":
        return 2 * number
    return 2 * number + (1 if number >= 0 else -1)


def _lines(file: Path) -> Iterator[list[str]]:
    """Yield type and id, tags, and the rest of each line: `w1`, `Thighway=path`, `Nn1,n2`."""
    with file.open(encoding="utf-8", newline="\n") as opened:
        for line in opened:
            yield line[:-1].split(" ", 2)


def _tags(text: str) -> Tags:
    """Return tags: `Thighway=service,name=A%20%B`."""
    words = text[1:].replace("%20%", " ").replace("=", ",").split(",")
    if "%" in text:
        words = [_ESCAPED.sub(_character, word) if "%" in word else word for word in words]
    each = iter(words)
    return dict(zip(each, each, strict=True))


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _place(text: str) -> tuple[float, float]:
    """Return lon and lat of a node: `x30.4 y54.5`."""
    lon, lat = text[1:].split(" y")
    if lon and lat and abs(float(lon)) <= 180 and abs(float(lat)) <= 90:
        return float(lon), float(lat)
    raise ValueError("invalid location")
