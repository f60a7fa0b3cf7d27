"""OSM extracts: streets make a graph, counts agree with another reading, bad files are named."""

import bz2
import gzip
import json
import re
from pathlib import Path

import geopandas as gpd
import networkx as nx
import osmium
import psycopg
import pytest
from pyproj import Geod

from layers import store
from layers.area import save_area, utm_srid
from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.ingest.osm import LAYERS as OSM_LAYERS
from layers.ingest.osm import load_osm
from layers.ingest.osm_ids import numbers
from layers.ingest.osm_read import centre, read
from layers.ingest.vector.reports import reports
from layers.load_reports import in_words
from layers.model import Area, Layer, Rule, Text
from layers.registry import load_layers

Connection = psycopg.Connection[tuple[object, ...]]
LAYERS = load_layers()

TOWN = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" version="1" lat="54.50" lon="30.40"/>
 <node id="2" version="1" lat="54.50" lon="30.41"/>
 <node id="3" version="1" lat="54.50" lon="30.42"/>
 <node id="4" version="1" lat="54.51" lon="30.41"/>
 <node id="5" version="1" lat="54.49" lon="30.41"><tag k="highway" v="crossing"/></node>
 <node id="6" version="1" lat="54.505" lon="30.405"><tag k="highway" v="street_lamp"/></node>
 <node id="7" version="1" lat="54.505" lon="30.406"><tag k="amenity" v="pharmacy"/>
  <tag k="name" v="Аптэка"/></node>
 <node id="11" version="1" lat="54.502" lon="30.402"/>
 <node id="12" version="1" lat="54.502" lon="30.403"/>
 <node id="13" version="1" lat="54.503" lon="30.403"/>
 <node id="14" version="1" lat="54.503" lon="30.402"/>
 <node id="21" version="1" lat="54.5022" lon="30.4022"/>
 <node id="22" version="1" lat="54.5022" lon="30.4028"/>
 <node id="23" version="1" lat="54.5028" lon="30.4028"/>
 <node id="24" version="1" lat="54.5028" lon="30.4022"/>
 <way id="101" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/>
  <tag k="highway" v="residential"/><tag k="name" v="вул. Леніна"/><tag k="oneway" v="-1"/></way>
 <way id="102" version="1"><nd ref="4"/><nd ref="2"/><nd ref="5"/><nd ref="999"/>
  <tag k="highway" v="footway"/></way>
 <way id="103" version="1"><nd ref="1"/><nd ref="4"/><tag k="highway" v="proposed"/></way>
 <way id="201" version="1"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="14"/><nd ref="11"/>
 </way>
 <way id="202" version="1"><nd ref="21"/><nd ref="22"/><nd ref="23"/><nd ref="24"/><nd ref="21"/>
  <tag k="leisure" v="park"/></way>
 <relation id="301" version="1">
  <member type="way" ref="201" role="outer"/><member type="way" ref="202" role="inner"/>
  <tag k="type" v="multipolygon"/><tag k="building" v="school"/><tag k="amenity" v="school"/>
 </relation>
