"""The formats of exports: how they are asked for, what they are called, how they are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

from layers.model import Language, Text


@dataclass(frozen=True, slots=True)
class Format:
    """One format: `name` is its `f=`, `also` are media types that mean it, too.

    `made` says where: as text by the database while it is sent, or as a file by a child process.
    """

    name: str
    media_type: str
    suffix: str
    made: Literal["text", "file"]
    title: Text
    also: tuple[str, ...] = ()


def _one(title: str) -> Text:
    return Text(be=title, ru=title, en=title)


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format(
            "csv", "text/csv; charset=utf-8", "csv", "text",
            Text(be="CSV для табліц", ru="CSV для таблиц", en="CSV for spreadsheets"),
        ),
        Format("gpkg", "application/geopackage+sqlite3", "gpkg", "file", _one("GeoPackage")),
        Format(
            "shp", "application/zip", "zip", "file", _one("Shapefile (ZIP)"),
            ("application/x-shapefile",),
        ),
        Format("kml", "application/vnd.google-earth.kml+xml", "kml", "text", _one("KML")),
        Format(
            "fgb", "application/flatgeobuf", "fgb", "file", _one("FlatGeobuf"),
            ("application/vnd.flatgeobuf",),
        ),
        Format(
            "parquet", "application/vnd.apache.parquet", "parquet", "file", _one("GeoParquet"),
            ("application/x-parquet",),
        ),
        Format(
            "geojsonseq", "application/geo+json-seq", "geojsonl", "text",
            Text(
                be="GeoJSON, аб’ект за аб’ектам",
                ru="GeoJSON, объект за объектом",
                en="GeoJSON text sequence",
            ),
        ),
        Format("jsonfg", "application/vnd.ogc.fg+json", "json", "text", _one("JSON-FG")),
    )
}  # fmt: skip

NAMES = tuple(FORMATS)


@lru_cache(maxsize=1024)
@lru_cache(maxsize=512)  # the same for every page of a query
def export_links(
    items: str, query: str, rel: str, language: Language
) -> tuple[dict[str, str], ...]:
    """Return a link to every export of `items` with the given query (`a=b&c=d`, no `f`)."""
    join = f"?{query}&f=" if query else "?f="
    return tuple(
        {
            "href": f"{items}{join}{one.name}",
            "rel": rel,
            "type": one.media_type.partition(";")[0],
            "title": one.title.get(language),
        }
        for one in FORMATS.values()
    )


def disposition(stem: str, title: str, date: str, suffix: str) -> str:
    """Return the Content-Disposition of a file: a plain name, and one in the caller's language.

    `stem` is ASCII; what a file name cannot hold on common systems is left out of `title`.
    """
    spoken = "".join(c for c in title if c.isprintable() and c not in '\\/:*?"<>|%;').strip()[:80]
    named = quote(f"{spoken or stem} {date}.{suffix}", safe="")
    return f"attachment; filename=\"{stem}-{date}.{suffix}\"; filename*=UTF-8''{named}"
