"""The reports of what was loaded into a layer: counts, measures, rules, faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from geoportal.ogc.links import link, self_links
from geoportal.ogc.request import Answer, OgcRequest
from layers.load_reports import asked, in_words
from layers.model import Language, Rule, Text

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

TITLE = Text(be="Якасць даных", ru="Качество данных", en="Quality of the data")
FAULTS = Text(be="Памылкі на карце", ru="Ошибки на карте", en="Faults on the map")
SHOWN = 500
"""How many findings of the newest report are shown one by one; totals count all of them."""


async def get_quality(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the kept reports of loads of a layer or a coverage, the newest first.

    Raises UnknownLayer.
    """
    if collection_id in api.portal.coverages:
        coverage = api.portal.coverage(collection_id)
        name, area, titles = coverage.definition.id, coverage.area.id, coverage.title
        rules: tuple[Rule, ...] = ()
    else:
        layer = api.portal.layer(collection_id)
        name, area, titles, rules = layer.id, None, layer.title, layer.quality
    rows = await api.portal.database.rows(asked(name, area, findings=SHOWN))
    title = titles.get(request.language)
    url = f"{api.base_url}/collections/{collection_id}"
    return (
        {},
        200,
        {
            "title": f"{TITLE.get(request.language)}: {title}",
            "collection": collection_id,
            "collectionTitle": title,
            "rules": [one.model_dump(exclude_none=True) for one in rules],
            "reports": [_report(api, orjson.loads(row[0]), request.language) for row in rows],
            "links": [
                *self_links(request, f"{url}/quality"),
                link(url, "collection", "application/json", title),
                *_faults(api, name, request.language),
            ],
        },
    )


def _report(api: Api, kept: Mapping[str, Any], language: Language) -> dict[str, Any]:
    area = api.portal.areas.get(kept["area"])
    title = area.title.get(language) if area else kept["area"]
    return in_words(kept, language) | {"areaTitle": title}


def _faults(api: Api, layer_id: str, language: Language) -> list[dict[str, Any]]:
    if "load_faults" not in api.portal.layers:
        return []
    items = f"{api.base_url}/collections/load_faults/items?layer={layer_id}"
    return [link(items, "related", "application/geo+json", FAULTS.get(language))]


def quality_link(url: str, language: Language) -> dict[str, Any]:
    """Return the link to the reports of the layer at `url`."""
    return link(f"{url}/quality", "describedby", "application/json", TITLE.get(language))
