"""Stock pygeoapi on the same table: its configuration and OpenAPI files, in its own words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.errors import ServerFailed
from benchmarks.place import LAYER, PLAIN, Place

GENERATE_S = 120

TEXT = {"en": "Benchmark"}
LINK = "http://127.0.0.1/"


def prepare(place: Place, folder: Path, port: int) -> dict[str, str]:
    """Write the two files into a folder; return the variables that name them."""
    config, openapi = folder / "pygeoapi-config.json", folder / "pygeoapi-openapi.json"
    # Every JSON document is YAML, which is what pygeoapi reads.
    config.write_text(json.dumps(configuration(place, port)))
    environ = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    command = [sys.executable, "-c", "from pygeoapi import cli; cli()"]
    command += ["openapi", "generate", str(config), "--format", "json"]
    command += ["--output-file", str(openapi)]
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=GENERATE_S, check=False
    )
    if done.returncode or not openapi.exists():
        raise ServerFailed(f"pygeoapi makes no OpenAPI document: {done.stderr.strip()[-500:]}")
    return environ


def configuration(place: Place, port: int) -> dict[str, Any]:
    """Return pygeoapi's configuration: one collection, items and vector tiles from PostGIS."""
    url = f"http://127.0.0.1:{port}"
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,
            "languages": ["en-US"],
            "pretty_print": False,
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": f"{url}/none", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": TEXT, "description": TEXT, "keywords": {"en": ["benchmark"]},
                "keywords_type": "theme", "terms_of_service": LINK, "url": LINK,
            },
            "license": {"name": "none", "url": LINK},
            "provider": {"name": "benchmark", "url": LINK},
            "contact": {"name": "benchmark", "email": "nobody@localhost"},
        },
        "resources": {LAYER: _collection(place)},
    }  # fmt: skip


def _collection(place: Place) -> dict[str, Any]:
    table = {
        "data": {
            "host": str(place.socket_folder), "dbname": place.name, "user": place.user,
            "password": "", "search_path": [PLAIN, "public"],
        },
        "id_field": "id",
        "table": LAYER,
        "geom_field": "geom",
    }  # fmt: skip
    return {
        "type": "collection",
        "title": TEXT,
        "description": TEXT,
        "keywords": {"en": ["benchmark"]},
        "links": [],
        "extents": {"spatial": {"bbox": [23, 51, 33, 57], "crs": CRS84}},
        "providers": [
            {"type": "feature", "name": "PostgreSQL", **table},
            {
                "type": "tile",
                "name": "MVT-postgresql",
                **table,
                "options": {"zoom": {"min": 0, "max": 22}},
                "format": {"name": "pbf", "mimetype": "application/vnd.mapbox-vector-tile"},
            },
        ],
    }


CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
