"""Which id each loaded feature has: that of its key, or of its content, in earlier loads.

Runs inside a load's transaction, over its staging table, whose ids are provisional. Every new
feature gets the next id that nothing in the area ever had, in the order of the keys, so the order
of a file decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers import rows, staging
from layers.ingest.vector.order import ranked
from layers.model import AREA_STRIDE, Area, Layer

READ = 100_000
"""Known keys read at a time."""

Row = tuple[Any, ...]

_KNOWN = np.dtype([("id", ">i8"), ("length", ">i4")])
"""What PostgreSQL sends of a known key beside its text."""


@dataclass(frozen=True)
class Duplicates:
    """Provisional ids: `same` repeat another feature in everything, `clashing` share its key only.

    Both are gone from the table. `alike` have a key of their own, and all else of another.
    `renumbered`: the rows that are left have other ids by now.
    """

    same: tuple[int, ...] = ()
    clashing: tuple[int, ...] = ()
    alike: tuple[int, ...] = ()
    renumbered: bool = False


@dataclass(frozen=True)
class Numbering:
    """Gives the rows of a staging table their ids; `key` are the key fields, empty = the content.

    `invented`: the present rows are a demonstration, so no id of theirs is taken over.
    `keep_same` leaves features in that repeat another in everything, where there is no key.
    """

    conn: Connection
    layer: Layer
    area: Area
    key: Sequence[str]
    invented: bool
    keep_same: bool

    @property
    def rewrites(self) -> bool:
        """True when the rows are sure to be numbered anew, in a table of their own."""
        return bool(self.key) or not self.invented

    def ahead(self, keys: pa.Array, places: np.ndarray) -> tuple[np.ndarray, bool]:
        """Return the ids that keys (n) shall have, and whether some are new.

        `places` are theirs in the order of all, from 1 on.
        """
        names = self._names("")
        top = self._top(names)
        if top == self.area.feature_id(0):  # nothing in the area ever had one
            return places + top, True
        known, known_ids = self._read_known(names)
        at = pc.index_in(keys, value_set=known.cast(keys.type))
        new = at.is_null().to_numpy(zero_copy_only=False)
        ids = np.empty(len(keys), np.int64)
        ids[~new] = known_ids[at.drop_null().to_numpy()]
        ids[new] = top + ranked(keys.filter(pa.array(new)))
        return ids, bool(new.any())

    def _read_known(self, names: dict[str, sql.Composable]) -> tuple[pa.Array, np.ndarray]:
        """Return the keys (n) that have an id already, and the ids."""
        query = sql.SQL(
            "SELECT string_agg(int8send(id) || int4send(octet_length(text)), ''::bytea),"
            " string_agg(text, ''::bytea) FROM (SELECT id, convert_to(key, 'UTF8') AS text,"
            "  row_number() OVER () / {some} AS part FROM ({known}) AS k) AS parts GROUP BY part"
        ).format(known=self._known(names), some=sql.Literal(READ))
        texts, ids = [pa.array([], pa.large_string())], [np.empty(0, np.int64)]
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            for fixed, letters in cursor.stream(query, binary=True):
                rows = np.frombuffer(fixed, _KNOWN)
                ends = np.concatenate([[0], np.cumsum(rows["length"], dtype=np.int64)])
                buffers = (pa.py_buffer(ends), pa.py_buffer(letters))
                texts.append(pa.LargeStringArray.from_buffers(len(rows), *buffers))
                ids.append(rows["id"].astype(np.int64))
        return pa.concat_arrays(texts), np.concatenate(ids)

    def number(self, table: str, suspects: np.ndarray, *, ordered: bool = False) -> Duplicates:
        """Take duplicates out of a staging table and number the rest.

        `suspects` are the ids of the rows whose shape or key another row has as well: only they can
        be duplicates. `ordered`: the ids are those that the keys shall have (`ahead`), unless rows
        go.
        """
        names = self._names(table)
        found = self._duplicates(names, suspects.tolist())
        if ordered and not (found.same or found.clashing):
            self._list(names)
            return found
        # Without a key, the order of the file is as good as any for the first rows of all.
        top = self._top(names)
        if self.rewrites or top > self.area.feature_id(0):
            self._assign(table, names | {"top": sql.Literal(top)})
            return replace(found, renumbered=True)
        return found

    def places(self, ids: Collection[int]) -> dict[int, int]:
        """Return the provisional ids that rows had before `number`, by the ids they have now.

        Only in the transaction of a numbering that renumbered them.
        """
        query = "SELECT id, place FROM {renamed} WHERE id = ANY(%s)"
        return dict(self._rows(query, self._names(""), list(ids)))

    def _list(self, names: dict[str, sql.Composable]) -> None:
        """Keep the keys of a staging table with their ids; the known ones are kept already."""
        listed = sql.SQL("layers.feature_key AS k WHERE k.layer = {layer} AND k.area = {area}")
        names = names | {"listed": listed.format(**names)}
        (some,) = self._rows("SELECT EXISTS (SELECT FROM {listed})", names)[0]
        missing = " WHERE NOT EXISTS (SELECT FROM {listed} AND k.key = t.key)" if some else ""
        self._run(
            "INSERT INTO layers.feature_key (layer, area, key, id) SELECT {layer}, {area}, key, id"
            " FROM (SELECT {key} AS key, id FROM {table}) AS t{missing} ORDER BY id",
            names | {"missing": sql.SQL(missing).format(**names)},
        )

    def _names(self, table: str) -> dict[str, sql.Composable]:
        columns = [c for c in rows.columns(self.layer) if c != "id"]
        content = _digest([c for c in columns if c not in self.key])
        return {
            "table": sql.Identifier("staging", table),
            "name": sql.Identifier(table),
            "keyed": sql.Identifier("staging", f"{table[:-1]}k"),
            "renamed": sql.Identifier("pg_temp", "feature_numbers"),
            "made": sql.Identifier("staging", f"{table[:-1]}m"),
            "key": _key(self.key) if self.key else content,
            "rest": content if self.key else sql.SQL("NULL::uuid"),
            "columns": sql.SQL(", ").join(sql.Identifier(c) for c in columns),
            "moved": sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(c)) for c in columns),
            "old": sql.Identifier("features", self.layer.id),
            "layer": sql.Literal(self.layer.id),
            "area": sql.Literal(self.area.id),
            "first": sql.Literal(self.area.feature_id(0)),
            "end": sql.Literal(self.area.feature_id(AREA_STRIDE)),
        }

    def _duplicates(self, names: dict[str, sql.Composable], suspects: list[int]) -> Duplicates:
        if not suspects or (self.keep_same and not self.key):
            return Duplicates()
        self._run(
            "CREATE TABLE {keyed} AS SELECT id AS place, {key} AS key, {rest} AS rest"
            " FROM {table} WHERE id = ANY(%s)",
            names,
            suspects,
        )
        found = self._rows(
            "SELECT place, clash, nth FROM (SELECT place, row_number() OVER same AS nth,"
            "  min(rest::text) OVER (PARTITION BY key)"
            "   IS DISTINCT FROM max(rest::text) OVER (PARTITION BY key) AS clash"
            "  FROM {keyed} WHERE key IN (SELECT key FROM {keyed} GROUP BY key HAVING count(*) > 1)"
            "  WINDOW same AS (PARTITION BY key ORDER BY place)"
            ") AS twice WHERE clash OR nth > 1 ORDER BY place",
            names,
        )
        same = tuple(place for place, clash, _ in found if not clash)
        clashing = tuple(place for place, clash, _ in found if clash)
        if found:
            gone = [*same, *clashing]
            self._run("DELETE FROM {table} WHERE id = ANY(%s)", names, gone)
            self._run("DELETE FROM {keyed} WHERE place = ANY(%s)", names, gone)
        alike: list[Row] = []
        if self.key:
            alike = self._rows(
                "SELECT place FROM {keyed} WHERE rest IN"
                " (SELECT rest FROM {keyed} GROUP BY rest HAVING count(*) > 1) ORDER BY place",
                names,
            )
        self._run("DROP TABLE {keyed}", names)
        return Duplicates(same, clashing, tuple(place for (place,) in alike))

    def _top(self, names: dict[str, sql.Composable]) -> int:
        """Return the highest id that anything in the area has or ever had."""
        present = "SELECT max(id) AS id FROM {old} WHERE area = {area} UNION ALL"
        return int(
            self._rows(
                "SELECT greatest({first}, max(id)) FROM ({present}"
                " SELECT max(id) AS id FROM layers.feature_key"
                "  WHERE layer = {layer} AND area = {area}"
                " UNION ALL SELECT max(id) FROM layers.history"
                "  WHERE layer = {layer} AND id > {first} AND id < {end}) AS known",
                names | {"present": sql.SQL("" if self.invented else present).format(**names)},
            )[0][0]
        )

    def _known(self, names: dict[str, sql.Composable]) -> sql.Composed:
        """Return a query of what has an id already: (key, nth, id)."""
        if not self.key:
            none = sql.SQL(" AND false" if self.invented else "")
            return sql.SQL(
                "SELECT {key} AS key, row_number() OVER (PARTITION BY {key} ORDER BY id) AS nth, id"
                " FROM {old} WHERE area = {area}{none}"
            ).format(**names, none=none)
        known = sql.SQL(
            "SELECT key, 1 AS nth, id FROM layers.feature_key WHERE layer = {layer}"
            " AND area = {area}"
        ).format(**names)
        if self.invented:
            return known
        # Rows that came another way: their keys where these are unique.
        return sql.SQL(
            "{known} UNION ALL SELECT o.key, 1, min(o.id)"
            " FROM (SELECT id, {key} AS key FROM {old} WHERE area = {area}) AS o"
            " WHERE o.key IS NOT NULL AND NOT EXISTS"
            "  (SELECT FROM layers.feature_key AS k WHERE k.layer = {layer} AND k.id = o.id)"
            " AND NOT EXISTS (SELECT FROM layers.feature_key AS k"
            "  WHERE k.layer = {layer} AND k.area = {area} AND k.key = o.key)"
            " GROUP BY o.key HAVING count(*) = 1"
        ).format(known=known, **names)

    def _assign(self, table: str, names: dict[str, sql.Composable]) -> None:
        """Replace the provisional ids; the table is written anew, so that it has no dead rows."""
        nth = "1::bigint"
        if self.keep_same and not self.key:
            nth = "row_number() OVER (PARTITION BY {key} ORDER BY id)"
        self._run(
            "CREATE TABLE {keyed} AS SELECT id AS place, {key} AS key, {nth} AS nth FROM {table}",
            names | {"nth": sql.SQL(nth).format(**names)},
        )
        self._run("ANALYZE {keyed}", names)
        self._run(
            "CREATE TEMPORARY TABLE feature_numbers ON COMMIT DROP AS"
            " SELECT k.place, k.key, coalesce(known.id,"
            " {top} + row_number() OVER (PARTITION BY known.id IS NULL"
            '  ORDER BY k.key::text COLLATE "C", k.nth)) AS id'
            " FROM {keyed} AS k LEFT JOIN ({known}) AS known USING (key, nth)",
            names | {"known": self._known(names)},
        )
        staging.create(self.conn, self.layer, f"{table[:-1]}m")
        for command in (
            "INSERT INTO {made} (id, {columns}) SELECT n.id, {moved}"
            " FROM {table} AS t JOIN {renamed} AS n ON n.place = t.id",
            "DROP TABLE {table}",
            "ALTER TABLE {made} RENAME TO {name}",
        ):
            self._run(command, names)
        if self.key:
            self._run(
                "INSERT INTO layers.feature_key (layer, area, key, id)"
                " SELECT {layer}, {area}, key, id FROM {renamed} ON CONFLICT DO NOTHING",
                names,
            )
        self._run("DROP TABLE {keyed}", names)

    def _run(self, query: LiteralString, names: dict[str, sql.Composable], *values: Any) -> None:
        self.conn.execute(sql.SQL(query).format(**names), values or None)

    def _rows(
        self, query: LiteralString, names: dict[str, sql.Composable], *values: Any
    ) -> list[Row]:
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(sql.SQL(query).format(**names), values or None).fetchall()


def _key(key: Sequence[str]) -> sql.Composable:
    names = [sql.Identifier(name) for name in key]
    if len(names) == 1:
        return sql.SQL("{}::text").format(names[0])
    return sql.SQL("jsonb_build_array({})::text").format(sql.SQL(", ").join(names))


def _digest(columns: Sequence[str]) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    return sql.SQL("md5(ROW({})::text)::uuid").format(names)
