"""The cells of the table of bad inputs: what a pipeline may say of a fault of an input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from processing.errors import (
    BadGeometry,
    BadValue,
    Distorted,
    EmptyInput,
    MissingColumn,
    MixedCRS,
    NotProjected,
    ProcessingError,
    RepeatedId,
)


@dataclass(frozen=True)
class Refused:
    """A named error; `text` is sought in its text."""

    error: type[ProcessingError]
    text: str


class Told(dict[str, Any]):
    """A result that says so: by path in figures, quality or rows what stands there.

    `*` in a path stands for every member; a text is sought, a set is all that a column holds.
    """


@dataclass(frozen=True)
class Same:
    """The figures are as they were, because the method does not ask for what is bad."""

    why: str


@dataclass(frozen=True)
class Idle:
    """The cell does not apply."""

    why: str


Cell = Refused | Told | Same | Idle
Cells = Mapping[str, Cell]


def each(faults: str, cell: Cell) -> dict[str, Cell]:
    """The same cell for several faults."""
    return dict.fromkeys(faults.split(), cell)


def unplaced(why: str) -> dict[str, Cell]:
    """What is said of where features lie by a method that does not ask for it."""
    rest = "metres_as_degrees another_kind one_placeless one_without_size one_at_0_0 far"
    return {
        **each("no_crs placeless one_nan", Same(why)),
        **each(rest, Idle("`placeless` shows that no place is read")),
    }


def ordinary(layer: str) -> dict[str, Cell]:
    """What is said of a layer that a method measures, unless its own row of the table differs."""
    return {
        "absent": Idle("the runner refuses a run without it (tests/processing/test_runner.py)"),
        "empty": Refused(EmptyInput, rf"^{layer}\b.*: there are none; load"),
        "placeless": Refused(EmptyInput, rf"^{layer}\b.*: there are none; load"),
        "no_columns": Refused(MissingColumn, rf"^{layer} has no column \w+"),
        **each(
            "negative infinite",
            Refused(BadValue, rf"^{layer}: \w+ of ids .* is negative or infinite; correct it"),
        ),
        "no_crs": Refused(NotProjected, rf"^{layer}: the frame has no CRS; say which"),
        "other_crs": Same("whatever the CRS of an input, it is projected to that of the area"),
        **each(
            "metres_as_degrees one_nan",
            Refused(BadGeometry, rf"^{layer}: ids \d+.* no place in WGS 84; correct them"),
        ),
        "apart": Idle("only streets and ducts are joined to one another, by the methods"),
        "one_at_0_0": Refused(Distorted, rf"^{layer}: they reach to .*0.00 E.* off; correct their"),
        "repeated_id": Refused(RepeatedId, rf"^{layer}: an id must be there once, but \d+ repeat"),
        "another_kind": Refused(BadGeometry, rf"^{layer}: needs \w+.* but ids \d+ are"),
    }


AMOUNTS = "zeros negative infinite"
NO_KEYS = {"no_keys": Idle("the layer has no column by which others refer to it")}
SIZELESS = {"one_without_size": Same("it is as good a place as a house of some size")}
POINT = {"one_without_size": Same("a point has no size")}


def ordinary_raster(raster: str) -> dict[str, Cell]:
    """What is said of a raster that lies in no CRS, or in another than that of the area."""
    mixed = Refused(MixedCRS, rf"^{raster} is in EPSG:\d+ but the area is measured in .*; project")
    return {
        "no_crs": Refused(NotProjected, rf"^{raster}: '' is no known CRS; say which"),
        **each("other_crs degrees", mixed),
    }
