"""The quality of the rows of a table: its measures, and the layer's rules asked of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers.extents import Extents
from layers.ingest.vector.finding import Action, Finding, called
from layers.model import HULL, Area, Layer, Rule
from layers.quality import lines
from layers.quality.boxes import Meeting, placed, read
from layers.quality.lines import TOUCH_M, Network
from layers.quality.measures import measures
from layers.quality.result import Measured, Quality, Ruled, Verdict
from layers.quality.rules import BESIDE, ROWS, RULES, Topology, said, valid

KEPT = 1_000
"""How many faults of one rule are named one by one; all of them are counted."""

Names = Callable[[Collection[int]], Mapping[int, str]]

Looked = tuple[Meeting | None, Network | None]
"""Where the rules look that need not look at all rows."""

_ENDS = "ST_Collect(ST_StartPoint(moved.g), ST_EndPoint(moved.g))"


@dataclass(frozen=True)
class Known:
    """What need not be read of rows: how many they are, their measures, and which may be at fault.

    `meeting` is asked when the rules are; None from it, and it being None, says nothing. `names`
    gives rows by their id the name that they have in a file, when they are of one.
    """

    count: int
    measures: tuple[Measured, ...]
    meeting: Callable[[], Meeting | None] | None = None
    names: Names | None = None


def check(
    conn: Connection,
    layer: Layer,
    table: sql.Identifier,
    area: Area,
    known: Known | None = None,
) -> Quality:
    """Return the quality of the rows of an area in a table that has the layer's columns.

    The table is that of a load before its swap or `features.<layer>`; lengths and areas are
    measured in the metric CRS of the area. Changes nothing; needs the right to make temporary
    tables.
    """
    where = sql.SQL("area = {}").format(sql.Literal(area.id))
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        known = known or _known(conn, layer, table, where)
        count = known.count
        if not (count and layer.quality):
            return Quality(count, known.measures)
        met = known.meeting() if known.meeting else None
        _place(cursor, layer, table, area, met)
        met = met or _meeting(cursor, layer)
        network = _network(conn, layer)
        looked = (met, network)
        found = [_ask(cursor, rule, area, known, looked) for rule in layer.quality]
        cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier("pg_temp", ROWS)))
    rules, findings = zip(*found, strict=True)
    named = tuple(one for part in findings for one in part)
    return Quality(count, known.measures, rules, named, by_file=known.names is not None)


def _known(conn: Connection, layer: Layer, table: sql.Identifier, where: sql.Composable) -> Known:
    with conn.cursor(row_factory=tuple_row) as cursor:
        query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(table, where)
        (count,) = cursor.execute(query).fetchone() or (0,)
    return Known(count, measures(conn, layer, table, where, count))


def meeting(layer: Layer, area: Area, extents: Extents) -> Meeting | None:
    """Return where the rules look among rows of these extents, None when only their table tells.

    That is so for a rule that looks at all rows, and outside UTM.
    """
    ways = {_topology(rule).among for rule in layer.quality}
    blocks = placed(extents, area.lon)
    if not ways or "all" in ways or blocks is None or not _is_utm(area.srid):
        return None
    return Meeting.of(blocks, _least(layer))


def _is_utm(srid: int) -> bool:
    return 32_601 <= srid <= 32_660 or 32_701 <= srid <= 32_760


def _place(
    cursor: Any, layer: Layer, table: sql.Identifier, area: Area, met: Meeting | None
) -> None:
    """Lay the rows out in metres, with an index where a rule asks for all.

    Those only that may be at fault, where these are known.
    """
    names = {name for rule in layer.quality for name in rule.apart}
    apart = sql.SQL(" OR ").join(
        sql.SQL("coalesce({}, false)").format(sql.Identifier(name)) for name in sorted(names)
    )
    title = layer.with_role("title")
    whole = any(_topology(rule).among == "all" for rule in layer.quality)
    made = sql.SQL(
        "CREATE TEMPORARY TABLE {rows} ON COMMIT DROP AS"
        " SELECT id, {valid} AS g, {ends} AS ends, ({apart}) AS apart, {title}::text AS title"
        " FROM {table}, LATERAL (SELECT ST_Transform(geom, {srid}::int) OFFSET 0) AS moved (g)"
        " WHERE area = {area}{some}"
    ).format(
        rows=sql.Identifier(ROWS),
        # A rule that looks at few rows makes them valid itself.
        valid=sql.SQL(valid("moved.g") if whole else "moved.g"),
        ends=sql.SQL(_ENDS if whole else "NULL::geometry"),
        srid=sql.Literal(area.srid),
        apart=apart if names else sql.SQL("false"),
        title=sql.Identifier(title.name) if title else sql.NULL,
        table=table,
        area=sql.Literal(area.id),
        some=sql.SQL("" if met is None else " AND id = ANY(%s)"),
    )
    cursor.execute(made, None if met is None else (met.ids.tolist(),))
    if any(_topology(rule).indexed for rule in layer.quality):
        _index(cursor, ROWS)


def _index(cursor: Any, table: str) -> None:
    name = sql.Identifier(table)
    cursor.execute(sql.SQL("CREATE INDEX ON {} USING gist (g)").format(name))
    cursor.execute(sql.SQL("ANALYZE {}").format(name))


def _topology(rule: Rule) -> Topology:
    return RULES["gap_within" if rule.within else rule.rule]


def _meeting(cursor: Any, layer: Layer) -> Meeting | None:
    """Return where the rules look that need not look at all rows, None when no rule is such."""
    ways = {_topology(rule).among for rule in layer.quality}
    if ways <= {"all"}:
        return None
    return Meeting.of(read(cursor, sql.Identifier(ROWS)), _least(layer))


def _network(conn: Connection, layer: Layer) -> Network | None:
    """Return where the rules look that are asked of a network of lines."""
    limits = [rule.limit for rule in layer.quality if _topology(rule).network]
    return Network.of(lines.read(conn, sql.Identifier(ROWS)), max(limits)) if limits else None


def _among(rule: Rule, meeting: Meeting | None, network: Network | None) -> dict[str, list[int]]:
    topology = _topology(rule)
    if topology.network and network:
        found = network.crossing if topology.network == "crossing" else network.loose
        names = ("first", "second", "end")[: len(found)]
        return {name: ids.tolist() for name, ids in zip(names, found, strict=True)}
    way = topology.among
    if way == "all" or meeting is None:
        return {}
    if way == "repeated":
        return {"first": meeting.repeated.tolist()}
    return {"first": meeting.first.tolist(), "second": meeting.second.tolist()}


def _least(layer: Layer) -> float:
    """Return the least area (m2) that two features may not share."""
    limits = [rule.limit for rule in layer.quality if _topology(rule).among == "sharing"]
    return min(limits, default=math.inf)


def _ask(
    cursor: Any, rule: Rule, area: Area, known: Known, looked: Looked
) -> tuple[Ruled, list[Finding]]:
    topology, count = _topology(rule), known.count
    other = rule.beside or rule.within
    if other and not _place_beside(cursor, other, area):
        return Ruled(rule.rule, topology.measure, 0, 0, 0, "unchecked"), []
    query = sql.SQL(
        "WITH f (id, other, size, place) AS MATERIALIZED ({asked}),"
        " n AS (SELECT count(*) AS faults, (SELECT count(DISTINCT id) FROM (SELECT id FROM f"
        "  UNION ALL SELECT other::bigint FROM f WHERE %(mutual)s) AS each) AS faulty FROM f)"
        " SELECT n.faults, n.faulty, f.id, r.title, f.other, o.title, f.size,"
        " ST_X(ST_Transform(f.place, 4326)), ST_Y(ST_Transform(f.place, 4326))"
        " FROM n LEFT JOIN LATERAL"
        " (SELECT * FROM f ORDER BY id, other LIMIT %(kept)s) AS f ON true"
        " LEFT JOIN quality_rows AS r ON r.id = f.id"
        " LEFT JOIN quality_rows AS o ON o.id = f.other::bigint ORDER BY f.id, f.other"
    ).format(asked=sql.SQL(topology.query))
    values = {"limit": rule.limit, "touch": TOUCH_M, "kept": KEPT, "mutual": topology.mutual}
    rows = cursor.execute(query, values | _among(rule, *looked)).fetchall()
    faults, faulty = rows[0][:2]
    verdict = _verdict(rule, faulty, faulty / count)
    told = [row[2:] for row in rows if row[2] is not None]
    findings = _findings(rule, "refused" if verdict == "refuse" else "noted", told, known.names)
    return Ruled(rule.rule, topology.measure, count, faulty, faults, verdict), findings


def _findings(
    rule: Rule, action: Action, rows: Sequence[tuple[Any, ...]], names: Names | None
) -> list[Finding]:
    """Return the faults (id, title, the other's id and title, size, lon, lat) as findings."""
    ids = {n for row in rows for n in (row[0], row[2]) if n is not None}
    known = names(ids) if names and ids else {}
    found = []
    for feature, title, other, other_title, size, lon, lat in rows:
        met = called(known[other], other_title) if names and other else str(other)
        told = said(rule, met, size)
        where = {"lon": lon, "lat": lat}
        name = known[feature] if names else str(feature)
        found.append(Finding(f"rule.{rule.rule}", name, action, value=title, message=told, **where))
    return found


def _place_beside(cursor: Any, other: str, area: Area) -> bool:
    """Lay out the layer that a rule looks at, or the hull; tell whether anything is there."""
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("pg_temp", BESIDE)))
    source = sql.SQL("SELECT ST_ConvexHull(ST_Collect(g)) AS g FROM {}").format(
        sql.Identifier(ROWS)
    )
    if other != HULL:
        cursor.execute("SELECT to_regclass(%s)", (f"features.{other}",))
        if cursor.fetchone()[0] is None:
            return False
        source = sql.SQL(
            "SELECT ST_Transform(geom, {srid}::int) AS g FROM {table}"
            " WHERE area = {area} AND geom IS NOT NULL"
        ).format(
            srid=sql.Literal(area.srid),
            table=sql.Identifier("features", other),
            area=sql.Literal(area.id),
        )
    made = sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS {}")
    found = cursor.execute(made.format(sql.Identifier(BESIDE), source)).rowcount
    _index(cursor, BESIDE)
    return bool(found)


def _verdict(rule: Rule, faulty: int, share: float) -> Verdict:
    if share > rule.refuse_share or _more(faulty, rule.refuse_count):
        return "refuse"
    return "warn" if share > rule.warn_share or _more(faulty, rule.warn_count) else "publish"


def _more(faulty: int, most: int | None) -> bool:
    return most is not None and faulty > most
