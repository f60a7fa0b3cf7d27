"""Loads of rows that we make (demonstration, national sources, OpenStreetMap), judged and told.

The rules of the layer are asked before the swap and what was found is kept as a report, as for a
file that a person loads (layers/ingest/vector/load.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import geopandas as gpd
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers import quality, store
from layers.errors import EditedLayer, HeldLoad, LayersError, RefusedLoad
from layers.ingest.vector import change
from layers.ingest.vector.change import Change
from layers.ingest.vector.finding import Finding
from layers.ingest.vector.findings import Findings
from layers.ingest.vector.geometry import invalid_reason, place_said
from layers.ingest.vector.load_report import Counts, Decision, LoadReport
from layers.ingest.vector.reports import keep
from layers.message import Message, message, why
from layers.quality import Quality
from layers.quality.intake import intake
from layers.quality.measures import TEMPORAL
from layers.staging import Load, Progress, Staged
from layers.store import Loaded

CRS = "WGS 84 (EPSG:4326)"


@dataclass(frozen=True)
class Hold:
    """Rows of a source are held when more than a share (of 1) of those from it would vanish."""

    source: str
    share: float


def replace(
    conn: Connection,
    load: Load,
    frames: Iterable[gpd.GeoDataFrame],
    progress: Progress | None = None,
    hold: Hold | None = None,
) -> Loaded:
    """Put rows in place of an area's as `store.replace` does, if the layer's rules allow it.

    Leaves a report of rows that changed or were refused; the same refusal of the same source again
    leaves none. Raises HeldLoad, and what `store.replace` raises.
    """
    judged = _Judged(conn, load, hold)
    try:
        done = store.replace_judged(conn, load, frames, progress, judged.judge)
    except EditedLayer:
        raise  # nothing is wrong with these rows
    except RefusedLoad as error:
        judged.refuse(error)
        raise
    if done.changed:
        judged.publish()
    return done


def refuse(conn: Connection, load: Load, error: LayersError) -> None:
    """Keep a report of a source that could not be made rows of."""
    _Judged(conn, load, None).refuse(error)


@dataclass
class _Judged:
    """One load under way: what is found before its swap."""

    conn: Connection
    load: Load
    hold: Hold | None
    staged: Staged | None = None
    change: Change = field(default_factory=Change)
    quality: Quality = field(default_factory=lambda: Quality(0))
    findings: Findings = field(default_factory=Findings)

    def judge(self, staged: Staged) -> None:
        """Compare and check the rows; raises RefusedLoad when a rule says so, HeldLoad."""
        layer, area, self.staged = self.load.layer, self.load.area, staged
        table = sql.Identifier("staging", staged.table)
        self.change = Change(added=staged.row_count)
        source, status = self._present()
        if source is not None and not self._invented(status):
            self.change = change.compare(self.conn, layer, area, staged.table)
        self._note_repaired(table, staged)
        self.quality = quality.check(self.conn, layer, table, area)
        for finding in self.quality.findings:
            self.findings.add(finding)
        if refusal := self.quality.refusal:
            raise RefusedLoad(message("load.refused", layer=layer.id, area=area.id, why=refusal))
        if self.hold and source == self.load.origin.source:
            self._require_rows(self.hold)

    def publish(self) -> None:
        """Keep the report of rows that are published."""
        warned = self.quality.verdict == "warn"
        self._keep("published_with_warnings" if warned else "published", None)

    def refuse(self, error: LayersError) -> None:
        """Keep the report of rows that are not, unless that was told already."""
        decision: Decision = "held" if isinstance(error, HeldLoad) else "refused"
        with self.conn.transaction(), self.conn.cursor(row_factory=tuple_row) as cursor:
            told = cursor.execute(
                "SELECT decision, report ->> 'checksum' FROM layers.load_report"
                " WHERE layer = %s AND area = %s ORDER BY number DESC LIMIT 1",
                (self.load.layer.id, self.load.area.id),
            ).fetchone()
        if told != (decision, self.load.origin.checksum):
            self._keep(decision, why(error))

    def _present(self) -> tuple[str | None, str | None]:
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(
                "SELECT source, status FROM layers.version WHERE layer = %s AND area = %s",
                (self.load.layer.id, self.load.area.id),
            ).fetchone()
        return (row[0], row[1]) if row else (None, None)

    def _invented(self, status: str | None) -> bool:
        """True when real rows take the place of a demonstration's, which is no change of them."""
        return status == "demonstration" != self.load.origin.status

    def _require_rows(self, hold: Hold) -> None:
        gone = self.change.vanishing
        if gone > hold.share:
            counts = {"removed": self.change.removed, "share": gone, "limit": hold.share}
            raise HeldLoad(message("load.held_source", source=hold.source, **counts))

    def _note_repaired(self, table: sql.Identifier, staged: Staged) -> None:
        query = sql.SQL(
            "SELECT id, ST_X(p), ST_Y(p) FROM {}, ST_PointOnSurface(geom) AS p WHERE id = ANY(%s)"
            " ORDER BY id"
        ).format(table)
        repaired = staged.repaired
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(query, [list(repaired.ids)]).fetchall()
        reasons = dict(zip(repaired.ids, repaired.reasons, strict=True))
        for feature, *inside in rows:
            lon, lat = place_said(reasons[feature]) or inside
            said = message("geometry.repaired", why=invalid_reason(reasons[feature]))
            self.findings.add(
                Finding(
                    "geometry.invalid", str(feature), "repaired", message=said, lon=lon, lat=lat
                )
            )
        self.findings.count("geometry.invalid", "repaired", repaired.count - len(rows))

    def _keep(self, decision: Decision, said: Message | None) -> None:
        rows = self.staged.row_count if self.staged else 0
        totals = {kind: number for kind, number in self.findings.named().items() if number}
        measures = [
            *intake(rows, 0, totals),
            *(one for one in self.quality.measures if one.element == TEMPORAL),
        ]
        report = LoadReport(
            layer=self.load.layer.id,
            area=self.load.area.id,
            file=self.load.origin.source,
            checksum=self.load.origin.checksum,
            time=datetime.now(UTC),
            crs=CRS if rows else "",
            counts=Counts(
                read=rows,
                loaded=rows if said is None else 0,
                repaired=self.staged.repaired.count if self.staged else 0,
                **asdict(self.change),
            ),
            findings=tuple(self.findings.kept),
            measures=tuple(asdict(one) for one in measures),
            rules=tuple(asdict(one) for one in self.quality.rules),
            decision=decision,
            why=said,
            totals=totals,
        )
        keep(self.conn, report)
