"""The features of a source as rows of a layer: values read, places found, faults named."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pandas.api.types import infer_dtype

from layers.ingest.vector import soato
from layers.ingest.vector.columns import objects
from layers.ingest.vector.finding import Action, Finding
from layers.ingest.vector.findings import Findings
from layers.ingest.vector.geometry import Judge, Linearise
from layers.ingest.vector.mapping import Mapping
from layers.ingest.vector.matching import Matching
from layers.ingest.vector.order import Order
from layers.ingest.vector.source import Batch
from layers.ingest.vector.values import (
    Convert,
    UnknownCode,
    angle,
    converter,
    fits_whole,
)
from layers.message import Message, message, why
from layers.model import Area, Field, Layer
from layers.repeated import repeated
from layers.rows import Rows, Values

SHOWN = 80
"""Characters of a value that a finding keeps."""


@dataclass
class Features:
    """Turns batches into rows; afterwards `read` and `refused` count, `name` knows the ids kept.

    The ids are provisional: in the order of the source, or those that `order` tells. `ordered` =
    then they are those that the keys shall have.
    """

    layer: Layer
    area: Area
    mapping: Mapping
    matching: Matching
    judge: Judge
    findings: Findings
    codes: dict[str, str | None] = field(default_factory=dict)
    order: Order | None = None
    read: int = 0
    refused: int = 0
    holds: bool = True
    names: list[np.ndarray] = field(default_factory=list)
    ids: list[np.ndarray] = field(default_factory=list)
    keys: list[np.ndarray] = field(default_factory=list)

    def rows(self, batches: Iterator[Batch], linearise: Linearise | None) -> Iterator[Rows]:
        """Yield the good features of each batch in EPSG:4326 with provisional ids."""
        converters = self._converters()
        for batch in batches:
            names = batch.index.to_numpy()
            start, self.read = self.read, self.read + len(names)
            shapes, refused, wkb = self._shapes(batch, names, linearise)
            columns = {}
            before = len(self.findings.kept)
            for one, convert in converters:
                values, bad = self._column(one, convert, batch)
                columns[one.name] = values
                refused |= bad
            self._place(before, names, shapes)
            good = ~refused
            self.refused += int(refused.sum())
            ids = self._identified(start, good, columns)
            if not len(ids):
                continue
            self.names.append(names[good])
            self.ids.append(ids)
            if refused.any():
                columns = {name: _of_good(values, good) for name, values in columns.items()}
                shapes, wkb = shapes[good], wkb[good] if wkb is not None else None
            yield Rows(ids, columns, shapes, wkb)

    @property
    def ordered(self) -> bool:
        """Tell whether the ids are those that the keys shall have."""
        return self.order is not None and self.holds and not (self.refused and self.order.open)

    def name(self, feature_id: int) -> str:
        """Return the source's id of the feature with a provisional id."""
        ids, names, sorter = self._index
        return str(names[sorter[np.searchsorted(ids, feature_id, sorter=sorter)]])

    def twice(self) -> np.ndarray:
        """Return the provisional ids of the features whose key another one may have as well."""
        distinct = self.order is not None and self.holds
        if not self.ids or not self.mapping.key or distinct:
            return np.empty(0, np.int64)
        ids = np.concatenate(self.ids)
        return repeated(ids, np.concatenate(self.keys)) if self.order is None else ids

    @cached_property
    def _index(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The ids kept, their names, and the ascending order of the ids; when all are read."""
        ids = np.concatenate(self.ids)
        return ids, np.concatenate(self.names), np.argsort(ids)

    def _identified(self, start: int, good: np.ndarray, columns: dict[str, Values]) -> np.ndarray:
        """Return the provisional ids of the good features of a batch, and note their keys."""
        count = int(good.sum())
        if self.mapping.key and count and self.order is None:
            given = [objects(columns[key])[good] for key in self.mapping.key if key in columns]
            prints = map(hash, zip(*given, strict=True) if given else [None] * count)
            self.keys.append(np.fromiter(prints, np.int64, count))
        if self.order is None:
            kept = sum(map(len, self.ids))
            return np.arange(kept + 1, kept + count + 1) + self.area.feature_id(0)
        values = columns[self.mapping.key[0]]
        self.holds = self.holds and self.order.holds(start, values)
        return np.asarray(self.order.ids_of(start, len(good))[good])

    def _converters(self) -> list[tuple[Field, Convert | None]]:
        found: list[tuple[Field, Convert | None]] = []
        for one in self.layer.published_fields:
            given = self.matching.given.get(one.name)
            if one.name in self.matching.columns:
                found.append((one, converter(one, given, self.mapping.rules)))
            elif given is not None and given.constant is not None:
                found.append((one, None))
            elif one.name == "soato" and self.mapping.soato and self.mapping.soato.source:
                found.append((one, lambda v: soato.by_name(str(v), self.codes)))
        return found

    def _shapes(
        self, batch: Batch, names: np.ndarray, linearise: Linearise | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return the shapes of a batch, which are refused, and the WKB of those it has WKB of."""
        place = self.matching.coordinates
        if place is None:
            wkb = batch.wkb if batch.wkb is not None else np.full(len(names), None, dtype=object)
            shapes, refused, wkb = self.judge.judge(wkb, names, linearise)
            return shapes, refused, wkb if batch.uniform else None
        shapes = table_shapes(batch.attributes, place.x, place.y, place.wkt)
        missing = shapely.is_missing(shapes)
        if self.mapping.rules.null_geometry == "keep":
            columns = [c for c in (place.x, place.y, place.wkt) if c]
            missing &= batch.attributes[columns].notna().any(axis=1).to_numpy()
        for i in np.flatnonzero(missing):
            row = batch.attributes.iloc[i]
            shown = ", ".join(str(row[c]) for c in (place.x, place.y, place.wkt) if c)
            self._found("geometry.null", names[i], None, shown, message("geometry.no_coordinates"))
        return *self.judge.judge_shapes(shapes, names, missing), None

    def _column(
        self, one: Field, convert: Convert | None, batch: Batch
    ) -> tuple[Values, np.ndarray]:
        """Return the values of a field, and which features have none that will do."""
        given, rules, names = self.matching.given.get(one.name), self.mapping.rules, batch.index
        if convert is None:
            constant = converter(one, None, rules)(given.constant if given else None)
            return np.full(len(names), constant, dtype=object), np.zeros(len(names), dtype=bool)
        own = self.matching.columns.get(one.name)
        column = own or str(self.mapping.soato.source if self.mapping.soato else "")
        raw = batch.columns[column]
        refused = np.zeros(len(names), dtype=bool)
        made: Values
        if own and not self.mapping.missing and fits_whole(one, given, rules, raw):
            made = raw
        else:
            made, faults = _converted(raw, convert, self.mapping.missing)
            for i, error, value in faults:
                refused[i] = self._bad_value(one, column, names[i], value, error)
        if self._is_needed(one):
            lacking = ~refused & _lacking(made)
            for name in names[lacking]:
                said = message("value.missing", field=one.name)
                self._found("value.missing", name, one.name, None, said)
            refused |= lacking
        return made, refused

    def _place(self, before: int, names: np.ndarray, shapes: np.ndarray) -> None:
        """Say of the findings since `before` where their features are, so a map can show them."""
        found = self.findings.kept[before:]
        if not found:
            return
        order = {str(name): i for i, name in enumerate(names)}
        spots = shapely.point_on_surface(shapes[[order[one.feature] for one in found]])
        self.findings.kept[before:] = [
            one
            if spot is None or spot.is_empty
            else replace(one, lon=float(spot.x), lat=float(spot.y))
            for one, spot in zip(found, spots, strict=True)
        ]

    def _is_needed(self, one: Field) -> bool:
        filled = ("area", "status")  # by the load itself
        return (one.required and one.name not in filled) or one.name in self.mapping.key

    def _bad_value(
        self, one: Field, column: str, name: object, value: Any, error: ValueError
    ) -> bool:
        """Note a value that its field cannot take; tell whether the feature is refused for it."""
        code = "value.unknown_code" if isinstance(error, UnknownCode) else "value.unreadable"
        refused = self._is_needed(one) or self.mapping.rules.bad_value == "refuse"
        action: Action = "refused" if refused else "noted"
        said = message(
            "value.bad" if refused else "value.left_out",
            column=column,
            value=repr(str(value)[:SHOWN])[1:-1],
            why=why(error),
        )
        self._found(code, name, one.name, str(value), said, action)
        return refused

    def _found(
        self,
        code: str,
        name: object,
        where: str | None,
        value: str | None,
        said: Message,
        action: Action = "refused",
    ) -> None:
        shown = None if value is None else value[:SHOWN]
        self.findings.add(Finding(code, str(name), action, where, shown, said))


def table_shapes(table: pd.DataFrame, x: str | None, y: str | None, wkt: str | None) -> np.ndarray:
    """Return the shapes that columns of a table hold, None where they hold none."""
    if wkt is not None:
        texts = [v if isinstance(v, str) else None for v in table[wkt]]
        try:
            return np.asarray(shapely.from_wkt(texts, on_invalid="ignore"), dtype=object)
        except NotImplementedError:  # arcs among them
            return np.array([_wkt_shape(one) for one in texts], dtype=object)
    numbers = np.column_stack([[angle(v) for v in table[c]] for c in (x, y)])
    shapes = np.full(len(table), None, dtype=object)
    good = np.isfinite(numbers).all(axis=1)
    if good.any():
        shapes[good] = shapely.points(numbers[good])
    return shapes


def _wkt_shape(text: str | None) -> shapely.Geometry | None:
    try:
        return shapely.from_wkt(text, on_invalid="ignore")
    except NotImplementedError:
        return None


def _converted(
    raw: Values, convert: Convert, missing: tuple[str, ...]
) -> tuple[Values, list[tuple[int, ValueError, Any]]]:
    """Return values converted, None where they are blank or wrong, and what is wrong by place."""
    which, values = _distinct(raw)
    made = np.full(len(values) + 1, None, dtype=object)  # the last one is that of no text, -1
    faults: dict[int, ValueError] = {}
    for n, value in enumerate(values):
        if _blank(value, missing):
            continue
        try:
            made[n] = convert(value)
        except ValueError as error:
            faults[n] = error
    wrong = np.flatnonzero(np.isin(which, list(faults))) if faults else ()
    found = [(int(i), faults[int(which[i])], values[which[i]]) for i in wrong]
    if isinstance(raw, pa.Array) and infer_dtype(made, skipna=True) == "string":
        return pa.array(made).take(pa.array(np.where(which < 0, len(values), which))), found
    return made[which], found


def _distinct(raw: Values) -> tuple[np.ndarray, np.ndarray]:
    """Return which of some values each is, -1 for no text; each text once, as there may be few."""
    if isinstance(raw, pa.Array) and pa.types.is_string(raw.type):
        encoded = raw.dictionary_encode()
        which = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return which, objects(encoded.dictionary)
    values = objects(raw)
    if infer_dtype(values, skipna=True) == "string":
        return pd.factorize(values)
    return np.arange(len(values)), values


def _lacking(values: Values) -> np.ndarray:
    """Tell which values are none."""
    if isinstance(values, pa.Array):
        return np.asarray(values.is_null().to_numpy(zero_copy_only=False))
    return np.array([v is None for v in values], dtype=bool)


def _of_good(values: Values, good: np.ndarray) -> Values:
    return values.filter(pa.array(good)) if isinstance(values, pa.Array) else values[good]


def _blank(value: Any, missing: tuple[str, ...]) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and (not value.strip() or value in missing)
