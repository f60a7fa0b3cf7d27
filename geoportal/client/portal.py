"""A geoportal as an analyst sees it: collections, items, processes, maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime as moment
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import pandas as pd

from geoportal.client.connection import Connection, Reply
from geoportal.client.errors import ClientError, NotReachable
from geoportal.client.frames import CRS84, crs_uri, frame_of

if TYPE_CHECKING:
    import geopandas as gpd

    from geoportal.client.map import OfflineMap

PAGE = 5_000
"""Features asked for at a time."""

TIMEOUT_S = 130.0
"""A little more than a server gives a computation by default."""


@dataclass(frozen=True)
class Geoportal:
    """One geoportal; `root` is the address of its API, `timeout_s` the longest any call takes."""

    root: str
    language: str = "en"
    timeout_s: float = TIMEOUT_S

    @classmethod
    def open(cls, url: str, *, language: str = "en", timeout_s: float = TIMEOUT_S) -> Self:
        """Return the geoportal at an address such as http://127.0.0.1:8000.

        Texts come in `language`: be, ru or en. Raises NotReachable when no geoportal is there.
        """
        home = url.rstrip("/")
        root = home if home.endswith("/ogc") else f"{home}/ogc"
        portal = cls(root, language, timeout_s)
        found = portal._connect().get("").document
        links = found.get("links", []) if isinstance(found, dict) else []
        if not any(link.get("rel") == "data" for link in links):
            raise NotReachable(f"{root} answers, but it is no geoportal: it names no collections.")
        return portal

    def collections(self) -> pd.DataFrame:
        """Return what there is: one row per collection, its id as index; a raster has no items."""
        found = self._connect().get("/collections").document["collections"]
        rows = [
            {
                "title": one["title"],
                "theme": one["theme"],
                "status": one["statusTitle"],
                "geometry": one.get("geometryType"),
                "items": one.get("itemCount"),
                "supplier": one["supplier"]["name"],
                "licence": one["licence"]["title"],
                "update_period": one.get("updatePeriod"),
            }
            for one in found
        ]
        return pd.DataFrame(rows, index=pd.Index([one["id"] for one in found], name="id"))

    def items(
        self,
        collection_id: str,
        *,
        bbox: Sequence[float] | None = None,
        datetime: str | None = None,
        limit: int | None = None,
        crs: int | str | None = None,
        **properties: Any,
    ) -> gpd.GeoDataFrame:
        """Return the features of a collection, page after page, all within `timeout_s`.

        `bbox` is west, south, east, north in degrees; `datetime` an instant or `start/end`; `limit`
        the most features, None = all; `crs` a number such as 32636, None = EPSG:4326; any property
        takes the value that it must have: `items("buildings", kind="school")`.

        The index holds the feature ids, `attrs["source"]` where the rows come from and under what
        licence. Raises ClientError, e.g. RequestRefused for an unknown property.
        """
        if limit is not None and limit < 1:
            raise ClientError(f"limit = {limit}: ask for at least one feature, or None for all.")
        asked = {name: _parameter(value) for name, value in properties.items()}
        if bbox is not None:
            asked["bbox"] = ",".join(repr(float(number)) for number in bbox)
        if datetime is not None:
            asked["datetime"] = datetime
        if crs is not None:
            asked["crs"] = crs_uri(crs)
        asked["limit"] = str(PAGE if limit is None else min(limit, PAGE))
        connection = self._connect()
        path = f"/collections/{quote(collection_id, safe='')}"
        about = connection.get(path).document
        schema = connection.get(f"{path}/schema").document
        pages = list(_pages(connection, f"{path}/items", asked, limit))
        features = [feature for page in pages for feature in page.document["features"]][:limit]
        uri = _content_crs(pages[0])
        frame = frame_of(features, schema["properties"], uri)
        frame.attrs["source"] = _source(about, pages[0], uri)
        return frame

    def process(self, process_id: str) -> Process:
        """Return a process by its id; raises RequestRefused when there is none."""
        path = f"/processes/{quote(process_id, safe='')}"
        return Process(self, path, MappingProxyType(self._connect().get(path).document))

    def map(self, frame: gpd.GeoDataFrame, column: str | None = None, **look: Any) -> OfflineMap:
        """Return a map of a frame that needs no internet; see `geoportal.client.map.draw`."""
        from geoportal.client.map import draw  # noqa: PLC0415 - folium is only needed here

        return draw(frame, column, **look)

    def _connect(self) -> Connection:
        return Connection(self.root, language=self.language, timeout_s=self.timeout_s)


@dataclass(frozen=True)
class Outputs:
    """What an execution gave: the figures of `summary`, and the layers as frames (EPSG:4326)."""

    summary: Mapping[str, Any]
    frames: Mapping[str, gpd.GeoDataFrame]


@dataclass(frozen=True)
class Process:
    """A computation that the geoportal offers; `description` is its OGC process description."""

    portal: Geoportal
    path: str
    description: Mapping[str, Any]

    def inputs(self) -> pd.DataFrame:
        """Return what may be given to `run`: one row per input, its name as index."""
        inputs = self.description["inputs"]
        rows = [
            {
                "title": about["title"],
                "required": about.get("minOccurs", 1) > 0,
                "default": about["schema"].get("default"),
                "unit": about["schema"].get("x-ogc-unit"),
                "description": about["description"],
            }
            for about in inputs.values()
        ]
        return pd.DataFrame(rows, index=pd.Index(list(inputs), name="input"))

    def run(self, **inputs: Any) -> Outputs:
        """Compute and return the outputs; what is published stays as it is.

        Raises RequestRefused when an input is wrong or nothing can be computed.
        """
        connection = self.portal._connect()
        reply = connection.post(f"{self.path}/execution", {"inputs": inputs})
        # OGC API Processes: an object stands in a document with its media type.
        found = {
            name: one["value"] if isinstance(one, dict) and "mediaType" in one else one
            for name, one in reply.document.items()
        }
        summary = found["summary"]
        source = {
            "url": reply.url,
            "retrieved": _now(),
            "title": self.description["title"],
            "status": summary["status"],
            "crs": CRS84,
        }
        frames = {}
        for name, value in found.items():
            if isinstance(value, dict) and value.get("type") == "FeatureCollection":
                schema = connection.get(f"/collections/{name}/schema").document
                frames[name] = frame_of(value["features"], schema["properties"])
                frames[name].attrs["source"] = dict(source)
        return Outputs(summary, frames)


def _parameter(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pages(
    connection: Connection, path: str, asked: Mapping[str, str], limit: int | None
) -> Iterator[Reply]:
    """Walk the `next` links until there is none or `limit` features are there."""
    page, count = connection.get(path, asked), 0
    while True:
        yield page
        count += len(page.document["features"])
        links = [link for link in page.document["links"] if link["rel"] == "next"]
        # An empty page with a next link would be walked until the deadline.
        enough = not page.document["features"] or (limit is not None and count >= limit)
        if enough or not links:
            return
        page = connection.follow(links[0]["href"])


def _content_crs(page: Reply) -> str:
    return page.headers.get("Content-Crs", CRS84).strip("<> ")


def _source(about: Mapping[str, Any], page: Reply, uri: str) -> dict[str, Any]:
    return {
        "url": page.url,
        "retrieved": _now(),
        "title": about["title"],
        "status": about["status"],
        "licence": about["licence"]["title"],
        "attribution": about["attribution"],
        "crs": uri,
    }


def _now() -> str:
    return moment.now(UTC).isoformat(timespec="seconds")
