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


@dataclass(frozen=True)
class Topology:
    """How a rule is asked, and the number of its measure.

    `mutual`: both features of a fault are at fault, whichever has the lower id. `among` says where
    to look: at all rows by their index, at the pairs whose boxes have more in common than the limit
    (`first`, `second`), or at the rows whose box is that of another (`first`). `network` names what
    of all lines is looked at (`layers.quality.lines.Network`): pairs that may meet without a node
    (`first`, `second`), or ends (`end` of `first`) near another line (`second`).
    """

    measure: int
    query: LiteralString
    mutual: bool = False
    among: Literal["all", "sharing", "repeated"] = "all"
    network: Literal["crossing", "loose"] | None = None

    @property
    def indexed(self) -> bool:
        """True when the query looks for rows by their place."""
        return self.among == "all" and self.network is None


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
        # What a closing by the limit fills, and no row covers. A mitre reaches five times as far at
        # most, so rows farther apart are closed apart: GEOS takes the square of their number.
        "SELECT (SELECT r.id FROM quality_rows AS r ORDER BY r.g <-> x.g, r.id LIMIT 1), NULL,"
        " ST_Area(x.g), ST_PointOnSurface(x.g)"
        " FROM (SELECT (ST_Dump(ST_Difference("
        "   ST_Buffer(ST_Buffer(u.g, %(limit)s / 2, 'join=mitre mitre_limit=5'), -%(limit)s / 2,"
        "    'join=mitre mitre_limit=5'), u.g))).geom AS g"
        "  FROM (SELECT ST_Union(g) AS g FROM (SELECT g, ST_ClusterDBSCAN(g, 5 * %(limit)s, 1)"
        "   OVER () AS part FROM quality_rows) AS c GROUP BY part HAVING count(*) > 1) AS u) AS x"
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
        "WITH p AS MATERIALIZED (SELECT e.id, x.number, o.id AS other,"
        "  ST_Distance(o.g, ST_GeometryN(e.ends, x.number)) AS distance,"
        "  ST_GeometryN(e.ends, x.number) AS place"
        "  FROM unnest(%(first)s::bigint[], %(second)s::bigint[], %(end)s::int[])"
        "   AS x (line, other, number)"
        "  JOIN quality_rows AS e ON e.id = x.line JOIN quality_rows AS o ON o.id = x.other)"
        " SELECT n.id, n.other, n.distance, n.place FROM (SELECT DISTINCT ON (id, number) *"
        "  FROM p WHERE distance <= %(limit)s ORDER BY id, number, distance, other) AS n"
        " WHERE n.distance > %(touch)s",
        network="loose",
    ),
    "crossing": Topology(
        21,
        # Where two lines cross, or one ends on the other, both must end; once for each pair.
        "WITH p AS MATERIALIZED (SELECT a.id AS a, a.g AS ag, a.ends AS aends,"
        "  b.id AS b, b.g AS bg, b.ends AS bends"
        "  FROM unnest(%(first)s::bigint[], %(second)s::bigint[]) AS p (a, b)"
        "  JOIN quality_rows AS a ON a.id = p.a JOIN quality_rows AS b ON b.id = p.b)"
        " SELECT DISTINCT ON (f.a, f.b) f.a, f.b, NULL, f.p FROM ("
        " SELECT a, b, x.geom AS p FROM p,"
        "  LATERAL ST_Dump(ST_CollectionExtract(ST_Intersection(ag, bg), 1)) AS x"
        "  WHERE NOT (ST_DWithin(aends, x.geom, %(touch)s)"
        "   AND ST_DWithin(bends, x.geom, %(touch)s))"
        " UNION ALL SELECT a, b, x.geom FROM p, LATERAL ST_Dump(aends) AS x"
        "  WHERE ST_DWithin(bg, x.geom, %(touch)s) AND NOT ST_DWithin(bends, x.geom, %(touch)s)"
        " UNION ALL SELECT a, b, x.geom FROM p, LATERAL ST_Dump(bends) AS x"
        "  WHERE ST_DWithin(ag, x.geom, %(touch)s) AND NOT ST_DWithin(aends, x.geom, %(touch)s)"
        ") AS f ORDER BY f.a, f.b, ST_X(f.p), ST_Y(f.p)",
        mutual=True,
        network="crossing",
    ),
    "far": Topology(
        10,
        # The nearest takes four times as long to find as any that is near enough.
        "SELECT r.id, NULL, n.distance, ST_PointOnSurface(r.g) FROM"
        " (SELECT id, g FROM quality_rows AS q WHERE NOT EXISTS (SELECT FROM quality_beside AS b"
        "   WHERE ST_DWithin(b.g, q.g, %(limit)s)) OFFSET 0) AS r"
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
