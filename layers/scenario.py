"""A scenario: features that a planner would add, change or remove, as an overlay over layers.

The layers themselves stay as they are. A scenario is a small JSON document:

    {"name": "new-clinic", "area": "orsha", "title": "A clinic in Lenina street", "changes": [
      {"layer": "service_points", "operation": "add", "feature": {GeoJSON Feature}},
      {"layer": "street_lights", "operation": "change", "id": 1301, "feature": {"properties": ...}},
      {"layer": "streets", "operation": "remove", "id": 1300000007}]}

Coordinates are longitude and latitude in degrees (WGS 84).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb
from pydantic import ConfigDict, StringConstraints, ValidationError, model_validator
from pydantic import Field as Constraint

from layers import submission
from layers.errors import BadScenario, RefusedFeature, TakenName, UnknownScenario
from layers.model import Layer, Name, Value
from layers.query import CRS84, Crs
from layers.submission import Submission

MOST_CHANGES = 10_000
NAME = r"^[a-z][a-z0-9-]{0,63}$"

ScenarioName = Annotated[str, StringConstraints(pattern=NAME)]
Plain = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""A text that the database can hold."""
Operation = Literal["add", "change", "remove"]


class Change(Value):
    """One change; `id` is the feature's id in its layer, `feature` GeoJSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    layer: Name
    operation: Operation
    id: int | None = None
    feature: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.operation == "add") != (self.id is None):
            raise ValueError("change and remove need the id of a feature, add has none")
        if (self.operation == "remove") != (self.feature is None):
            raise ValueError("add and change need a feature, remove has none")
        return self


class Scenario(Value):
    """Changes of the layers of one area, in the order in which they are made."""

    name: ScenarioName
    area: Name
    title: Plain = Constraint(min_length=1, max_length=200)
    description: Plain = Constraint(default="", max_length=5_000)
    changes: tuple[Change, ...] = Constraint(min_length=1, max_length=MOST_CHANGES)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that it changes."""
        return tuple(sorted({change.layer for change in self.changes}))

    @property
    def checksum(self) -> str:
        """SHA-256 of what it changes: neither its name nor its words count."""
        changes = [change.model_dump(mode="json") for change in self.changes]
        text = json.dumps([self.area, changes], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Edit:
    """A change with its values typed: `values` of the fields, `shape` GeoJSON text or None.

    Where a feature is changed, `values` are those that change and `shape` None keeps its place.
    """

    operation: Operation
    id: int | None
    values: Mapping[str, Any]
    shape: str | None


def read(document: Any) -> Scenario:
    """Return the scenario that a JSON value says; raises BadScenario with every fault found."""
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise BadScenario(*((_pointer(one["loc"]), one["msg"]) for one in faults)) from None


def _pointer(path: tuple[int | str, ...]) -> str:
    parts = (str(part)[:80].replace("~", "~0").replace("/", "~1") for part in path)
    return "".join(f"/{part}" for part in parts)


def submissions(
    scenario: Scenario, layers: Mapping[str, Layer], crs: Crs = CRS84
) -> list[Submission]:
    """Return what each change says, in order; coordinates in `crs`.

    Raises BadScenario with every fault: a layer that is none, a feature that does not fit it.
    """
    found: list[Submission] = []
    faults: list[tuple[str, str]] = []
    for n, change in enumerate(scenario.changes):
        layer = layers.get(change.layer)
        if layer is None or layer.scope != "area":
            known = "a layer of city areas" if layer else "a layer"
            faults.append((f"/changes/{n}/layer", f"{change.layer!r} is not {known}"))
            continue
        try:
            found.append(_submission(layer, change, crs))
        except RefusedFeature as refused:
            faults += [(f"/changes/{n}/feature{at}", reason) for at, reason in refused.faults]
    if faults:
        raise BadScenario(*faults)
    return found


def edits(scenario: Scenario, layers: Mapping[str, Layer]) -> dict[str, list[Edit]]:
    """Return the typed changes by layer, in order; raises BadScenario as `submissions` does."""
    found: dict[str, list[Edit]] = {}
    pairs = zip(scenario.changes, submissions(scenario, layers), strict=True)
    for change, given in pairs:
        edit = Edit(change.operation, change.id, given.values, given.shape)
        found.setdefault(change.layer, []).append(edit)
    return found


def _submission(layer: Layer, change: Change, crs: Crs) -> Submission:
    if change.feature is None:
        return Submission({}, None)
    feature = {"type": "Feature", **change.feature}
    given = submission.read(layer, feature, crs, whole=change.operation == "add")
    if given.shape is None and (change.operation == "add" or "geometry" in feature):
        raise RefusedFeature(("/geometry", "a feature of a scenario has a place"))
    return given


def save(conn: Connection, scenario: Scenario, *, owner: str | None = None) -> None:
    """Store a scenario under its name, in place of one that the same owner saved before.

    Raises TakenName when the name is another's.
    """
    document = scenario.model_dump(mode="json", exclude={"name"}, exclude_none=True)
    done = conn.execute(
        "INSERT INTO layers.scenario AS s (name, area, document, owner) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET area = excluded.area, document = excluded.document,"
        " saved_at = now() WHERE s.owner IS NOT DISTINCT FROM excluded.owner",
        (scenario.name, scenario.area, Jsonb(document), owner),
    )
    if not done.rowcount:
        raise TakenName(f"the scenario {scenario.name!r} is somebody else's; choose another name")


def find(conn: Connection, name: str) -> Scenario:
    """Return the stored scenario of that name; raises UnknownScenario."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT document FROM layers.scenario WHERE name = %s", (name,)
        ).fetchone()
    if row is None:
        raise UnknownScenario(f"there is no scenario {name!r}; `geoportal scenarios list` has them")
    return read({"name": name, **row[0]})


def stored(conn: Connection) -> list[Scenario]:
    """Return every stored scenario, by name."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute("SELECT name, document FROM layers.scenario ORDER BY name").fetchall()
    return [read({"name": name, **document}) for name, document in rows]


def remove(conn: Connection, name: str) -> None:
    """Forget a stored scenario; raises UnknownScenario."""
    if not conn.execute("DELETE FROM layers.scenario WHERE name = %s", (name,)).rowcount:
        raise UnknownScenario(f"there is no scenario {name!r}; `geoportal scenarios list` has them")