</osm>
"""


def place(lon: float, lat: float, name: str = "town") -> Area:
    title = Text(be=name, ru=name, en=name)
    return Area(
        id=name, number=2000, title=title, soato="", srid=utm_srid(lon, lat), lon=lon, lat=lat
    )


@pytest.fixture
def town(tmp_path: Path) -> Path:
    path = tmp_path / "town.osm"
    path.write_text(TOWN, "utf-8")
    return path


@pytest.fixture
def area(connection: Connection) -> Area:
    made = place(30.41, 54.5)
    save_area(connection, made)
    return made


def test_a_small_town_by_hand(connection: Connection, town: Path, area: Area) -> None:
    loaded = load_osm(connection, LAYERS, town, area)
    assert {i: r.row_count for i, r in loaded.items()} == {
        "streets": 4,
        "buildings": 1,
        "service_points": 2,
        "street_lights": 1,
        "green_areas": 1,
    }
    streets = store.read(connection, LAYERS["streets"]).sort_values(["source_id", "node_to"])
    # Both streets are cut at node 2; node 999 is outside the extract and ends the footway at 5.
    ends = list(zip(streets["source_id"], streets["node_from"], streets["node_to"], strict=True))
    assert ends == [
        ("way/101", 1, 2),
        ("way/101", 2, 3),
        ("way/102", 4, 2),
        ("way/102", 2, 5),
    ]
    parts = [(1, 101, 0), (1, 101, 1), (1, 102, 0), (1, 102, 1)]
    assert streets.index.tolist() == [area.feature_id(n) for n in numbers(parts)]
    assert streets["oneway"].tolist() == ["backward", "backward", "no", "no"]
    assert streets["car"].tolist() == [True, True, False, False]
    expected = Geod(ellps="GRS80").inv(30.40, 54.5, 30.41, 54.5)[2]
    assert streets["length_m"].iloc[0] == pytest.approx(expected, abs=0.002)
    school = store.read(connection, LAYERS["buildings"]).iloc[0]
    assert (school["kind"], school["source_id"]) == ("school", "relation/301")
    assert len(school.geometry.geoms[0].interiors) == 1
    points = store.read(connection, LAYERS["service_points"])
    assert points["service_class"].tolist() == ["pharmacy", "school"]
    # The point of the ring-shaped school lies in the building, not in its yard.
    assert points.geometry.iloc[1].within(school.geometry)
    assert set(points["status"]) == {"open"}
    lamp = store.read(connection, LAYERS["street_lights"]).iloc[0]
    assert (lamp["lamp_id"], lamp["state"]) == ("node/6", "unknown")


def test_every_layer_leaves_a_report_and_its_faults_are_points(
    connection: Connection, town: Path, area: Area
) -> None:
    layers = LAYERS | {"street_lights": held(LAYERS["street_lights"])}
    load_osm(connection, layers, town, area)
    told = {one["layer"]: one for one in reports(connection, area=area.id)}
    assert set(told) == set(OSM_LAYERS)
    assert {one["file"] for one in told.values()} == {"OpenStreetMap extract town.osm"}
    lights = told["street_lights"]
    assert (lights["decision"], lights["rules"][0]["faulty"]) == ("published_with_warnings", 1)
    (point,) = store.read(connection, LAYERS["load_faults"]).itertuples()
    assert (point.layer, point.code) == ("street_lights", "rule.far")
    load_osm(connection, layers, town, area)  # changes nothing, so tells nothing
    assert len(reports(connection, area=area.id)) == len(OSM_LAYERS)


def held(layer: Layer) -> Layer:
    """The layer with a rule that any lamp breaks, being a hair off its street."""
    return layer.model_copy(
        update={"quality": (Rule(rule="far", limit=1e-9, beside="streets", warn_share=0),)}
    )


def test_the_origin_is_openstreetmap(connection: Connection, town: Path, area: Area) -> None:
    load_osm(connection, LAYERS, town, area)
    row = connection.execute(
        "SELECT DISTINCT status, source, licence ->> 'id', attribution FROM layers.version"
        " WHERE layer <> 'load_faults'"
    ).fetchall()
    assert row == [
        ("open", "OpenStreetMap extract town.osm", "ODbL-1.0", "© OpenStreetMap contributors")
    ]


def test_what_the_file_lacks_keeps_its_rows(
    connection: Connection, town: Path, area: Area, tmp_path: Path
) -> None:
    load_osm(connection, LAYERS, town, area)
    dark = tmp_path / "dark.osm"
    dark.write_text(TOWN.replace("street_lamp", "give_way"), "utf-8")
    assert set(load_osm(connection, LAYERS, dark, area)) == set(OSM_LAYERS) - {"street_lights"}
    assert len(store.read(connection, LAYERS["street_lights"])) == 1


def test_a_refused_layer_is_named_and_the_others_load(
    connection: Connection, town: Path, area: Area
) -> None:
    streets = LAYERS["streets"]
    short = tuple(
        f.model_copy(update={"maximum": 1.0}) if f.name == "length_m" else f for f in streets.fields
    )
    layers = LAYERS | {"streets": streets.model_copy(update={"fields": short})}
    with pytest.raises(RefusedLoad) as refused:
        load_osm(connection, layers, town, area)
    assert "streets, area town: refused, nothing was changed: 4 rows: length_m" in str(
        refused.value
    )
    assert "loaded: buildings, service_points, street_lights, green_areas" in str(refused.value)
    assert len(store.read(connection, streets)) == 0
    assert len(store.read(connection, LAYERS["buildings"])) == 1


def test_an_extract_of_another_place_is_refused(connection: Connection, town: Path) -> None:
    far = place(15.6, 48.4)
    save_area(connection, far)
    for _ in range(2):  # the second time is not told again
        with pytest.raises(RefusedLoad, match=r"lies around 30.410, 54.500, 1229 km from the area"):
            load_osm(connection, LAYERS, town, far)
    told = reports(connection)
    assert sorted(one["layer"] for one in told) == sorted(OSM_LAYERS)
    assert in_words(told[0], "be")["reason"].startswith("town.osm ляжыць каля 30,410; 54,500, за")
    assert connection.execute("SELECT count(*) FROM layers.version").fetchone() == (0,)


CUT = TOWN.encode()[: len(TOWN) // 2]
UNSORTED = TOWN.replace('way id="101"', 'way id="150"')
WAYS_ONLY = '<osm version="0.6"><way id="1" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="path"/></way></osm>'  # noqa: E501

BAD_FILES = [
    ("cut.osm", CUT, "is not an OSM extract, or damaged"),
    ("cut.osm.gz", gzip.compress(TOWN.encode())[:-12], "is not an OSM extract, or damaged"),
    ("cut.osm.bz2", bz2.compress(TOWN.encode())[:-20], "is not an OSM extract, or damaged"),
    ("empty.osm", b"", "is not an OSM extract, or damaged"),
    ("empty.osm.pbf", b"", "is not an OSM extract, or damaged"),
    ("page.osm", b"<html><body>502</body></html>", "Unknown top-level element: html"),
    ("page.osm.pbf", b"<html><body>502</body></html>", "is not an OSM extract, or damaged"),
    ("words.osm.gz", b"hello", "is not an OSM extract, or damaged"),
    ("town.zip", b"PK", "the name of an OSM extract ends in .osm.pbf"),
    ("nothing.osm", b'<osm version="0.6"></osm>', "holds nothing for the layers"),
    ("pole.osm", TOWN.replace('lat="54.505"', 'lat="95"').encode(), "invalid location"),
    ("words.osm", TOWN.replace('lat="54.50"', 'lat="abc"').encode(), "wrong format"),
    ("unsorted.osm", UNSORTED.encode(), "is not sorted .*; sort it with `osmium sort`"),
    ("ways.osm", WAYS_ONLY.encode(), "has 1 streets but not their nodes"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "said"), BAD_FILES, ids=[n for n, *_ in BAD_FILES])
def test_a_bad_file_is_named_and_changes_nothing(
    connection: Connection, town: Path, area: Area, name: str, data: bytes, said: str
) -> None:
    load_osm(connection, LAYERS, town, area)
    before = connection.execute("SELECT * FROM layers.version ORDER BY layer").fetchall()
    bad = town.parent / name
    bad.write_bytes(data)
    with pytest.raises(CorruptSource, match=said) as corrupt:
        load_osm(connection, LAYERS, bad, area)
    assert name in str(corrupt.value)
    assert connection.execute("SELECT * FROM layers.version ORDER BY layer").fetchall() == before
    told = [one for one in reports(connection) if one["decision"] == "refused"]
    assert {one["layer"] for one in told} == set(OSM_LAYERS)
    assert {one["file"] for one in told} == {name}
    assert str(bad.parent) not in json.dumps(told)
    for language in ("be", "ru"):
        reason = in_words(told[0], language)["reason"]
        own = re.sub(r"«[^»]*»|`[^`]*`|OSM|[\w.]*\.[\w.]+", "", reason.replace(name, ""))
        assert not re.search("[a-z]{3}", own.partition(" слаёў")[0].partition(" слоёв")[0]), reason


def test_a_tag_that_is_no_text_is_named(
    connection: Connection, town: Path, area: Area, tmp_path: Path
) -> None:
    file = tmp_path / "town.osm.pbf"
    plain = osmium.io.File(str(file), "pbf,pbf_compression=none")
    with osmium.SimpleWriter(plain) as writer:
        for thing in osmium.FileProcessor(str(town)):
            writer.add(thing)
    file.write_bytes(file.read_bytes().replace("Аптэка".encode(), b"\xff" * 12))
    with pytest.raises(CorruptSource, match=r"damaged \(its text is not in UTF-8\)"):
        load_osm(connection, LAYERS, file, area)


def test_a_missing_file_is_named(connection: Connection, tmp_path: Path, area: Area) -> None:
    with pytest.raises(MissingSource, match="there is no file"):
        load_osm(connection, LAYERS, tmp_path / "nowhere.osm", area)


@pytest.mark.parametrize("suffix", [".osm.gz", ".osm.bz2"])
def test_packed_files_hold_the_same(tmp_path: Path, town: Path, suffix: str) -> None:
    packed = tmp_path / f"packed{suffix}"
    pack = gzip.compress if suffix == ".osm.gz" else bz2.compress
    packed.write_bytes(pack(TOWN.encode()))
    assert read(packed).rows["streets"] == read(town).rows["streets"]


def test_the_centre_comes_from_the_nodes_where_the_header_is_silent(town: Path) -> None:
    assert centre(town) == pytest.approx((30.41, 54.50))


# Counted by hand from the XML by other means (see the sources' notes): the rows of the files'
# independent reading that are streets no more or not yet, and so are not in our layer.
REAL = {
    "krems": (837, {"platform": 1}, 1195),
    "moscow": (587, {"construction": 1}, 628),
    "monaco": (866, {}, 966),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_town_agrees_with_an_independent_reading(
    connection: Connection, sources_dir: Path, name: str
) -> None:
    folder = sources_dir / "osm-samples"
    ways, left_out, buildings = REAL[name]
    town = place(*centre(folder / f"{name}.osm.gz"), name=name)
    save_area(connection, town)
    load_osm(connection, LAYERS, folder / f"{name}.osm.gz", town)

    roads = gpd.read_file(folder / f"{name}.gpkg", layer="roads").to_crs(town.srid)
    roads["source_id"] = roads["osm_type"] + "/" + roads["osm_id"].astype(str)
    streets = store.read(connection, LAYERS["streets"]).to_crs(town.srid)
    assert streets["source_id"].nunique() == ways
    others = roads[~roads["source_id"].isin(streets["source_id"])]
    assert others["highway"].value_counts().to_dict() == left_out
    kept = roads[roads["source_id"].isin(streets["source_id"])].set_index("source_id")
    lengths = streets.geometry.length.groupby(streets["source_id"]).sum()
    assert (lengths - kept.length.loc[lengths.index]).abs().max() < 1e-6
    # UTM is within 0.1 % of the ellipsoid.
    assert streets["length_m"].sum() == pytest.approx(streets.length.sum(), rel=1e-3)

    houses = gpd.read_file(folder / f"{name}.gpkg", layer="buildings").to_crs(town.srid)
    found = store.read(connection, LAYERS["buildings"]).to_crs(town.srid)
    assert len(found) == len(houses) == buildings
    assert found.area.sum() == pytest.approx(houses.area.sum(), rel=1e-9)


def test_streets_of_a_real_town_make_a_graph(connection: Connection, sources_dir: Path) -> None:
    file = sources_dir / "osm-samples" / "krems.osm.gz"
    town = place(*centre(file), name="krems")
    save_area(connection, town)
    load_osm(connection, LAYERS, file, town)
    streets = store.read(connection, LAYERS["streets"])
    graph = nx.MultiGraph()
    ends: dict[int, tuple[float, float]] = {}
    inner: dict[tuple[float, float], int] = {}
    for row in streets.itertuples():
        graph.add_edge(row.node_from, row.node_to)
        line = list(row.geometry.coords)
        for node, point in ((row.node_from, line[0]), (row.node_to, line[-1])):
            assert ends.setdefault(node, point) == point
        for point in line[1:-1]:
            inner[point] = inner.get(point, 0) + 1
    # Cut everywhere: no vertex inside a street is the end of another or shared with one.
    assert not set(ends.values()) & set(inner)
    assert max(inner.values()) == 1
    largest = max(nx.connected_components(graph), key=len)
    length = streets["length_m"].where(streets["node_from"].isin(largest), 0.0).sum()
    assert 0.95 < length / streets["length_m"].sum() <= 1


def test_a_pbf_of_a_country(connection: Connection, sources_dir: Path) -> None:
    file = sources_dir / "osm-samples" / "andorra.osm.pbf"
    country = place(*centre(file), name="andorra")
    save_area(connection, country)
    loaded = load_osm(connection, LAYERS, file, country)
    # 1,615 streets of which 2 are under construction; 294 building ways of which 2 are not closed.
    streets = store.read(connection, LAYERS["streets"], columns=["source_id"])
    assert streets["source_id"].nunique() == 1613
    assert loaded["buildings"].row_count == 292
    assert not any(r.changed for r in load_osm(connection, LAYERS, file, country).values())


def test_a_ring_that_crosses_itself_is_left_out_alone(tmp_path: Path) -> None:
    crossed = '<nd ref="11"/><nd ref="13"/><nd ref="12"/><nd ref="14"/><nd ref="11"/>'
    way = f'<way id="203" version="1">{crossed}<tag k="building" v="yes"/></way>'
    file = tmp_path / "crossed.osm"
    file.write_text(TOWN.replace(' <relation id="301"', f' {way}\n <relation id="301"'), "utf-8")
    assert list(read(file).rows["buildings"].keys) == [2, 301, 0]
