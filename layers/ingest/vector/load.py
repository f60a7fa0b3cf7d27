"""A file loaded into a layer end to end: opened, judged, mapped, compared, decided, swapped in.

Everything runs in one transaction of the writer, so a load that dies, is refused, held or only
tried leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
from psycopg import Connection, Rollback, sql
from psycopg.rows import tuple_row

from layers import locks, quality, staging, swap
from layers.area import save_area
from layers.errors import EditedLayer, RefusedLoad
from layers.ingest.vector import change, soato
from layers.ingest.vector.change import Change
from layers.ingest.vector.features import Features
from layers.ingest.vector.finding import Action, Finding
from layers.ingest.vector.keys import Duplicates, Numbering
from layers.ingest.vector.load_report import Counts, Decision, LoadReport
from layers.ingest.vector.mapping import Mapping
from layers.ingest.vector.opening import Opened, open_for
from layers.ingest.vector.order import order
from layers.ingest.vector.source import Batch, require_unchanged, said_nothing
from layers.message import Message, message, why
from layers.model import Area, Layer, Licence, Origin
from layers.quality import Known, Measured, Meeting, Quality
from layers.quality.intake import intake
from layers.quality.measures import TEMPORAL
from layers.staging import Left, Load, Progress, Settle, Staged


@dataclass(frozen=True)
class Options:
    """How a file is to be read and what may become of the layer.

    `crs` and `encoding` are for a file that does not say them. `dry_run` changes nothing;
    `accept_removals` lets more features vanish than the layer's rule has without review.
    """

    source_layer: str | None = None
    encoding: str | None = None
    crs: str | None = None
    mapping: Mapping = field(default_factory=Mapping)
    dry_run: bool = False
    accept_removals: bool = False
    licence: Licence | None = None
    attribution: str | None = None


def load_vector(
    conn: Connection,
    layer: Layer,
    file: Path,
    area: Area,
    options: Options,
    progress: Progress | None = None,
) -> LoadReport:
    """Load a vector file into a layer of an area; on any error the old rows stay.

    Raises MissingSource and CorruptSource when the file cannot be read or changes meanwhile,
    RefusedLoad when it as a whole does not fit the layer (format, CRS, required fields),
    EditedLayer when people have edited the rows since the last load, StoreFailure when the database
    interrupts. Faults of features, and a refusal for too many of them, are in the report. The
    connection must be in autocommit.
    """
    Load(layer, area, Origin(status=layer.status, source=file.name, checksum="")).require_area()
    opened = open_for(layer, file, area, options.mapping, options)
    attribution = options.attribution or f"{file.name}, loaded by the operator of this service"
    origin = Origin(
        status=options.mapping.status,
        source=file.name,
        checksum=opened.source.checksum,
        licence=options.licence,
        attribution=attribution,
    )
    load = Load(layer, area, origin)
    what = message("load.what", layer=layer.id, area=area.id)
    with swap.translated(what), locks.exclusive(conn, load.partition):
        return _Loading(conn, load, opened, options, progress).run()


@dataclass
class _Loading:
    """One load under way."""

    conn: Connection
    load: Load
    opened: Opened
    options: Options
    progress: Progress | None
    features: Features = field(init=False)
    numbering: Numbering = field(init=False)
    duplicates: Duplicates = field(default_factory=Duplicates)
    change: Change = field(default_factory=Change)
    quality: Quality = field(default_factory=lambda: Quality(0))
    invented: bool = True
    empty: tuple[str, ...] = ()

    def run(self) -> LoadReport:
        self.features = self.opened.features()
        try:
            with self.conn.transaction() as whole:
                report = self._report(*self._decide())
                if not report.applied:
                    raise Rollback(whole)
        except EditedLayer:
            raise
        except RefusedLoad as error:
            return self._report("refused", why(error))
        return report

    def _decide(self) -> tuple[Decision, Message | None]:
        """Stage, compare and, when nothing speaks against it, publish."""
        load, conn = self.load, self.conn
        save_area(conn, load.area)
        with swap.writing(conn):
            swap.require_unedited(conn, load.layer, load.area)
            checksum, status = self._present()
            self.invented = checksum is None or status == "demonstration"
            staged = self._stage()
            if refusal := self._refusal(staged):
                return "refused", refusal
            if checksum == staged.checksum:
                self.change = Change(unchanged=staged.row_count)
                swap.drop(conn, staged)
                swap.record_origin(conn, load)
                return "unchanged", None
            self.change = Change(added=staged.row_count)
            if not self.invented:
                self.change = change.compare(conn, load.layer, load.area, staged.table)
            held = self._held()
            with ThreadPoolExecutor(1, "meeting") as pool:
                meeting = self._meeting(pool, staged)
                # Its indexes are made while the boxes are looked at: nothing else waits for either.
                unfit = None if held or self.options.dry_run else self._finish(staged)
                broken = self._check(staged, meeting)
            if broken:
                return "refused", broken
            if held:
                return "held", held
            if unfit:
                raise unfit
            if not self.options.dry_run:
                self._publish(staged)
        faulty = self.features.findings.most("refused") or self.quality.verdict == "warn"
        return "published_with_warnings" if faulty else "published", None

    def _meeting(self, pool: Executor, staged: Staged) -> Callable[[], Meeting | None] | None:
        layer, area = self.load.layer, self.load.area
        if staged.extents is None:
            return None
        return pool.submit(quality.meeting, layer, area, staged.extents).result

    def _finish(self, staged: Staged) -> RefusedLoad | None:
        """Make the table ready for its place; return why it cannot be, if nothing speaks first."""
        try:
            with self.conn.transaction():
                staging.finish(self.conn, self.load, staged, tiles=False)
        except RefusedLoad as error:
            return error
        return None

    def _check(
        self, staged: Staged, meeting: Callable[[], Meeting | None] | None
    ) -> Message | None:
        """Hold the rows against the layer's rules; say which of them refuses the load."""
        table = sql.Identifier("staging", staged.table)
        known = Known(staged.facts.count, staged.facts.measures, meeting, self._names)
        self.quality = quality.check(self.conn, self.load.layer, table, self.load.area, known)
        for finding in self.quality.findings:
            self.features.findings.add(finding)
        return self.quality.refusal

    def _names(self, ids: Collection[int]) -> dict[int, str]:
        """Return the source's ids of features by those of their rows."""
        renumbered = self.duplicates.renumbered
        places = self.numbering.places(ids) if renumbered else {one: one for one in ids}
        return {one: self.features.name(place) for one, place in places.items()}

    def _present(self) -> tuple[str | None, str | None]:
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(
                "SELECT checksum, status FROM layers.version WHERE layer = %s AND area = %s",
                (self.load.layer.id, self.load.area.id),
            ).fetchone()
        return (row[0], row[1]) if row else (None, None)

    def _stage(self) -> Staged:
        if self.options.mapping.soato and self.options.mapping.soato.by == "name":
            self.features.codes = soato.codes_by_name(self.conn)
        rows = self.features.rows(self._batches(), self.opened.linearise)
        staged = staging.copy(self.conn, self.load, rows, self.progress, self._settle())
        require_unchanged(self.opened.source)
        return staged

    def _batches(self) -> Iterator[Batch]:
        """Yield the features; afterwards `empty` has the columns of GDAL's own that are empty."""
        self.empty = self.opened.matching.unmapped
        for batch in self.opened.batches():
            columns = ((name, batch.columns[name]) for name in self.empty)
            self.empty = tuple(n for n, c in columns if said_nothing(self.opened.source, n, c))
            yield batch

    def _settle(self) -> Settle:
        mapping, layer, area = self.options.mapping, self.load.layer, self.load.area
        keep_same = mapping.rules.same_feature == "keep"
        numbering = self.numbering = Numbering(
            self.conn, layer, area, mapping.key, self.invented, keep_same
        )
        if mapping.key:
            source, matching = self.opened.source, self.opened.matching
            self.features.order = order(source, matching, mapping, numbering.ahead)

        def run(table: str, alike: np.ndarray) -> Left:
            by_place = mapping.soato is not None and mapping.soato.by == "place"
            if by_place:
                missing = soato.fill_by_place(self.conn, table)
                self.features.findings.count("soato.unknown", "noted", missing)
            suspects = np.union1d(alike, self.features.twice())
            ordered = self.features.ordered
            self.duplicates = numbering.number(table, suspects, ordered=ordered)
            self.features.order = None  # its keys take room that looking at the boxes needs
            self._note_duplicates()
            gone = bool(self.duplicates.same or self.duplicates.clashing)
            moved = self.duplicates.renumbered
            return Left(rows=not (gone or moved or by_place), places=not moved)

        return Settle(run, numbering.rewrites and self.features.order is None)

    def _note_duplicates(self) -> None:
        found, key = self.duplicates, ", ".join(self.options.mapping.key)
        self._note("duplicate.feature", "refused", found.same)
        self._note("duplicate.key", "refused", found.clashing, key=key)
        self._note("duplicate.alike", "noted", found.alike, key=key)

    def _note(self, code: str, action: Action, ids: tuple[int, ...], **said: str) -> None:
        told = message(code, **said)
        for one in ids:
            self.features.findings.add(Finding(code, self.features.name(one), action, message=told))

    def _refusal(self, staged: Staged) -> Message | None:
        """Say why nothing of the file is loaded, None when nothing speaks against it."""
        read, refused = self.features.read, self._refused()
        most = self.features.findings.most("refused")
        if read and not staged.row_count:
            reason = message("load.none_fits")
        elif not read:
            return message("load.no_features", file=self.opened.source.file.name)
        elif refused > self.options.mapping.rules.refused_share * read:
            reason = message("load.too_many", refused=refused, read=read)
        else:
            return None
        if most is None:
            return reason
        like = (most[0], "refused")
        kept = self.features.findings.kept
        first = next((one for one in kept if (one.code, one.action) == like), None)
        if first is None:
            return reason
        kind = message(f"kind.{most[0]}")
        shown = {"kind": kind, "count": most[1], "feature": first.feature, "why": first.message}
        return message("load.most", what=reason, **shown)

    def _held(self) -> Message | None:
        limit, gone = self.options.mapping.rules.vanish_share, self.change.vanishing
        if self.options.accept_removals or gone <= limit:
            return None
        code = "load.held" if self.options.mapping.key else "load.held_without_key"
        return message(code, removed=self.change.removed, share=gone, limit=limit)

    def _publish(self, staged: Staged) -> None:
        conn, load = self.conn, self.load
        version = change.next_version(conn)
        if not self.invented:
            change.remember(
                conn, load.layer, load.area, staged.table, version=version, request=uuid4()
            )
        swap.swap(conn, load, staged, keep=True, version=version)

    def _refused(self) -> int:
        return self.features.refused + len(self.duplicates.same) + len(self.duplicates.clashing)

    def _measures(self, refused: int) -> list[Measured]:
        """Return the measures of the file; of the rows only what no load refuses, their times."""
        read, totals = self.features.read, self.features.findings.named()
        found = intake(read, refused, totals, self.opened.way.accuracy_m)
        return [*found, *(one for one in self.quality.measures if one.element == TEMPORAL)]

    def _report(self, decision: Decision, said: Message | None) -> LoadReport:
        opened, features, found = self.opened, self.features, self.features.findings
        refused = self._refused()
        kept = features.read - refused
        counts = Counts(
            read=features.read,
            loaded=kept if decision in ("published", "published_with_warnings", "unchanged") else 0,
            repaired=sum(n for (_, action), n in found.totals.items() if action == "repaired"),
            refused=refused,
            added=self.change.added,
            changed=self.change.changed,
            removed=self.change.removed,
            unchanged=self.change.unchanged,
        )
        return LoadReport(
            layer=self.load.layer.id,
            area=self.load.area.id,
            file=opened.source.file.name,
            checksum=opened.source.checksum,
            time=datetime.now(UTC),
            crs=opened.way.crs,
            operation=opened.way.operation,
            accuracy_m=opened.way.accuracy_m,
            encoding=opened.source.encoding,
            counts=replace(counts, loaded=0) if self.options.dry_run else counts,
            unmapped=tuple(n for n in opened.matching.unmapped if n not in self.empty),
            findings=tuple(found.kept),
            decision=decision,
            why=said,
            dry_run=self.options.dry_run,
            totals=found.named(),
            measures=tuple(asdict(one) for one in self._measures(refused)),
            rules=tuple(asdict(one) for one in self.quality.rules),
        )
