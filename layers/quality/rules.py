"""The SQL of each topology rule over `quality_rows (id, g)`: g in metres, valid, indexed.

Every query gives faults as (id, other id or null, size or null, place in metres); the place is
where a person should look. Measures are those of ISO 19157:2013, annex D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from layers.model import Rule

ROWS = "quality_rows"
"""Temporary table: the rows that are checked."""

BESIDE = "quality_beside"
"""Temporary table: the rows of the other layer that a rule names."""

TOUCH_M = 0.001
"""Ends nearer than this meet: coordinates in degrees are kept to about a tenth of a millimetre."""


@dataclass(frozen=True)
class Topology:
    """How a rule is asked, the number of its measure, and what its size is (`m`, `m2`)."""

    measure: int
    said: str
    query: LiteralString
    unit: str = ""


RULES: dict[str, Topology] = {
    "overlap": Topology(
        11,
        "overlaps feature {other} by {size:.1f} m2",
        "SELECT a.id, b.id, ST_Area(x.g), ST_PointOnSurface(x.g)"
        " FROM quality_rows AS a JOIN quality_rows AS b ON a.id < b.id AND a.g && b.g"
        " AND ST_Relate(a.g, b.g, '2********'),"
        " LATERAL (SELECT ST_CollectionExtract(ST_Intersection(a.g, b.g), 3) AS g) AS x"
        " WHERE ST_Area(x.g) > %(limit)s",
        "m2",
    ),
    "gap": Topology(
        25,
        "a gap of {size:.1f} m2 lies beside it",
        # What a closing by the limit fills, and no row covers.
        "SELECT (SELECT r.id FROM quality_rows AS r ORDER BY r.g <-> x.g, r.id LIMIT 1), NULL,"
        " ST_Area(x.g), ST_PointOnSurface(x.g)"
        " FROM (SELECT (ST_Dump(ST_Difference("
        "   ST_Buffer(ST_Buffer(u.g, %(limit)s / 2, 'join=mitre'), -%(limit)s / 2, 'join=mitre'),"
        "   u.g))).geom AS g FROM (SELECT ST_Union(g) AS g FROM quality_rows) AS u) AS x"
        " WHERE ST_Dimension(x.g) = 2 AND NOT ST_IsEmpty(ST_Buffer(x.g, -5 * %(touch)s))"
        " AND EXISTS (SELECT FROM quality_rows AS a JOIN quality_rows AS b ON a.id < b.id"
        "  WHERE ST_DWithin(a.g, x.g, %(touch)s) AND ST_DWithin(b.g, x.g, %(touch)s))",
        "m2",
    ),
    "undershoot": Topology(
        23,
        "its end lies {size:.2f} m off feature {other} and does not meet it",
        "SELECT e.id, n.id, n.distance, e.p FROM"
        " (SELECT id, ST_StartPoint(g) AS p FROM quality_rows"
        "  UNION ALL SELECT id, ST_EndPoint(g) FROM quality_rows) AS e,"
        " LATERAL (SELECT o.id, ST_Distance(o.g, e.p) AS distance FROM quality_rows AS o"
        "  WHERE o.id <> e.id AND ST_DWithin(o.g, e.p, %(limit)s)"
        "  ORDER BY ST_Distance(o.g, e.p), o.id LIMIT 1) AS n"
        " WHERE n.distance > %(touch)s",
        "m",
    ),
    "crossing": Topology(
        21,
        "crosses feature {other} and they have no node there",
        "SELECT a.id, b.id, NULL, ST_PointOnSurface(ST_Intersection(a.g, b.g))"
        " FROM quality_rows AS a JOIN quality_rows AS b ON a.id < b.id AND a.g && b.g"
        " AND ST_Crosses(a.g, b.g) AND ST_Relate(a.g, b.g, '0********')"
        " WHERE NOT (a.apart OR b.apart)",
    ),
    "far": Topology(
        22,
        "lies {size:.1f} m off the nearest feature of {beside}",
        "SELECT r.id, NULL, n.distance, ST_PointOnSurface(r.g) FROM quality_rows AS r"
        " LEFT JOIN LATERAL (SELECT ST_Distance(b.g, r.g) AS distance FROM quality_beside AS b"
        "  ORDER BY b.g <-> r.g LIMIT 1) AS n ON true"
        " WHERE n.distance > %(limit)s",
        "m",
    ),
    "twice": Topology(
        4,
        "has the same shape as feature {other}",
        "SELECT r.id, f.id, NULL, ST_PointOnSurface(r.g) FROM quality_rows AS r"
        " JOIN (SELECT min(id) AS id, ST_AsBinary(ST_Normalize(g)) AS shape FROM quality_rows"
        "  GROUP BY 2 HAVING count(*) > 1) AS f"
        " ON ST_AsBinary(ST_Normalize(r.g)) = f.shape AND r.id <> f.id",
    ),
}


def said(rule: Rule, other: str, size: float | None) -> str:
    """Return what a fault of a rule is in words; `other` is the other feature's name."""
    text = RULES[rule.rule].said
    return text.format(other=other, size=size or 0.0, beside=rule.beside or "")
