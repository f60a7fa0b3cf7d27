"""Stored scenarios as SQL values: each belongs to a key, and may be shared with everybody."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from layers.model import STORED_SRID
from layers.query import Crs, Query
from layers.scenario import Scenario, read

STATE = "encode(substr(sha256(record_send(s)), 1, 12), 'hex')"
"""What a row holds, as 24 digits."""
COLUMNS = f"s.name, s.document, s.owner, s.shared, s.saved_at, {STATE}"
# What is neither one's own nor shared does not exist; nobody owns what the command line saved.
VISIBLE = "(s.shared OR s.owner = %(caller)s)"


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of `layers.scenario`; `owner` None = the command line saved it."""

    scenario: Scenario
    owner: str | None
    shared: bool
    saved_at: datetime
    state: str

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Stored:
        """Return the stored scenario of a row of COLUMNS."""
        name, document, *rest = row
        return cls(read({"name": name, **document}), *rest)


def one(name: str, caller: str | None) -> Query:
    """Build one scenario that the caller may see: no row or one."""
    text = f"SELECT {COLUMNS} FROM layers.scenario AS s WHERE s.name = %(name)s AND {VISIBLE}"
    return Query(text, {"name": name, "caller": caller})


def page(caller: str | None, limit: int, offset: int) -> Query:
    """Build the scenarios that the caller may see, by name."""
    text = (
        f"SELECT {COLUMNS} FROM layers.scenario AS s WHERE {VISIBLE}"
        " ORDER BY s.name LIMIT %(limit)s OFFSET %(offset)s"
    )
    return Query(text, {"caller": caller, "limit": limit, "offset": offset})


def insert(scenario: Scenario, owner: str, shared: bool) -> Query:
    """Build a new row: its state, or no row when the name is taken."""
    return Query(
        "INSERT INTO layers.scenario AS s (name, area, document, owner, shared)"
        " VALUES (%(name)s, %(area)s, %(document)s::jsonb, %(owner)s, %(shared)s)"
        f" ON CONFLICT (name) DO NOTHING RETURNING {STATE}",
        {**_values(scenario), "owner": owner, "shared": shared},
    )


def update(scenario: Scenario, shared: bool, state: str) -> Query:
    """Build the new content of the row in that state: its new state, or no row."""
    return Query(
        "UPDATE layers.scenario AS s SET area = %(area)s, document = %(document)s::jsonb,"
        " shared = %(shared)s, saved_at = clock_timestamp()"
        f" WHERE s.name = %(name)s AND {STATE} = %(state)s RETURNING {STATE}",
        {**_values(scenario), "shared": shared, "state": state},
    )


def delete(name: str, state: str) -> Query:
    """Build the end of the row in that state: its name, or no row."""
    return Query(
        f"DELETE FROM layers.scenario AS s WHERE s.name = %(name)s AND {STATE} = %(state)s"
        " RETURNING s.name",
        {"name": name, "state": state},
    )


def places(shapes: Iterable[str], crs: Crs) -> Query:
    """Build what is to be known of GeoJSON geometries, in order, in EPSG:4326.

    Rows: (valid, reason, west, south, east, north, GeoJSON).
    """
    shape = f"ST_SetSRID(ST_GeomFromGeoJSON(one), {crs.srid})"
    if crs.srid != STORED_SRID:
        shape = f"ST_Transform({shape}, {STORED_SRID})"
    return Query(
        "SELECT ST_IsValid(g), ST_IsValidReason(g), ST_XMin(g), ST_YMin(g), ST_XMax(g),"
        f" ST_YMax(g), ST_AsGeoJSON(g, 15) FROM (SELECT n, {shape} AS g"
        " FROM jsonb_array_elements(%(shapes)s::jsonb) WITH ORDINALITY AS t (one, n) OFFSET 0) AS s"
        " ORDER BY n",
        {"shapes": f"[{','.join(shapes)}]"},
    )


def _values(scenario: Scenario) -> dict[str, str]:
    document = scenario.model_dump(mode="json", exclude={"name"}, exclude_none=True)
    return {"name": scenario.name, "area": scenario.area, "document": json.dumps(document)}
