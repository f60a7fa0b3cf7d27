"""Plain pygeoapi in this process: its API, configuration and PostgreSQL provider, not ours."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict
from starlette.requests import Request

SCHEMA = "plain"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
TEXT = {"en": "Plain"}
LINK = "http://plain.example/"


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Table:
    """A collection: what its configuration says about it, and the column of its time."""

    about: Mapping[str, Any]
    time_field: str


class Plain:
    """pygeoapi over tables of the schema `plain`."""

    def __init__(self, url: str, tables: Mapping[str, Table], crs: tuple[str, ...]) -> None:
        """`tables` by id; `crs` are the systems that the collections offer."""
        from pygeoapi.api import API
        from pygeoapi.openapi import get_oas

        config = configuration(url, tables, crs)
        self._api = API(config, get_oas(config))

    def get(self, address: str) -> Reply:
        """Answer `/collections/ID`, `/collections/ID/items` or `/collections/ID/items/N`.

        What escapes its handlers is what its web application answers with 500.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it calls what others have deprecated
            try:
                return self._answer(address)
            except Exception as error:  # noqa: BLE001 - any of them is its answer
                return Reply(500, {}, {"description": str(error)})

    def _answer(self, address: str) -> Reply:
        from pygeoapi.api import APIRequest, describe_collections
        from pygeoapi.api.itemtypes import get_collection_item, get_collection_items

        parts = urlsplit(address)
        scope = {
            "type": "http", "method": "GET", "path": parts.path, "headers": [],
            "query_string": parts.query.encode(),
        }  # fmt: skip
        request = APIRequest(Request(scope), self._api.locales)
        _, _, collection, *rest = parts.path.split("/")
        if not rest:
            headers, status, body = describe_collections(self._api, request, collection)
        elif len(rest) == 1:
            headers, status, body = get_collection_items(self._api, request, collection)
        else:
            headers, status, body = get_collection_item(self._api, request, collection, rest[1])
        return Reply(int(status), headers, json.loads(body))


def configuration(url: str, tables: Mapping[str, Table], crs: tuple[str, ...]) -> dict[str, Any]:
    """Return pygeoapi's configuration as its documentation has it."""
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000}, "url": "http://plain.example",
            "mimetype": "application/json; charset=UTF-8", "encoding": "utf-8", "gzip": False,
            "languages": ["en-US"], "pretty_print": False,
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": LINK, "attribution": "none"},
        },
        "logging": {"level": "CRITICAL"},
        "metadata": {
            "identification": {
                "title": TEXT, "description": TEXT, "keywords": {"en": ["plain"]},
                "keywords_type": "theme", "terms_of_service": LINK, "url": LINK,
            },
            "license": {"name": "none", "url": LINK},
            "provider": {"name": "plain", "url": LINK},
            "contact": {"name": "plain", "email": "nobody@localhost"},
        },
        "resources": {
            name: _collection(url, name, table, crs) for name, table in tables.items()
        },
    }  # fmt: skip


def _collection(url: str, name: str, table: Table, crs: tuple[str, ...]) -> dict[str, Any]:
    given = conninfo_to_dict(url)
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {
            "host": given["host"], "port": int(given.get("port") or 5432),
            "dbname": given["dbname"], "user": given["user"],
            "password": given.get("password") or "", "search_path": [SCHEMA, "public"],
        },
        "id_field": "id",
        "table": name,
        "time_field": table.time_field,
        "geom_field": "geom",
        "crs": list(crs),
        "storage_crs": CRS84,
    }  # fmt: skip
    return {"type": "collection", "links": [], **table.about, "providers": [provider]}
