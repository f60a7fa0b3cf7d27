"""The condition that a feature meets a bounding box of any CRS, as SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from psycopg import sql

from layers.model import STORED_SRID

if TYPE_CHECKING:
    from layers.query import Crs

WEB_MERCATOR_SRID = 3857
HALF_WORLD_M = 20_037_508.342_789_244  # of EPSG:3857


Part = Callable[["Crs", str, str], sql.Composable]
"""The condition of a box between two meridians."""


def condition(part: Part, crs: Crs, *, crosses: bool) -> sql.Composable:
    """Return the condition `part` of the bound box, which may cross the meridian of 180 degrees."""
    if not crosses:
        return part(crs, "%(west)s::float8", "%(east)s::float8")
    halves = (
        part(crs, "%(west)s::float8", "180::float8"),
        part(crs, "-180::float8", "%(east)s::float8"),
    )
    return sql.SQL("({} OR {})").format(*halves)


def inside(crs: Crs, west: str, east: str) -> sql.Composable:
    """Return which features `t` meet the box, exactly.

    `west` and `east` are SQL, south and north are bound. The constant is transformed, so the index
    works.
    """
    if crs.srid in (STORED_SRID, WEB_MERCATOR_SRID):
        return sql.SQL("ST_Intersects(t.geom, {})").format(_stored(crs, west, east))
    return sql.SQL(
        "{near}"
        # CASE keeps the planner from taking a condition it cannot weigh for a rare one. In the
        # index what is no number meets every box; PROJ would fail on it.
        " AND CASE WHEN t.geom && ST_MakeEnvelope(-180, -90, 180, 90, {stored})"
        " THEN ST_Intersects(ST_Transform(t.geom, {srid}), {box}) ELSE false END"
    ).format(
        near=near(crs, west, east),
        box=_envelope(crs, west, east),
        stored=sql.Literal(STORED_SRID),
        srid=sql.Literal(crs.srid),
    )


def near(crs: Crs, west: str, east: str) -> sql.Composable:
    """Return which features `t` may meet the box, by what the index knows of them."""
    return sql.SQL("t.geom && {}").format(_stored(crs, west, east))


def _stored(crs: Crs, west: str, east: str) -> sql.Composable:
    """The box in the stored CRS; with a margin where its edges are curved there."""
    if crs.srid == STORED_SRID:
        return _envelope(crs, west, east)
    if crs.srid == WEB_MERCATOR_SRID:
        # Its edges are meridians and parallels, so the corners say all. PROJ would wrap what lies
        # beyond the world, and people zoom out that far.
        west, east = (
            f"least(greatest({x}, -{HALF_WORLD_M}), {HALF_WORLD_M})" for x in (west, east)
        )
        box = _envelope(crs, west, east)
        return sql.SQL("ST_Transform({}, {})").format(box, sql.Literal(STORED_SRID))
    # A straight edge is curved in the stored CRS. The densified box with a margin finds the
    # candidates; each is then looked at in the CRS of the box.
    size = f"greatest({east} - {west}, %(north)s::float8 - %(south)s::float8, 1e-6)"
    # A thousandth of the box, in degrees: chords of a 64th part stray from their curve by less.
    margin = "2e-8" if crs.metric else "1e-3"
    return sql.SQL(
        f"ST_Expand(ST_Transform(ST_Segmentize({{box}}, {size} / 64), {{stored}}),"
        f" {margin} * {size})"
    ).format(box=_envelope(crs, west, east), stored=sql.Literal(STORED_SRID))


def _envelope(crs: Crs, west: str, east: str) -> sql.Composable:
    """The box as a polygon in its own CRS."""
    box = "ST_MakeEnvelope({w}, %(south)s::float8, {e}, %(north)s::float8, {srid})"
    return sql.SQL(box).format(w=sql.SQL(west), e=sql.SQL(east), srid=sql.Literal(crs.srid))
