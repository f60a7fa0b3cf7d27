"""The formats of answers: their media types, and how callers may name them."""

from __future__ import annotations

from geoportal.ogc.formats.registry import FORMATS

JSON = "application/json"
MEDIA_TYPES = {
    "json": JSON,
    "geojson": "application/geo+json",
    "schema": "application/schema+json",
    "openapi": "application/vnd.oai.openapi+json;version=3.0",
    "html": "text/html; charset=utf-8",
    "mvt": "application/vnd.mapbox-vector-tile",
    "mapbox": "application/vnd.mapbox.style+json",
    "tilejson": "application/vnd.mapbox.tile+json",
    "svg": "image/svg+xml",
    # What a process gives has the media type of the output.
    "raw": JSON,
    "png": "image/png",
    "jpeg": "image/jpeg",
    "sld10": "application/vnd.ogc.sld+xml;version=1.0",
    "sld11": "application/vnd.ogc.sld+xml;version=1.1",
    "geotiff": "image/tiff; application=geotiff",
    "covjson": "application/prs.coverage+json",
    "dcat": "application/ld+json",
    "iso19139": "application/vnd.iso.19139+xml",
} | {name: one.media_type for name, one in FORMATS.items()}
# `f=json` asks for the JSON form of a resource, whatever its exact media type.
SPELLINGS = {
    "sld10": ("sld10", "sld"),
    "png": ("png", "image/png"),
    "jpeg": ("jpeg", "jpg", "image/jpeg"),
    "mapbox": ("mapbox", "json"),
    "geojson": ("json", "geojson"),
    "schema": ("json",),
    "covjson": ("json", "covjson"),
    "geotiff": ("geotiff", "tiff", "tif", "image/tiff"),
    "openapi": ("json",),
    "raw": ("json",),
    "dcat": ("dcat", "json", "jsonld"),
    "iso19139": ("iso19139", "iso", "xml"),
}
RAW = ("text/plain", "application/geo+json", "multipart/related", "image/tiff")
# Media types that a caller may also name for a format.
ALSO = {
    "mapbox": (JSON,),
    "geojson": (JSON,),
    "schema": (JSON,),
    "openapi": (JSON,),
    "raw": RAW,
    "covjson": (JSON,),
    "geotiff": ("image/tiff",),
    "dcat": (JSON,),
    "iso19139": ("application/xml", "text/xml"),
} | {name: one.also for name, one in FORMATS.items()}
