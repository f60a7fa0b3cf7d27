"""SOATO codes by the name of a place, or by where a feature lies."""

from __future__ import annotations

import re
from collections.abc import Mapping

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers.ingest.vector.values import folded
from layers.message import Unreadable
from layers.model import LANGUAGES
from layers.seed import raions, settlements

_KIND = re.compile(
    r"^(г\.?\s?п|г|гор|город|горад|аг|агрогородок|аграгарадок|д|дер|деревня|в|вёска|веска|п|пос"
    r"|посёлок|поселок|пасёлак|пасёлак)(\.\s*|\s+)"
)


def plain(name: str) -> str:
    """Return the name of a place as names are compared: without its kind, case and ё."""
    return _KIND.sub("", folded(name)).strip()


def codes_by_name(conn: Connection) -> dict[str, str | None]:
    """Return SOATO codes by plain name, of the database and the seed tables; None = ambiguous."""
    found: dict[str, set[str]] = {}
    places = [(s.name, s.soato) for s in settlements().values()]
    for title, code in [*places, *((r.name, r.soato) for r in raions())]:
        for language in LANGUAGES if code else ():
            found.setdefault(plain(title.get(language)), set()).add(code)
    query = sql.SQL(
        "SELECT soato, name_be, name_ru, name_en FROM features.{} WHERE soato IS NOT NULL"
    )
    with conn.cursor(row_factory=tuple_row) as cursor:
        for layer in ("settlements", "admin_units"):
            rows = cursor.execute(query.format(sql.Identifier(layer))).fetchall()
            for soato, *names in rows:
                for name in filter(None, names):
                    found.setdefault(plain(name), set()).add(soato)
    return {name: min(codes) if len(codes) == 1 else None for name, codes in found.items()}


def by_name(name: str, codes: Mapping[str, str | None]) -> str:
    """Return the code of a place; raises Unreadable when it is unknown or there are several."""
    found = codes.get(plain(name), "")
    if found is None:
        raise Unreadable("soato.several")
    if not found:
        raise Unreadable("soato.unknown")
    return found


def fill_by_place(conn: Connection, table: str) -> int:
    """Write into staged rows the code of the smallest unit around them; return how many have none.

    A feature belongs to where a point inside it lies.
    """
    with conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            sql.SQL(
                "UPDATE {} AS t SET soato = (SELECT u.soato FROM features.admin_units AS u"
                " WHERE u.soato IS NOT NULL AND ST_Covers(u.geom, ST_PointOnSurface(t.geom))"
                " ORDER BY ST_Area(u.geom), u.id LIMIT 1)"
            ).format(sql.Identifier("staging", table))
        )
        row = cursor.execute(
            sql.SQL("SELECT count(*) FROM {} WHERE soato IS NULL").format(
                sql.Identifier("staging", table)
            )
        ).fetchone()
    return int(row[0]) if row else 0
