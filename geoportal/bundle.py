"""A place as files that need no server: tiles (PMTiles), features (GeoPackage), styles, README."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pyogrio
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from geoportal.errors import BadParameter
from geoportal.ogc import tilematrixsets as grids
from geoportal.ogc.tilejson import vector_layer
from layers import store
from layers.model import LANGUAGES, Area, Layer
from layers.tile_matrix_set import WEB_MERCATOR_QUAD
from layers.tile_store import make_tile
from layers.tiling import Address
from layers.version import SELECT_VERSIONS, Bbox, Summary, Version

Connection = psycopg.Connection[Any]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are done, of how many."""


@dataclass(frozen=True)
class Published:
    """What a database publishes: layers with data and open access, and their versions."""

    layers: Mapping[str, Layer]
    versions: Sequence[Version]

    @classmethod
    def read(cls, connection: Connection, definitions: Mapping[str, Layer]) -> Published:
        """Return what is published now."""
        found = [Version.from_row(row) for row in connection.execute(SELECT_VERSIONS).fetchall()]
        is_open = {k for k, layer in definitions.items() if layer.access == "open"}
        versions = [v for v in found if v.layer in is_open]
        loaded = {v.layer for v in versions}
        return cls({k: v for k, v in definitions.items() if k in loaded}, versions)

    def of_layer(self, layer_id: str) -> Summary:
        """Return the state of a layer over all areas."""
        return Summary.of(v for v in self.versions if v.layer == layer_id)

    def of_area(self, area_id: str) -> list[Version]:
        """Return what is loaded for an area."""
        return [v for v in self.versions if v.area == area_id]

    def box(self, area_id: str) -> Bbox:
        """Return the box of everything loaded for an area, degrees; raises BadParameter."""
        box = Summary.of(self.of_area(area_id)).bbox
        if box is None:
            raise BadParameter(
                f"Nothing is loaded for the area {area_id!r};"
                f" load it, for example with `geoportal load demo --area {area_id}`."
            )
        return box


def addresses(box: Bbox, first: int, last: int) -> Iterator[Address]:
    """Give the tiles of WebMercatorQuad over a box in degrees, level by level."""
    for limit in grids.limits(WEB_MERCATOR_QUAD, box, first, last):
        for row in range(limit["minTileRow"], limit["maxTileRow"] + 1):
            for col in range(limit["minTileCol"], limit["maxTileCol"] + 1):
                yield Address(WEB_MERCATOR_QUAD, int(limit["tileMatrix"]), row, col)


def count(box: Bbox, first: int, last: int) -> int:
    """Return how many tiles `addresses` gives."""
    return sum(
        (limit["maxTileRow"] - limit["minTileRow"] + 1)
        * (limit["maxTileCol"] - limit["minTileCol"] + 1)
        for limit in grids.limits(WEB_MERCATOR_QUAD, box, first, last)
    )


@dataclass(frozen=True)
class Bundle:
    """What goes into a bundle: the area, the layers drawn in its tiles, and up to which level."""

    area: Area
    published: Published
    drawn: Sequence[Layer]
    max_zoom: int

    @property
    def box(self) -> Bbox:
        """The box of the area's data, degrees."""
        return self.published.box(self.area.id)

    @property
    def stored(self) -> list[Layer]:
        """The layers of the GeoPackage: those loaded for the area."""
        found = {v.layer for v in self.published.of_area(self.area.id)}
        return [layer for layer in self.published.layers.values() if layer.id in found]

    def attribution(self, layer: Layer) -> str:
        """Return whom a layer's use must name."""
        found = [v for v in self.published.versions if v.layer == layer.id]
        return "; ".join(dict.fromkeys(v.attribution or layer.attribution for v in found))


