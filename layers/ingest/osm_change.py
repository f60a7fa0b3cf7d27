"""Apply an OpenStreetMap change file (.osc) to an extract: what lies in it, and nothing else.

Change files are cut by time, not by place, so most of one concerns other places. An object belongs
to the extract when it is in it, when it is a new node inside its box, or a new way or relation
that uses one of those; new nodes of such ways come along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium

from layers.errors import CorruptSource, MissingSource
from layers.message import message
from layers.said import said

SUFFIXES = (".osc", ".osc.gz", ".osc.bz2")

Ref = tuple[str, int]
"""Type (`n`, `w`, `r`) and OSM id."""

Box = tuple[float, float, float, float]

_FAULTS = (RuntimeError, OSError, ValueError, osmium.InvalidLocationError)


@dataclass(frozen=True)
class Applied:
    """How many objects of a change file were applied, and how many not.

    `older` were there in the same or a newer version; `outside` belong to other places. `graves`
    has the versions of what is deleted, so that a late file does not bring it back.
    """

    created: int
    modified: int
    deleted: int
    older: int
    outside: int
    graves: Mapping[str, int]

    @property
    def nothing(self) -> bool:
        """True when the file concerns other places only."""
        return not (self.created or self.modified or self.deleted or self.older)


@dataclass
class _Change:
    """The newest version of one object in the change file."""

    version: int
    deleted: bool
    place: tuple[float, float] | None
    uses: tuple[Ref, ...]


@dataclass
class _Changes:
    """All objects of a change file by reference, and the versions in the extract of those known."""

    newest: dict[Ref, _Change] = field(default_factory=dict)
    known: dict[Ref, int] = field(default_factory=dict)


def is_change(file: Path) -> bool:
    """Tell whether the name of a file is that of a change file."""
    return file.name.endswith(SUFFIXES)


def apply(
    base: Path, change: Path, box: Box, target: Path, graves: Mapping[str, int] | None = None
) -> Applied:
    """Write the extract `base` with `change` applied to the new file `target`.

    The newest version of an object counts, whatever the order of versions in the file, and a
    version older than that of the extract changes nothing. Needs memory for the change file, not
    for the extract. Raises MissingSource, CorruptSource.
    """
    if not change.is_file():
        raise MissingSource(message("file.none", file=str(change)))
    try:
        changes = _read(change)
        changes.known = _known(base, changes)
        dead = _dead(changes, graves or {})
        taken = _taken(changes, box) - dead
        _merge(base, change, taken, target)
    except _FAULTS as error:
        told = message("osm.change_damaged", file=change.name, text=said(error, change, base))
        raise CorruptSource(told) from None
    return _counted(changes, taken, dead, graves or {})


def _dead(changes: _Changes, graves: Mapping[str, int]) -> set[Ref]:
    """Return what was deleted by a file that knew a newer version."""
    return {
        ref
        for ref, one in changes.newest.items()
        if one.version <= graves.get(f"{ref[0]}{ref[1]}", 0)
    }


def _read(file: Path) -> _Changes:
    changes = _Changes()
    thing: Any
    for thing in osmium.FileProcessor(str(file)):
        if not thing.is_node() and not thing.is_way() and not thing.is_relation():
            continue
        if not thing.version:
            raise ValueError(f"{thing.type_str()}{thing.id} has no version")
        ref = (thing.type_str(), thing.id)
        before = changes.newest.get(ref)
        if before is None or thing.version >= before.version:
            deleted = thing.deleted or not thing.visible
            changes.newest[ref] = _Change(thing.version, deleted, _place(thing), _uses(thing))
    return changes


def _place(thing: Any) -> tuple[float, float] | None:
    if thing.is_node() and thing.location.valid():
        return (thing.location.lon, thing.location.lat)
    return None


def _uses(thing: Any) -> tuple[Ref, ...]:
    if thing.is_way():
        return tuple(("n", node.ref) for node in thing.nodes)
    if thing.is_relation():
        return tuple((member.type, member.ref) for member in thing.members)
    return ()


def _known(base: Path, changes: _Changes) -> dict[Ref, int]:
    """Return the versions of what the change file names and the extract has."""
    wanted = set(changes.newest)
    wanted.update(ref for one in changes.newest.values() for ref in one.uses)
    if not wanted:
        return {}
    objects = osmium.FileProcessor(str(base))
    chosen = objects.with_filter(osmium.filter.IdFilter({number for _, number in wanted}))
    found: dict[Ref, int] = {}
    thing: Any
    for thing in chosen:
        ref = (thing.type_str(), thing.id)
        if ref in wanted:
            found[ref] = thing.version
    return found


def _taken(changes: _Changes, box: Box) -> set[Ref]:
    taken = {
        ref
        for ref, one in changes.newest.items()
        if ref in changes.known or (not one.deleted and _inside(one.place, box))
    }
    users = {ref: one.uses for ref, one in changes.newest.items() if one.uses and not one.deleted}
    while more := {
        ref
        for ref, uses in users.items()
        if ref not in taken and any(used in taken or used in changes.known for used in uses)
    }:
        taken |= more  # a relation may use one that has just been taken
    ways = (users[ref] for ref in users if ref in taken and ref[0] == "w")
    nodes = {node for uses in ways for node in uses if node in changes.newest}
    return taken | {node for node in nodes if not changes.newest[node].deleted}


def _inside(place: tuple[float, float] | None, box: Box) -> bool:
    west, south, east, north = box
    return place is not None and west <= place[0] <= east and south <= place[1] <= north


def _merge(base: Path, change: Path, taken: Iterable[Ref], target: Path) -> None:
    kept, chosen = set(taken), target.parent / "chosen.osc"
    with osmium.SimpleWriter(str(chosen), overwrite=True) as writer:
        thing: Any
        for thing in osmium.FileProcessor(str(change)):
            if (thing.type_str(), thing.id) in kept:
                writer.add(thing)
    merge = osmium.MergeInputReader()
    merge.add_file(str(chosen))
    out = osmium.io.Writer(str(target))
    with osmium.io.Reader(str(base)) as reader:
        merge.apply_to_reader(reader, out)
    out.close()


def _counted(
    changes: _Changes, taken: set[Ref], dead: set[Ref], graves: Mapping[str, int]
) -> Applied:
    counts = {"created": 0, "modified": 0, "deleted": 0, "older": len(dead)}
    deleted = dict(graves)
    for ref in taken:
        one, version = changes.newest[ref], changes.known.get(ref)
        if version is not None and version >= one.version:
            kind = "older"
        elif one.deleted:
            kind = "deleted"
            deleted[f"{ref[0]}{ref[1]}"] = one.version
        else:
            kind = "created" if version is None else "modified"
            deleted.pop(f"{ref[0]}{ref[1]}", None)
        counts[kind] += 1
    outside = len(changes.newest) - len(taken) - len(dead)
    return Applied(**counts, outside=outside, graves=deleted)
