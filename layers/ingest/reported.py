"""Loads of rows that we make of sources (OpenStreetMap, timetables, readings), judged and told.

The rules of the layer are asked before the swap and what was found is kept as a report, as for a
file that a person loads (layers/ingest/vector/load.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial

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
from layers.ingest.vector.load_report import PUBLISHED, Counts, Decision, Fact, LoadReport
from layers.ingest.vector.reports import if_possible, keep, last
from layers.message import Message, message, why
from layers.quality import Known, Measured, Quality
from layers.quality.intake import FEATURES, RECORDS, intake
from layers.quality.measures import TEMPORAL
from layers.staging import Load, Progress, Staged
from layers.store import Loaded

CRS = "WGS 84 (EPSG:4326)"


@dataclass(frozen=True)
class Intake:
    """What was found out about a file before its rows were made.

    `read` and `refused` count its records, `counted` the findings, by code, that were noted and are
    not worth keeping one by one; `checksum` is the SHA-256 of its bytes.
    """

    file: str
    checksum: str
    read: int = 0
    refused: int = 0
    findings: Sequence[Finding] = ()
    counted: Mapping[str, int] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    encoding: str = ""
    facts: tuple[Fact, ...] = ()
    measures: tuple[Measured, ...] = ()


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
    told: Intake | None = None,
) -> Loaded:
    """Put rows in place of an area's as `store.replace` does, if the layer's rules allow it.

    Leaves a report of rows that changed or were refused, and of a file that is told of and changed
    nothing; the same source again leaves none. Raises HeldLoad, and what `store.replace` raises.
    """
    judged = _Judged(conn, load, hold, told)
    try:
        done = store.replace_judged(conn, load, frames, progress, judged.judge)
    except EditedLayer:
        raise  # nothing is wrong with these rows
    except RefusedLoad as error:
        judged.refuse(error)
        raise
    if done.changed:
        judged.publish()
    elif told:
        judged.leave(done.row_count)
    return done


def refuse(conn: Connection, load: Load, error: LayersError) -> None:
    """Keep a report of a source that could not be made rows of."""
    _Judged(conn, load, None).refuse(error)


def remove(conn: Connection, load: Load) -> bool:
    """Remove the rows of an area whose source has none any more; tell whether there were any.

    Leaves a report of that. Raises what `store.remove` raises.
    """
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT row_count FROM layers.version WHERE layer = %s AND area = %s",
            (load.layer.id, load.area.id),
        ).fetchone()
    if not store.remove(conn, load.layer, load.area):
        return False
    judged = _Judged(conn, load, None)
    judged.change = Change(removed=row[0] if row else 0)
    judged.empty()
    return True


@dataclass
class _Judged:
    """One load under way: what is found before its swap."""

    conn: Connection
    load: Load
    hold: Hold | None
    told: Intake | None = None
    staged: Staged | None = None
    change: Change = field(default_factory=Change)
    quality: Quality = field(default_factory=lambda: Quality(0))
    findings: Findings = field(default_factory=Findings)

    def __post_init__(self) -> None:
        for finding in self.told.findings if self.told else ():
            self.findings.add(finding)
        for code, number in self.told.counted.items() if self.told else ():
            self.findings.count(code, "noted", number)

    def judge(self, staged: Staged) -> None:
        """Compare and check the rows; raises RefusedLoad when a rule says so, HeldLoad."""
        layer, area, self.staged = self.load.layer, self.load.area, staged
        table = sql.Identifier("staging", staged.table)
        self.change = Change(added=staged.row_count)
        source, status = self._present()
        if source is not None and not self._invented(status):
            self.change = change.compare(self.conn, layer, area, staged.table)
        self._note_repaired(table, staged)
        met = None
        if staged.extents is not None:
            met = partial(quality.meeting, layer, area, staged.extents)
        known = Known(staged.facts.count, staged.facts.measures, met)
        self.quality = quality.check(self.conn, layer, table, area, known)
        for finding in self.quality.findings:
            self.findings.add(finding)
        if refusal := self.quality.refusal:
            raise RefusedLoad(message("load.refused", layer=layer.id, area=area.id, why=refusal))
        if self.hold and source == self.load.origin.source:
            self._require_rows(self.hold)

    def publish(self) -> None:
        """Keep the report of rows that are published."""
        warned = self.quality.verdict == "warn" or self.findings.most("refused")
        self._keep("published_with_warnings" if warned else "published", None)

    def leave(self, row_count: int) -> None:
        """Keep the report of a file that brings nothing new, unless that was told already."""
        self.change = Change(unchanged=row_count)
        before = last(self.conn, self.load.layer.id, self.load.area.id)
        if before is None or before[1] != self._checksum or before[0] in {"refused", "held"}:
            self._keep("unchanged", None)

    def empty(self) -> None:
        """Keep the report of rows that went because their source has none any more."""
        self._keep("published", message("load.emptied"))

    def refuse(self, error: LayersError) -> None:
        """Keep the report of rows that are not, if possible, unless that was told already."""
        decision: Decision = "held" if isinstance(error, HeldLoad) else "refused"
        with if_possible(f"the report of {self.load.layer.id}"):
            before = last(self.conn, self.load.layer.id, self.load.area.id)
            if before != (decision, self._checksum):
                self._keep(decision, why(error))

    @property
    def _checksum(self) -> str:
        return self.told.checksum if self.told else self.load.origin.checksum

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
        told = self.told or Intake(self.load.origin.source, self._checksum, rows)
        report = LoadReport(
            layer=self.load.layer.id,
            area=self.load.area.id,
            file=told.file,
            checksum=told.checksum,
            time=datetime.now(UTC),
            crs=CRS if rows and not self.told else "",
            encoding=told.encoding,
            counts=self._counts(told, loaded=decision in PUBLISHED),
            unmapped=told.unmapped,
            findings=tuple(self.findings.kept),
            measures=tuple(asdict(one) for one in self._measures(told)),
            rules=tuple(asdict(one) for one in self.quality.rules),
            decision=decision,
            why=said,
            counted="records" if self.told else "features",
            facts=told.facts,
            totals=self._totals(),
        )
        keep(self.conn, report)

    def _counts(self, told: Intake, *, loaded: bool) -> Counts:
        by_hand = sum(one.action == "repaired" for one in told.findings)
        return Counts(
            read=told.read,
            loaded=told.read - told.refused if loaded else 0,
            repaired=by_hand + (self.staged.repaired.count if self.staged else 0),
            refused=told.refused,
            **asdict(self.change),
        )

    def _totals(self) -> dict[str, int]:
        return {kind: number for kind, number in self.findings.named().items() if number}

    def _measures(self, told: Intake) -> list[Measured]:
        counted = RECORDS if self.told else FEATURES
        return [
            *intake(told.read, told.refused, self._totals(), counted=counted),
            *told.measures,
            *(one for one in self.quality.measures if one.element == TEMPORAL),
        ]
