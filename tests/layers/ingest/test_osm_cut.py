"""Ways cut at junctions: the same pieces as a walk along every way, node by node."""

from collections import Counter
from pathlib import Path

import osmium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Way

from layers.ingest import osm_objects
from layers.ingest.osm_cut import Part, Ways

PLACES = {
    1: (30.0, 54.0), 2: (30.1, 54.0), 3: (30.2, 54.1), 4: (30.2, 54.1), 5: (30.3, 54.2),
    6: (30.0, 54.3),
}  # fmt: skip
OUTSIDE = (7, 8)
"""Nodes that ways use and the extract lacks."""


def cut(ways: list[list[int]], file: Path) -> list[Part]:
    with osmium.SimpleWriter(str(file), overwrite=True) as writer:
        for number, place in PLACES.items():
            writer.add_node(Node(id=number, version=1, location=place))
        for number, nodes in enumerate(ways, 1):
            writer.add_way(Way(id=number, version=1, nodes=nodes, tags={"highway": "path"}))
    found = [thing for thing in osm_objects.read(file) if isinstance(thing, osm_objects.Way)]
    return list(Ways.of([way.id for way in found], [way.nodes for way in found]).parts())


def walked(ways: list[list[int]]) -> list[Part]:
    junctions = {n for n, uses in Counter(n for way in ways for n in way).items() if uses > 1}
    found = []
    for way, nodes in enumerate(ways):
        for number, part in enumerate(pieces(nodes, junctions)):
            line = shapely.LineString([PLACES[n] for n in part])
            if len(set(line.coords)) > 1:
                key = (1, way + 1, number)
                found.append(Part(way, key, shapely.to_wkb(line), part[0], part[-1]))
    return found


def pieces(nodes: list[int], junctions: set[int]) -> list[list[int]]:
    made, part = [], []
    for node in nodes:
        if node in OUTSIDE:
            made.append(part)
            part = []
        elif part[-1:] != [node]:
            part = [*part, node]
            if len(part) > 1 and node in junctions:
                made.append(part)
                part = [node]
    return [p for p in [*made, part] if len(p) > 1]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cut") / "ways.osm"


@settings(max_examples=60, deadline=None)
@given(ways=st.lists(st.lists(st.integers(1, 8), max_size=7), max_size=5))
def test_pieces_are_those_of_a_walk_along_every_way(file: Path, ways: list[list[int]]):
    assert cut(ways, file) == walked(ways)


@pytest.mark.parametrize(
    ("ways", "ends"),
    [
        ([[1, 2, 3], [2, 5]], [(1, 2), (2, 3), (2, 5)]),  # a street ends in the middle of another
        ([[1, 2, 5, 1, 6]], [(1, 1), (1, 6)]),  # a street that meets itself
        ([[1, 2, 7, 5, 6]], [(1, 2), (5, 6)]),  # a node outside the extract
        ([[1, 7, 8]], []),
        ([[3, 4]], []),  # two nodes at one place
        ([], []),
    ],
)
def test_ends_of_pieces(file: Path, ways: list[list[int]], ends: list[tuple[int, int]]):
    assert [(part.node_from, part.node_to) for part in cut(ways, file)] == ends
