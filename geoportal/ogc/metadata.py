"""What is said about a collection as ISO 19139 XML and DCAT-AP JSON-LD: one record, two forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from geoportal.ogc.api import TITLE
from geoportal.ogc.coverage_parameters import extent_of, native_crs
from geoportal.ogc.coverages import TITLE as CELLS
from geoportal.ogc.crs import offered
from geoportal.ogc.enrich import MAP, STATUS_TITLES, attributions, gravest
from geoportal.ogc.formats.registry import FORMATS
from geoportal.ogc.links import TITLES
from geoportal.ogc.request import Answer, OgcRequest
from layers.coverage import Coverage
from layers.metadata.dcat import dcat_document
from layers.metadata.iso import iso_xml
from layers.metadata.record import TOPICS, Attribute, Distribution, Record, Words
from layers.model import LANGUAGES, Area, Language, Layer, Text
from layers.version import Bbox, Summary, Version

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

ISO = "iso19139"
"""The format of the ISO XML; the other one is DCAT."""


@dataclass(frozen=True)
class Place:
    """Where the portal is: its address without `/ogc`, its name."""

    base_url: str
    name: Text

    def collection(self, collection_id: str) -> str:
        """Return the address of a collection."""
        return f"{self.base_url}/ogc/collections/{collection_id}"


def get_metadata(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the metadata of a published layer or raster; raises UnknownLayer."""
    key = ("metadata", collection_id, request.format, request.language)
    if key not in api.documents:
        api.documents[key] = _document(api, request, collection_id)
    return {}, 200, api.documents[key]


def _document(api: Api, request: OgcRequest, collection_id: str) -> Any:
    portal = api.portal
    place = Place(portal.settings.base_url, TITLE)
    if collection_id in portal.coverages:
        record = coverage_record(portal.coverage(collection_id), place, request.language)
    else:
        layer = portal.layer(collection_id)
        versions = [one for (name, _), one in portal.versions.items() if name == layer.id]
        record = layer_record(layer, versions, portal.areas, place, request.language)
    return written(record, request.format, place, request.language)


def written(record: Record, format_: str, place: Place, language: Language) -> Any:
    """Return a record in a form: bytes of ISO 19139 XML, or a DCAT document."""
    # Without a load there is no day that the metadata are of but the present one.
    stamp = record.modified or datetime.now(UTC)
    if format_ == ISO:
        return iso_xml(record, language, stamp)
    return dcat_document(record, place.collection(record.id), language, stamp)


def layer_record(
    layer: Layer,
    versions: Sequence[Version],
    areas: Mapping[str, Area],
    place: Place,
    language: Language,
) -> Record:
    """Return what is known of a layer with what is loaded of it; titles of links in a language."""
    summary = Summary.of(versions)
    base = place.collection(layer.id)
    return Record(
        id=layer.id,
        title=Words.of(layer.title),
        abstract=Words.of(layer.description),
        keywords=layer.keywords,
        topics=(TOPICS[layer.theme],),
        supplier=Words.of(layer.supplier.name),
        supplier_url=layer.supplier.url,
        publisher=Words.of(place.name),
        publisher_url=f"{place.base_url}/",
        licence=layer.licence,
        attribution=attributions(layer, versions),
        access=layer.access,
        legal_basis=Words.of(layer.legal_basis),
        status=gravest({one.status for one in versions} or {layer.status}),
        modified=max((one.loaded_at for one in versions), default=None),
        time_start=summary.time_start,
        time_end=summary.time_end,
        update_period=layer.update_period,
        bbox=summary.bbox,
        crs=_systems(summary.bbox),
        lineage=_lineage(versions, areas),
        representation="vector",
        geometry=layer.geometry,
        row_count=summary.row_count or None,
        fields=tuple(Attribute.of(field) for field in layer.published_fields),
        distributions=tuple(_layer_links(base, language)),
        schema_url=f"{base}/schema?f=json",
    )


def coverage_record(coverage: Coverage, place: Place, language: Language) -> Record:
    """Return what is known of the raster of an area."""
    known, version = coverage.definition, coverage.version
    base, extent = place.collection(coverage.id), extent_of(coverage)
    return Record(
        id=coverage.id,
        title=Words.of(coverage.title),
        abstract=Words.of(known.description),
        topics=(TOPICS[known.theme],),
        supplier=Words.of((version.supplier or known.supplier).name),
        supplier_url=known.supplier.url,
        publisher=Words.of(place.name),
        publisher_url=f"{place.base_url}/",
        licence=version.licence or known.licence,
        attribution=coverage.attribution,
        access="open",
        status=version.status,
        modified=version.loaded_at,
        bbox=extent,
        crs=tuple(dict.fromkeys((native_crs(coverage).uri, *offered(extent)))),
        lineage=_lineage([version], {coverage.area.id: coverage.area}),
        representation="grid",
        fields=(Attribute(known.id, "number", Words.of(known.title), known.unit),),
        distributions=tuple(_coverage_links(base, language)),
    )


def _systems(bbox: Bbox | None) -> tuple[str, ...]:
    return tuple(offered(bbox)) if bbox else ()


def _lineage(versions: Sequence[Version], areas: Mapping[str, Area]) -> Words:
    """Say for every area what it was loaded from, and when."""
    said = {language: "; ".join(_origins(versions, areas, language)) for language in LANGUAGES}
    return Words(**said)


def _origins(
    versions: Iterable[Version], areas: Mapping[str, Area], language: Language
) -> Iterable[str]:
    for one in versions:
        area = areas[one.area].title.get(language) if one.area in areas else one.area
        licence = f", {one.licence.title}" if one.licence else ""
        status = STATUS_TITLES[one.status].get(language)
        yield f"{area}: {one.source} ({status}{licence}), {one.loaded_at.date().isoformat()}"


def _layer_links(base: str, language: Language) -> Iterable[Distribution]:
    items = TITLES["items"].get(language)
    yield Distribution(f"{base}/items?f=json", f"{items} (GeoJSON)", "application/geo+json")
    for one in FORMATS.values():
        kind = one.media_type.partition(";")[0]
        title = one.title.get(language)
        yield Distribution(f"{base}/items?f={one.name}", title, kind, download=True)
    tiles = TITLES["tilesets-vector"].get(language)
    tilejson = "application/vnd.mapbox.tile+json"
    yield Distribution(f"{base}/tiles/WebMercatorQuad?f=tilejson", tiles, tilejson)
    yield Distribution(f"{base}/map", MAP[language], "image/png")


def _coverage_links(base: str, language: Language) -> Iterable[Distribution]:
    cells = CELLS.get(language)
    tiff, covjson = "image/tiff", "application/prs.coverage+json"
    yield Distribution(f"{base}/coverage?f=geotiff", f"{cells} (GeoTIFF)", tiff, download=True)
    yield Distribution(f"{base}/coverage?f=json", f"{cells} (CoverageJSON)", covjson, download=True)
    yield Distribution(f"{base}/map", MAP[language], "image/png")
