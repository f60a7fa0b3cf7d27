"""What a collection document says beyond upstream's: status, supplier, licence, sources, styles."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from geoportal.ogc.crs import TITLE as CRS_TITLE
from geoportal.ogc.formats.registry import export_links
from geoportal.ogc.links import adopt, link, map_tilesets_link
from geoportal.ogc.media_types import MEDIA_TYPES
from geoportal.ogc.quality import quality_link
from geoportal.portal import Portal
from geoportal.web.format import MINSK
from layers.currency import Currency
from layers.model import STANDARD_FIELDS, Language, Layer, Status, Text
from layers.version import Version

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
STYLES = REL + "styles"
STYLES_TITLE = Text(be="Стылі", ru="Стили", en="Styles")
SORTABLES: dict[Language, str] = {
    "be": "Уласцівасці для парадку", "ru": "Свойства для порядка", "en": "Sortables",
}  # fmt: skip
MAP: dict[Language, str] = {"be": "Карта калекцыі", "ru": "Карта коллекции", "en": "Map"}
METADATA = Text(be="Метаданыя", ru="Метаданные", en="Metadata")
AS_OF = Text(be="па стане на {date}", ru="по состоянию на {date}", en="as of {date}")
LAST_TRY_FAILED = Text(
    be="апошняя спроба абнаўлення {date} не ўдалася",
    ru="последняя попытка обновления {date} не удалась",
    en="the last try of {date} to update it failed",
)
HELD = Text(
    be="новыя даныя ад {date} чакаюць праверкі: зніклі б занадта многія аб’екты",
    ru="новые данные от {date} ждут проверки: исчезло бы слишком много объектов",
    en="newer data of {date} are held for review: too many features would vanish",
)
STATUS_TITLES: dict[str, Text] = {c.value: c.title for f in STANDARD_FIELDS for c in f.codes}
# The one that a reader must know first wins when areas differ.
GRAVEST: tuple[Status, ...] = ("demonstration", "derived", "open", "official")


def enrich(
    document: dict[str, Any], portal: Portal, layer: Layer, language: Language
) -> dict[str, Any]:
    """Return the collection document with status, supplier, licence, attribution, update period."""
    sources = [v for (name, _), v in portal.versions.items() if name == layer.id]
    status = status_of(portal, layer)
    summary = portal.summaries[layer.id]
    return document | {
        "links": adopt(document["links"], language) + _links(portal, layer, language),
        "theme": layer.theme,
        "status": status,
        "statusTitle": STATUS_TITLES[status].get(language),
        "supplier": {"name": layer.supplier.name.get(language), "url": layer.supplier.url},
        "legalBasis": layer.legal_basis.get(language) if layer.legal_basis else None,
        "updatePeriod": layer.update_period,
        "licence": layer.licence.model_dump(),
        "attribution": attribution(portal, layer),
        "itemCount": summary.row_count,
        "geometryType": layer.geometry,
        "sources": [
            {
                "area": v.area,
                "areaTitle": portal.areas[v.area].title.get(language),
                "status": v.status,
                "statusTitle": STATUS_TITLES[v.status].get(language),
                "source": v.source,
                "supplier": v.supplier.name.get(language) if v.supplier else None,
                "licence": v.licence.model_dump() if v.licence else None,
                "attribution": v.attribution,
                "loadedAt": v.loaded_at.isoformat(),
                "rows": v.row_count,
                "version": v.version,
            }
            for v in sources
        ],
        **currency_document(portal.currencies.get(layer.id), sources, language),
    }


def currency_document(
    currency: Currency | None, versions: Collection[Version], language: Language
) -> dict[str, Any]:
    """Return as of when a layer is that of its origin; nothing for one without a schedule."""
    if currency is None:
        return {}
    # Before the first fetch that succeeded, what was loaded by hand is served.
    as_of = currency.as_of or max((v.loaded_at for v in versions), default=None)
    failed = currency.failed_at
    said = [(AS_OF, as_of)] if as_of else []
    said += [(HELD if currency.held else LAST_TRY_FAILED, failed)] if failed else []
    words = (text.get(language).format(date=_day(when)) for text, when in said)
    return {
        "currency": {
            "asOf": as_of.isoformat() if as_of else None,
            "failedAt": failed.isoformat() if failed else None,
            "held": currency.held,
            "text": "; ".join(words),
        }
    }


def _day(when: datetime) -> str:
    return when.astimezone(MINSK).date().isoformat()


def status_of(portal: Portal, layer: Layer) -> Status:
    """Return the status of a layer: of what is loaded, the gravest where areas differ."""
    found = {v.status for (name, _), v in portal.versions.items() if name == layer.id}
    return gravest(found or {layer.status})


def gravest(statuses: Collection[Status]) -> Status:
    """Return the status that a reader must know first."""
    return next(status for status in GRAVEST if status in statuses)


def attribution(portal: Portal, layer: Layer) -> str:
    """Return the attribution of a layer: of what is loaded, else of its definition."""
    found = [v for (name, _), v in portal.versions.items() if name == layer.id]
    return attributions(layer, found)


def attributions(layer: Layer, versions: Iterable[Version]) -> str:
    """Return the attributions of what is loaded of a layer, each once."""
    found = [version.attribution for version in versions]
    return "; ".join(dict.fromkeys(a or layer.attribution for a in found)) or layer.attribution


def metadata_links(base: str, language: Language) -> list[dict[str, Any]]:
    """Return the links to the metadata of the collection with that address."""
    title = METADATA.get(language)
    return [
        link(f"{base}/metadata?f={name}", "describedby", MEDIA_TYPES[name], f"{title} ({spoken})")
        for name, spoken in (("iso19139", "ISO 19139"), ("dcat", "DCAT-AP"))
    ]


def _links(portal: Portal, layer: Layer, language: Language) -> list[dict[str, Any]]:
    """What upstream does not link to: licence, tiles, exports, sortables, reference systems."""
    root = f"{portal.settings.base_url}/ogc"
    base = f"{root}/collections/{layer.id}"
    tile = "/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}?f=mvt"
    sortables = f"{base}/sortables", REL + "sortables", "application/schema+json"
    return [
        *_licence_links(layer),
        quality_link(base, language),
        link(f"{base}/map", REL + "map", "image/png", MAP[language]),
        map_tilesets_link(base, language),
        link(base + tile, "item", "application/vnd.mapbox-vector-tile") | {"templated": True},
        *export_links(f"{base}/items", "", "items", language),
        link(*sortables, SORTABLES[language]),
        link(f"{base}/styles", STYLES, "application/json", STYLES_TITLE.get(language)),
        link(f"{root}/crs", "describedby", "application/json", CRS_TITLE.get(language)),
        *metadata_links(base, language),
    ]


def _licence_links(layer: Layer) -> list[dict[str, Any]]:
    if layer.licence.url is None:
        return []
    return [link(layer.licence.url, "license", "text/html", layer.licence.title)]
