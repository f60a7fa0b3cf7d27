"""The SQL of each topology rule over `quality_rows (id, g, ends)`, g in metres.

Where a rule looks at all rows, g is valid and `ends` is filled; others make valid what they use.
`ends` are both ends of a line: lines are split at nodes, so these are its nodes.
Every query gives faults as (id, other id or null, size or null, place in metres); the place is
where a person should look. Measures are those of ISO 19157:2013, annex D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, LiteralString

from layers.message import Message, message
from layers.model import Rule

ROWS = "quality_rows"
"""Temporary table: the rows that are checked."""

BESIDE = "quality_beside"
"""Temporary table: the rows of the other layer that a rule names."""

TOUCH_M = 0.001
"""Ends nearer than this meet: coordinates in degrees are kept to about a tenth of a millimetre."""


@dataclass(frozen=True)
class Topology:
    """How a rule is asked, and the number of its measure.

    `mutual`: both features of a fault are at fault, whichever has the lower id. `among` says where
    to look: at all rows by their index, at the pairs whose boxes have more in common than the limit
    (`first`, `second`), or at the rows whose box is that of another (`first`).
    """

    measure: int
    query: LiteralString
    mutual: bool = False
    among: Literal["all", "sharing", "repeated"] = "all"


def valid(shape: LiteralString) -> LiteralString:
    """Return SQL for a shape that is valid, the shape itself where it is."""
    return f"CASE WHEN ST_IsValid({shape}) THEN {shape} ELSE ST_MakeValid({shape}) END"


RULES: dict[str, Topology] = {
    "overlap": Topology(
        11,
        "WITH p AS MATERIALIZED (SELECT a.id, a.g, b.id AS other, b.g AS og"  # noqa: S608 - constants
        "  FROM unnest(%(first)s::bigint[], %(second)s::bigint[]) AS p (a, b)"
        "  JOIN quality_rows AS a ON a.id = p.a JOIN quality_rows AS b ON b.id = p.b)"
        " SELECT p.id, p.other, ST_Area(x.g), ST_PointOnSurface(x.g) FROM p,"
        f" LATERAL (SELECT {valid('p.g')} AS a, {valid('p.og')} AS b OFFSET 0) AS v,"
        " LATERAL (SELECT ST_CollectionExtract(ST_Intersection(v.a, v.b), 3) AS g) AS x"
        " WHERE ST_Relate(v.a, v.b, '2********') AND ST_Area(x.g) > %(limit)s",
        mutual=True,
        among="sharing",
    ),
    "gap": Topology(
        25,
        # What a closing by the limit fills, and no row covers.
        "SELECT (SELECT r.id FROM quality_rows AS r ORDER BY r.g <-> x.g, r.id LIMIT 1), NULL,"
        " ST_Area(x.g), ST_PointOnSurface(x.g)"
        " FROM (SELECT (ST_Dump(ST_Difference("
        "   ST_Buffer(ST_Buffer(u.g, %(limit)s / 2, 'join=mitre'), -%(limit)s / 2, 'join=mitre'),"
        "   u.g))).geom AS g FROM (SELECT ST_Union(g) AS g FROM quality_rows) AS u) AS x"
        " WHERE ST_Dimension(x.g) = 2 AND NOT ST_IsEmpty(ST_Buffer(x.g, -5 * %(touch)s))"
        " AND EXISTS (SELECT FROM quality_rows AS a JOIN quality_rows AS b ON a.id < b.id"
        "  WHERE ST_DWithin(a.g, x.g, %(touch)s) AND ST_DWithin(b.g, x.g, %(touch)s))",
    ),
    "gap_within": Topology(
        25,
        "SELECT (SELECT r.id FROM quality_rows AS r ORDER BY r.g <-> x.g, r.id LIMIT 1), NULL,"
        " ST_Area(x.g), ST_PointOnSurface(x.g)"
        " FROM (SELECT (ST_Dump(ST_Difference(w.g, u.g))).geom AS g"
        "  FROM (SELECT ST_Union(g) AS g FROM quality_rows) AS u,"
        "  (SELECT ST_Union(g) AS g FROM quality_beside) AS w) AS x"
        " WHERE ST_Dimension(x.g) = 2 AND ST_Area(x.g) > greatest(%(limit)s, 0.01)",
    ),
    "undershoot": Topology(
        23,
        "SELECT e.id, n.id, n.distance, x.p FROM quality_rows AS e,"
        " LATERAL (SELECT geom AS p FROM ST_Dump(e.ends)) AS x,"
        " LATERAL (SELECT o.id, ST_Distance(o.g, x.p) AS distance FROM quality_rows AS o"
        "  WHERE o.id <> e.id AND ST_DWithin(o.g, x.p, %(limit)s)"
        "  ORDER BY ST_Distance(o.g, x.p), o.id LIMIT 1) AS n"
        " WHERE n.distance > %(touch)s",
    ),
    "crossing": Topology(
        21,
        # Where two lines cross, or one ends on the other, both must end; once for each pair.
        "SELECT DISTINCT ON (f.a, f.b) f.a, f.b, NULL, f.p FROM ("
        " SELECT a.id AS a, b.id AS b, x.geom AS p FROM quality_rows AS a"
        "  JOIN quality_rows AS b ON a.id < b.id AND a.g && b.g AND NOT (a.apart OR b.apart),"
        "  LATERAL ST_Dump(ST_CollectionExtract(ST_Intersection(a.g, b.g), 1)) AS x"
        "  WHERE NOT (ST_DWithin(a.ends, x.geom, %(touch)s)"
        "   AND ST_DWithin(b.ends, x.geom, %(touch)s))"
        " UNION ALL"
        " SELECT least(e.id, b.id), greatest(e.id, b.id), x.geom FROM quality_rows AS e,"
        "  LATERAL ST_Dump(e.ends) AS x, quality_rows AS b"
        "  WHERE e.id <> b.id AND NOT (e.apart OR b.apart)"
        "  AND ST_DWithin(b.g, x.geom, %(touch)s) AND NOT ST_DWithin(b.ends, x.geom, %(touch)s)"
        ") AS f ORDER BY f.a, f.b, ST_X(f.p), ST_Y(f.p)",
        mutual=True,
    ),
    "far": Topology(
        10,
        "SELECT r.id, NULL, n.distance, ST_PointOnSurface(r.g) FROM quality_rows AS r"
        " CROSS JOIN LATERAL (SELECT ST_Distance(b.g, r.g) AS distance FROM quality_beside AS b"
        "  ORDER BY b.g <-> r.g LIMIT 1) AS n"
        " WHERE n.distance > %(limit)s",
    ),
    "twice": Topology(
        4,
        "WITH r AS MATERIALIZED (SELECT s.id, m.g,"  # noqa: S608 - constants
        "  ST_AsBinary(ST_Normalize(m.g)) AS shape"
        f"  FROM quality_rows AS s, LATERAL (SELECT {valid('s.g')} AS g OFFSET 0) AS m"
        "  WHERE s.id = ANY(%(first)s::bigint[]))"
        " SELECT r.id, f.id, NULL, ST_PointOnSurface(r.g) FROM r"
        " JOIN (SELECT min(id) AS id, shape FROM r GROUP BY shape HAVING count(*) > 1) AS f"
        " ON r.shape = f.shape AND r.id <> f.id",
        among="repeated",
    ),
}


def said(rule: Rule, other: str, size: float | None) -> Message:
    """Return what a fault of a rule is; `other` is the other feature's name."""
    code = f"rule.{rule.rule}"
    if rule.rule in ("crossing", "twice"):
        return message(code, other=other)
    if rule.rule == "far":
        return message(code, size=size, beside=rule.beside)
    return message(code, size=size) if rule.rule == "gap" else message(code, other=other, size=size)
