"""Change files: a changed extract is what a fresh one would be, and other places stay out."""

import gzip
import random
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from layers import store
from layers.area import save_area, utm_srid
from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.ingest import osm_change, osm_extract
from layers.ingest.osm import LAYERS as OSM_LAYERS
from layers.ingest.osm import load_change, load_osm
from layers.ingest.osm_read import read
from layers.ingest.vector.faults import publish_faults
from layers.ingest.vector.finding import Finding
from layers.ingest.vector.load_report import Counts, LoadReport
from layers.ingest.vector.reports import keep, reports
from layers.load_reports import in_words
from layers.model import Area, Text
from layers.registry import load_layers

Connection = psycopg.Connection[tuple[object, ...]]
LAYERS = load_layers()
BOX = (30.0, 54.0, 31.0, 55.0)
TITLE = Text(be="x", ru="x", en="x")
TOWN = Area(id="town", number=2000, title=TITLE, soato="", srid=utm_srid(30, 54), lon=30.5, lat=54)
TWIN = TOWN.model_copy(update={"id": "twin", "number": 2001})


@dataclass(frozen=True)
class Thing:
    """An OSM object of the tests: a node with a place, or a way with nodes."""

    kind: str
    id: int
    version: int = 1
    place: tuple[float, float] = (30.5, 54.5)
    nodes: tuple[int, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()

    def xml(self) -> str:
        lon, lat = self.place
        at = f' lon="{lon:.7f}" lat="{lat:.7f}"' if self.kind == "node" else ""
        inner = "".join(f'<nd ref="{n}"/>' for n in self.nodes)
        inner += "".join(f'<tag k="{k}" v="{v}"/>' for k, v in self.tags)
        return f'<{self.kind} id="{self.id}" version="{self.version}"{at}>{inner}</{self.kind}>'


World = dict[tuple[str, int], Thing]


def world(*things: Thing) -> World:
    return {(thing.kind, thing.id): thing for thing in things}


def extract(path: Path, content: World) -> Path:
    west, south, east, north = BOX
    bounds = f'<bounds minlon="{west}" minlat="{south}" maxlon="{east}" maxlat="{north}"/>'
    body = "".join(content[key].xml() for key in sorted(content))
    path.write_text(f'<osm version="0.6">{bounds}{body}</osm>', "utf-8")
    return path


def change_file(path: Path, edits: Iterable[tuple[str, Thing]]) -> Path:
    body = "".join(f"<{verb}>{thing.xml()}</{verb}>" for verb, thing in edits)
    path.write_text(f'<osmChange version="0.6">{body}</osmChange>', "utf-8")
    return path


LAMP = (("highway", "street_lamp"),)
SHOP = (("shop", "bakery"),)
ROAD = (("highway", "residential"),)
HOUSE = (("building", "house"),)
NODES = [Thing("node", n, place=(30.5 + n % 4 / 100, 54.5 + n // 4 / 100)) for n in range(1, 13)]
BASE = world(
    *NODES,
    Thing("node", 20, tags=LAMP, place=(30.61, 54.61)),
    Thing("node", 21, tags=SHOP, place=(30.62, 54.61)),
    Thing("way", 1, nodes=(1, 2, 3), tags=ROAD),
    Thing("way", 2, nodes=(2, 6, 10), tags=ROAD),
    Thing("way", 3, nodes=(5, 6, 10, 9, 5), tags=HOUSE),
    Thing("way", 4, nodes=(7, 8, 12, 11, 7), tags=(("leisure", "park"),)),
)


@dataclass
class Edits:
    """Edits of a world one after another, as mappers make them."""

    content: World
    made: list[tuple[str, Thing]] = field(default_factory=list)

    def put(self, thing: Thing) -> None:
        key = (thing.kind, thing.id)
        before = self.content.get(key)
        thing = replace(thing, version=before.version + 1 if before else 1)
        self.made.append(("modify" if before else "create", thing))
        self.content[key] = thing

    def drop(self, kind: str, number: int) -> None:
        before = self.content.pop((kind, number), None)
        if before:
            self.made.append(("delete", replace(before, version=before.version + 1)))


PLACES = st.tuples(st.floats(30.1, 30.9), st.floats(54.1, 54.9))
NEW_NODE = st.builds(
    lambda n, at, tags: Thing("node", n, place=at, tags=tags),
    st.integers(1, 40), PLACES, st.sampled_from([(), LAMP, SHOP]),
)  # fmt: skip
WAY = st.builds(
    lambda n, nodes, tags, closed: Thing(
        "way", n, nodes=(*nodes, nodes[0]) if closed else tuple(nodes), tags=tags
    ),
    st.integers(1, 9),
    st.lists(st.integers(1, 12), min_size=2, max_size=5, unique=True),
    st.sampled_from([ROAD, HOUSE, ()]),
    st.booleans(),
)
DROP = st.one_of(
    st.tuples(st.just("way"), st.integers(1, 9)), st.tuples(st.just("node"), st.integers(13, 40))
)
STEPS = st.lists(st.one_of(NEW_NODE, WAY, DROP), min_size=1, max_size=12)


def edited(steps: list[object]) -> Edits:
    edits = Edits(dict(BASE))
    dead: set[tuple[str, int]] = set()
    for step in steps:
        if isinstance(step, Thing):
            if (step.kind, step.id) not in dead:  # no object comes back in these tests
                edits.put(step)
        else:
            kind, number = step  # type: ignore[misc]
            dead.add((kind, number))
            edits.drop(kind, number)
    return edits


def numbered(file: Path) -> dict[str, gpd.GeoDataFrame]:
    found = read(file)
    return {i: next(found.frames(i, TOWN)) for i in OSM_LAYERS if found.count(i)}


@settings(max_examples=25, deadline=None)
@given(STEPS, st.integers(0, 10**6))
def test_a_changed_extract_reads_as_a_fresh_one(steps: list[object], seed: int) -> None:
    edits = edited(steps)
    random.Random(seed).shuffle(edits.made)  # the order of versions in a file does not count
    with tempfile.TemporaryDirectory() as folder:
        base = extract(Path(folder) / "base.osm", BASE)
        fresh = extract(Path(folder) / "fresh.osm", edits.content)
        change = change_file(Path(folder) / "change.osc", edits.made)
        target = Path(folder) / "target.osm.pbf"
        osm_change.apply(base, change, BOX, target)
        expected, found = numbered(fresh), numbered(target)
        assert expected.keys() == found.keys()
        for layer_id, frame in expected.items():
            assert frame.equals(found[layer_id]), layer_id
        again = osm_change.apply(target, change, BOX, Path(folder) / "again.osm.pbf")
        assert (again.created, again.modified, again.deleted) == (0, 0, 0)


@pytest.fixture
def loaded(connection: Connection, tmp_path: Path) -> Path:
    """The town loaded from BASE; the folder has base.osm."""
    for area in (TOWN, TWIN):
        save_area(connection, area)
    load_osm(connection, LAYERS, extract(tmp_path / "base.osm", BASE), TOWN)
    return tmp_path


def versions(connection: Connection, area: Area) -> dict[object, object]:
    query = "SELECT layer, checksum FROM layers.version WHERE area = %s AND layer <> %s"
    return dict(connection.execute(query, (area.id, "load_faults")).fetchall())


def some_edits() -> Edits:
    edits = Edits(dict(BASE))
    edits.put(Thing("node", 30, place=(30.7, 54.7), tags=LAMP))
    edits.put(Thing("way", 2, nodes=(2, 6, 7), tags=(*ROAD, ("name", "вул. Новая"))))
    edits.put(Thing("way", 9, nodes=(2, 3, 7, 6, 2), tags=HOUSE))
    edits.drop("node", 21)
    edits.drop("way", 4)
    return edits


def test_layers_after_a_change_are_those_of_a_fresh_load(
    connection: Connection, loaded: Path
) -> None:
    before = store.read(connection, LAYERS["buildings"], area="town")
    edits = some_edits()
    change = loaded / "day.osc.gz"
    plain = change_file(loaded / "day.osc", edits.made)
    change.write_bytes(gzip.compress(plain.read_bytes()))
    applied, done = load_change(connection, LAYERS, change, TOWN)
    assert (applied.created, applied.modified, applied.deleted) == (2, 1, 2)
    # The last shop and the last park were deleted, the streets change at their junctions.
    assert set(done) == {"streets", "buildings", "street_lights"}
    found = versions(connection, TOWN)
    load_osm(connection, LAYERS, extract(loaded / "fresh.osm", edits.content), TOWN)
    assert versions(connection, TOWN) == found
    load_osm(connection, LAYERS, loaded / "fresh.osm", TWIN)
    assert set(versions(connection, TWIN)) == set(found) == set(done)
    after = store.read(connection, LAYERS["buildings"], area="town")
    assert before.index.isin(after.index).all()
    assert after.loc[before.index].geometry.geom_equals(before.geometry).all()


def test_the_same_change_twice_and_changes_in_turn(connection: Connection, loaded: Path) -> None:
    edits = some_edits()
    first = change_file(loaded / "1.osc", edits.made)
    edits.made.clear()
    edits.put(Thing("node", 31, place=(30.71, 54.7), tags=LAMP))
    edits.drop("node", 30)
    second = change_file(loaded / "2.osc", edits.made)
    load_change(connection, LAYERS, first, TOWN)
    load_change(connection, LAYERS, second, TOWN)
    _, again = load_change(connection, LAYERS, second, TOWN)
    assert not any(result.changed for result in again.values())
    load_change(connection, LAYERS, first, TOWN)  # late: node 30 stays deleted
    lamps = store.read(connection, LAYERS["street_lights"], area="town")
    assert sorted(lamps["source_id"]) == ["node/20", "node/31"]
    row = connection.execute(
        "SELECT DISTINCT source FROM layers.version WHERE area = 'town' AND layer <> 'load_faults'"
    ).fetchall()
    assert row == [("OpenStreetMap extract base.osm with 2 change files, the last 2.osc",)]


def test_unchanged_layers_keep_their_version(connection: Connection, loaded: Path) -> None:
    edits = Edits(dict(BASE))
    edits.put(Thing("node", 30, place=(30.7, 54.7), tags=LAMP))
    _, done = load_change(connection, LAYERS, change_file(loaded / "c.osc", edits.made), TOWN)
    assert {i: r.changed for i, r in done.items()} == dict.fromkeys(done, False) | {
        "street_lights": True
    }


def test_the_removal_of_a_last_feature_is_told_and_its_faults_go(
    connection: Connection, loaded: Path
) -> None:
    lamp = store.read(connection, LAYERS["street_lights"], area="town")
    assert len(lamp) == 1
    found = Finding("rule.twice", "node/20", "noted", lon=30.5, lat=54.5)
    told = {"layer": "street_lights", "area": "town", "file": "a", "checksum": "1"}
    time = datetime(2026, 11, 28, tzinfo=UTC)
    keep(connection, LoadReport(**told, time=time, counts=Counts(read=1), findings=(found,)))
    publish_faults(connection, LAYERS, TOWN)
    assert len(store.read(connection, LAYERS["load_faults"])) == 1
    gone = [("delete", Thing("node", 20, version=9))]
    load_change(connection, LAYERS, change_file(loaded / "gone.osc", gone), TOWN)
    assert store.read(connection, LAYERS["street_lights"], area="town").empty
    newest, *_ = reports(connection, "street_lights", "town")
    assert newest["file"].endswith("with a change file, the last gone.osc")
    assert (newest["decision"], newest["counts"]["removed"]) == ("published", 1)
    assert in_words(newest, "ru")["reason"].startswith("последний объект слоя удалён")
    assert store.read(connection, LAYERS["load_faults"]).empty


def test_a_change_of_another_region_changes_nothing(connection: Connection, loaded: Path) -> None:
    before = versions(connection, TOWN)
    far = [
        ("create", Thing("node", 900, place=(15.0, 48.0), tags=LAMP)),
        ("create", Thing("node", 901, place=(15.1, 48.0))),
        ("create", Thing("way", 900, nodes=(900, 901), tags=ROAD)),
        ("delete", Thing("node", 902, version=3)),
    ]
    applied, done = load_change(connection, LAYERS, change_file(loaded / "far.osc", far), TOWN)
    assert applied.nothing
    assert (applied.outside, done) == (4, {})
    assert versions(connection, TOWN) == before
    assert osm_extract.kept(connection, TOWN).changes == ()


def test_a_new_way_out_of_the_area_brings_its_nodes(tmp_path: Path) -> None:
    out = [
        ("create", Thing("node", 50, place=(31.2, 54.5))),
        ("create", Thing("node", 51, place=(31.3, 54.5))),
        ("create", Thing("way", 50, nodes=(3, 50), tags=ROAD)),
        ("create", Thing("way", 51, nodes=(51, 777), tags=ROAD)),
    ]
    target = tmp_path / "target.osm.pbf"
    base, change = extract(tmp_path / "b.osm", BASE), change_file(tmp_path / "c.osc", out)
    assert osm_change.apply(base, change, BOX, target).outside == 2
    sources = set(numbered(target)["streets"]["source_id"])
    assert "way/50" in sources
    assert "way/51" not in sources


def test_without_an_extract_the_remedy_is_named(connection: Connection, tmp_path: Path) -> None:
    save_area(connection, TOWN)
    change = change_file(tmp_path / "c.osc", [])
    with pytest.raises(MissingSource, match="load one first with `geoportal load osm EXTRACT"):
        load_change(connection, LAYERS, change, TOWN)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cut.osc", b"<osmChange><create><node id='1'", "not an OSM change file, or damaged"),
        ("page.osc", b"<html>502</html>", "not an OSM change file, or damaged"),
        ("cut.osc.gz", gzip.compress(b"<osmChange/>")[:-9], "not an OSM change file, or damaged"),
        (
            "bare.osc",
            b'<osmChange version="0.6"><modify><node id="1" lat="5" lon="3"/></modify></osmChange>',
            "n1 has no version",
        ),
    ],
)
def test_a_bad_change_file_is_named_and_changes_nothing(
    connection: Connection, loaded: Path, name: str, data: bytes, said: str
) -> None:
    before = versions(connection, TOWN), osm_extract.kept(connection, TOWN)
    (loaded / name).write_bytes(data)
    with pytest.raises(CorruptSource, match=said) as error:
        load_change(connection, LAYERS, loaded / name, TOWN)
    assert name in str(error.value)
    refused = [one for one in reports(connection) if one["decision"] == "refused"]
    assert sorted(one["layer"] for one in refused) == sorted(OSM_LAYERS)
    assert {one["file"] for one in refused} == {name}
    assert (versions(connection, TOWN), osm_extract.kept(connection, TOWN)) == before


def test_a_missing_change_file_is_named(connection: Connection, loaded: Path) -> None:
    with pytest.raises(MissingSource, match="there is no file"):
        load_change(connection, LAYERS, loaded / "none.osc", TOWN)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
@example([Thing("way", 9, nodes=(5, 6, 10, 9, 5), tags=HOUSE), ("way", 4)])
def test_random_changes_give_the_checksums_of_a_fresh_load(
    connection: Connection, loaded: Path, steps: list[object]
) -> None:
    for layer_id in OSM_LAYERS:
        for area in (TOWN, TWIN):
            store.remove(connection, LAYERS[layer_id], area)
    connection.execute("TRUNCATE layers.load_report")
    load_osm(connection, LAYERS, loaded / "base.osm", TOWN)
    base = store_rows(connection, TOWN)
    edits = edited(steps)
    with suppress(RefusedLoad):  # houses drawn over one another
        load_change(connection, LAYERS, change_file(loaded / "c.osc", edits.made), TOWN)
    found = store_rows(connection, TOWN)
    with suppress(RefusedLoad):
        load_osm(connection, LAYERS, extract(loaded / "fresh.osm", edits.content), TWIN)
    refused = refusals(connection, TOWN)
    assert refused == refusals(connection, TWIN)
    assert found == store_rows(connection, TWIN) | {i: base[i] for i in refused}


def refusals(connection: Connection, area: Area) -> set[object]:
    """The layers of an area whose last load was refused."""
    query = "SELECT DISTINCT ON (layer) layer, decision FROM layers.load_report"
    order = " WHERE area = %s ORDER BY layer, number DESC"
    rows = connection.execute(query + order, (area.id,)).fetchall()
    return {layer for layer, decision in rows if decision == "refused"}


def store_rows(connection: Connection, area: Area) -> dict[str, list[object]]:
    """All rows of an area by layer; the id without the area's number."""
    found: dict[str, list[object]] = {}
    for layer_id in OSM_LAYERS:
        frame = store.read(connection, LAYERS[layer_id], area=area.id).drop(columns="area")
        frame.index -= area.feature_id(0)
        found[layer_id] = frame.to_wkt().reset_index().astype(str).to_numpy().tolist()
    return found
