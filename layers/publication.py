"""Published definitions: rows of the database that every server process of every host follows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from layers.errors import BadLayerFile
from layers.model import Layer

SELECT_PUBLICATIONS = (
    "SELECT layer, definition::text, style::text, revision, relation, tiled FROM layers.definition"
    " WHERE definition IS NOT NULL ORDER BY layer"
)
"""The published definitions; a row goes to `Publication.from_row`."""

SELECT_STATE = (
    "SELECT concat(layers.state(), ';', (SELECT string_agg("
    "concat_ws(' ', raster, area, xmin, ctid), ',' ORDER BY raster, area) FROM layers.raster),"
    " ';', (SELECT string_agg(concat_ws(' ', source, succeeded_at, failed_at, held), ','"
    " ORDER BY source) FROM layers.source_run))"
)
"""One text that any change of a definition, a version, a raster or a source changes."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A published definition with its style (MapLibre style document).

    `revision` grows with every change. `relation` names the table behind a layer that is a view
    over it; `tiled` is the version that its side table of tiles was made from.
    """

    layer: Layer
    style: dict[str, Any]
    revision: int
    relation: str | None = None
    tiled: int | None = None

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Publication:
        """Make one from a row of SELECT_PUBLICATIONS; raises BadLayerFile when it is not ours."""
        layer_id, definition, style, revision, relation, tiled = row
        try:
            layer = _layer(definition)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise BadLayerFile(
                f"the published definition of {layer_id} is of another release ({where}:"
                f" {error.errors()[0]['msg']}); run `geoportal db migrate`"
            ) from None
        return cls(layer, json.loads(style), revision, relation, tiled)


@lru_cache(maxsize=1024)
def _layer(definition: str) -> Layer:
    # One object as long as nothing changes: caches on the hot path then know it by identity, and to
    # compare two of them field by field takes longer than the rest of their work.
    return Layer.model_validate_json(definition)


def record(conn: Connection, layer: Layer, style: dict[str, Any]) -> bool:
    """Write what the servers publish of a layer that has its tables; tell whether it is new."""
    values = {"layer": layer.id, "definition": _json(layer), "style": Jsonb(style)}
    with conn.transaction():
        done = conn.execute(
            "UPDATE layers.definition SET definition = %(definition)s, style = %(style)s,"
            " revision = nextval('layers.version_number') WHERE layer = %(layer)s"
            " AND (definition, style) IS DISTINCT FROM (%(definition)s::jsonb, %(style)s::jsonb)",
            values,
        )
        return done.rowcount > 0


def withdraw(conn: Connection, layer_id: str) -> bool:
    """Stop publishing a layer of a folder; its rows stay until its tables are made anew."""
    with conn.transaction():
        done = conn.execute(
            "UPDATE layers.definition SET definition = NULL, style = NULL"
            " WHERE layer = %s AND relation IS NULL AND definition IS NOT NULL",
            (layer_id,),
        )
        return done.rowcount > 0


def _json(layer: Layer) -> Jsonb:
    return Jsonb(layer.model_dump(mode="json"))