def write(
    connection: Connection,
    bundle: Bundle,
    folder: Path,
    *,
    style: Callable[[str], dict[str, Any]],
    progress: Progress,
) -> list[Path]:
    """Write the bundle into a folder; return its files.

    A file appears when it is complete, and replaces an older one of that name.
    """
    (folder / "styles").mkdir(parents=True, exist_ok=True)
    name = bundle.area.id
    files = [folder / f"{name}.pmtiles", folder / f"{name}.gpkg"]
    _replace(files[0], lambda path: _write_pmtiles(connection, bundle, path, progress))
    _replace(files[1], lambda path: _write_geopackage(connection, bundle, path, progress))
    documents = {f"styles/{layer.id}.json": style(layer.id) for layer in bundle.drawn}
    documents["style.json"] = map_style(bundle, style)
    for file, document in documents.items():
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        _replace(folder / file, partial(_write_text, text))
        files.append(folder / file)
    _replace(folder / "README.md", partial(_write_text, readme(bundle)))
    return [*files, folder / "README.md"]


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    # The ending stays: GDAL wants to see it.
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        make(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def _write_pmtiles(connection: Connection, bundle: Bundle, path: Path, progress: Progress) -> None:
    first = min(layer.tiles.min_zoom for layer in bundle.drawn)
    total = count(bundle.box, first, bundle.max_zoom)
    with path.open("wb") as file:
        writer: Any = Writer(file)  # type: ignore[no-untyped-call]
        written = 0
        for done, at in enumerate(_in_order(bundle, first)):
            progress("tiles", done, total)
            data = b"".join(make_tile(connection, layer, at).data for layer in bundle.drawn)
            if data:
                packed = gzip.compress(data, mtime=0)
                writer.write_tile(_number(at), packed)
                written += 1
        if not written:
            raise BadParameter(f"No layer has anything in the tiles of {bundle.area.id!r}.")
        header = _header(bundle.box) | {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
        }
        writer.finalize(header, _metadata(bundle))


def _in_order(bundle: Bundle, first: int) -> Iterable[Address]:
    """The tiles in the order of the archive, so that neighbours lie side by side."""
    for z in range(first, bundle.max_zoom + 1):
        yield from sorted(addresses(bundle.box, z, z), key=_number)


def _number(at: Address) -> int:
    return int(zxy_to_tileid(at.z, at.col, at.row))


def _header(box: Bbox) -> dict[str, Any]:
    west, south, east, north = (round(degrees * 1e7) for degrees in box)
    return {
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 14,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(bundle: Bundle) -> dict[str, Any]:
    return {
        "name": bundle.area.title.en,
        "type": "overlay",
        "attribution": "; ".join(dict.fromkeys(map(bundle.attribution, bundle.drawn))),
        "vector_layers": [vector_layer(layer, "en") for layer in bundle.drawn],
    }


def _write_geopackage(
    connection: Connection, bundle: Bundle, path: Path, progress: Progress
) -> None:
    for done, layer in enumerate(bundle.stored):
        progress(layer.id, done, len(bundle.stored))
        frame = store.read(connection, layer, area=bundle.area.id)
        geometry = "Unknown" if layer.geometry == "Geometry" else layer.geometry
        pyogrio.write_dataframe(
            # The id goes along as a column too: the key of a GeoPackage starts anew.
            frame.assign(feature_id=frame.index),
            path,
            layer=layer.id,
            driver="GPKG",
            geometry_type=geometry,
            append=done > 0,
            layer_metadata={"attribution": bundle.attribution(layer)},
            layer_options={"IDENTIFIER": layer.title.en, "DESCRIPTION": layer.description.en},
        )


def map_style(bundle: Bundle, style: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return one MapLibre style of all drawn layers over the PMTiles beside it."""
    parts = [
        part | {"source": "bundle", "source-layer": layer.id}
        for layer in sorted(bundle.drawn, key=lambda one: one.order)
        for part in style(layer.id)["layers"]
    ]
    west, south, east, north = bundle.box
    ground = {"id": "ground", "type": "background", "paint": {"background-color": "#f4f1ea"}}
    return {
        "version": 8,
        "name": bundle.area.title.en,
        "center": [(west + east) / 2, (south + north) / 2],
        "zoom": 14,
        "sources": {
            "bundle": {
                "type": "vector",
                "url": f"pmtiles://{bundle.area.id}.pmtiles",
                "attribution": _metadata(bundle)["attribution"],
            }
        },
        "layers": [ground, *parts],
    }


INTRODUCTION = {
    "be": "Файлы геапартала «Разумныя гарады Беларусі». Тайлы: {0}.pmtiles, аб’екты: {0}.gpkg,"
    " стылі MapLibre: style.json і styles/.",
    "ru": "Файлы геопортала «Умные города Беларуси». Тайлы: {0}.pmtiles, объекты: {0}.gpkg,"
    " стили MapLibre: style.json и styles/.",
    "en": "Files of the geoportal “Smart Cities of Belarus”. Tiles: {0}.pmtiles, features:"
    " {0}.gpkg, MapLibre styles: style.json and styles/.",
}


def readme(bundle: Bundle) -> str:
    """Return what a person must know: what the files are, how old, whose data, which licence."""
    area = bundle.area
    lines = [f"# {area.title.be} / {area.title.ru} / {area.title.en}", ""]
    for language in LANGUAGES:
        lines += [INTRODUCTION[language].format(area.id), ""]
    west, south, east, north = bundle.box
    lines += [
        f"Made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; west {west:.5f}, south {south:.5f},"
        f" east {east:.5f}, north {north:.5f} (WGS 84); tiles up to zoom level {bundle.max_zoom}.",
        "",
        "`demonstration` = generated, no measurement of a real place.",
        "",
        "| layer | title | status | rows | version | licence | attribution |",
        "|---|---|---|---|---|---|---|",
    ]
    wanted = {layer.id for layer in (*bundle.drawn, *bundle.stored)}
    for version in bundle.published.versions:
        layer = bundle.published.layers[version.layer]
        if layer.id in wanted and (version.area == area.id or layer.scope == "national"):
            cells = (
                layer.id, layer.title.en, version.status, version.row_count, version.version,
                (version.licence or layer.licence).title, version.attribution or layer.attribution,
            )  # fmt: skip
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"
