"""The notebook client against the live server, and the database asked directly."""

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
from geopandas.testing import assert_geodataframe_equal

from geoportal.client import Geoportal, portal
from geoportal.client.errors import ClientError, NotReachable, RequestRefused
from tests.fix_server import Server, free_port


@pytest.fixture(scope="module")
def here(portal_server: Server) -> Geoportal:
    return Geoportal.open(portal_server.url)


@pytest.fixture(scope="module")
def buildings(portal_database: str) -> gpd.GeoDataFrame:
    """The buildings as PostGIS has them."""
    query = (
        "SELECT id, kind, storeys, height_m, ST_AsBinary(geom) FROM features.buildings ORDER BY id"
    )
    with psycopg.connect(portal_database) as connection:
        rows = connection.execute(query).fetchall()
    columns = list(zip(*rows, strict=True))
    names = ("kind", "storeys", "height_m")
    return gpd.GeoDataFrame(
        dict(zip(names, columns[1:4], strict=True)),
        index=pd.Index(columns[0], name="id"),
        geometry=gpd.GeoSeries.from_wkb(list(columns[4]), index=columns[0], crs=4326),
    )


def test_collections_are_a_table(here: Geoportal) -> None:
    found = here.collections()
    assert found.index.name == "id"
    assert found.loc["buildings", "items"] == 400
    assert found.loc["buildings", "status"] == "demonstration"
    assert (found["licence"] != "").all()


def test_texts_come_in_the_language_that_was_asked_for(portal_server: Server) -> None:
    titles = {
        language: Geoportal.open(portal_server.url, language=language).collections()["title"]
        for language in ("be", "ru", "en")
    }
    assert titles["en"]["buildings"] == "Buildings"
    assert len({series["buildings"] for series in titles.values()}) == 3


@pytest.mark.parametrize("suffix", ["", "/", "/ogc", "/ogc/"])
def test_any_spelling_of_the_address_opens_it(portal_server: Server, suffix: str) -> None:
    assert Geoportal.open(portal_server.url + suffix).root == f"{portal_server.url}/ogc"


@pytest.mark.parametrize("page", [7, 100, 400, 5000])
def test_all_pages_together_are_the_table(
    here: Geoportal, buildings: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(portal, "PAGE", page)
    found = here.items("buildings")
    assert list(found.index) == list(buildings.index)
    assert list(found["kind"]) == list(buildings["kind"])
    assert found["height_m"].equals(buildings["height_m"].astype(float))
    assert found["storeys"].fillna(-1).tolist() == buildings["storeys"].fillna(-1).tolist()
    assert found.geometry.geom_equals_exact(buildings.geometry, 1e-7).all()  # seven decimals
    assert found.crs == "EPSG:4326"


def test_lists_stay_lists(here: Geoportal) -> None:
    found = here.items("service_points", accessibility="ramp")
    assert len(found) > 1
    assert all("ramp" in value for value in found["accessibility"])
    assert here.items("service_points", accessibility="nothing").empty


@pytest.mark.parametrize("limit", [1, 99, 100, 101, 1000])
def test_limit_is_the_most_there_are(
    here: Geoportal, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(portal, "PAGE", 100)
    assert len(here.items("buildings", limit=limit)) == min(limit, 400)


def test_properties_choose_rows(here: Geoportal, buildings: gpd.GeoDataFrame) -> None:
    schools = here.items("buildings", kind="school")
    assert set(schools.index) == set(buildings.index[buildings["kind"] == "school"])
    public = here.items("green_areas", public=True)
    assert 0 < len(public) < len(here.items("green_areas"))
    assert public["public"].all()


def test_a_box_chooses_rows(here: Geoportal, buildings: gpd.GeoDataFrame) -> None:
    west, south, east, north = 30.42, 54.505, 30.425, 54.51
    found = here.items("buildings", bbox=(west, south, east, north))
    assert set(found.index) == set(buildings.cx[west:east, south:north].index)
    assert 0 < len(found) < len(buildings)


def test_times_choose_rows_and_are_times(here: Geoportal) -> None:
    day = here.items("air_sensor_readings", datetime="2026-10-03T00:00:00Z/2026-10-03T23:59:59Z")
    assert set(day["time"].dt.strftime("%Y-%m-%d")) == {"2026-10-03"}
    assert str(day["time"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("crs", [3035, "EPSG:32636", 3857, 4326])
def test_the_frame_has_the_crs_of_the_answer_with_x_first(
    here: Geoportal, buildings: gpd.GeoDataFrame, crs: int | str
) -> None:
    found = here.items("buildings", crs=crs)
    expected = buildings.geometry.to_crs(crs)
    assert found.crs == expected.crs
    near = 1e-7 if found.crs.is_geographic else 0.01
    assert found.geometry.geom_equals_exact(expected, near).all()
    assert found.attrs["source"]["crs"].endswith(str(crs).rpartition(":")[2])


def test_nothing_found_is_an_empty_frame_with_all_columns(here: Geoportal) -> None:
    none = here.items("air_sensor_readings", sensor_id="there is none")
    some = here.items("air_sensor_readings", limit=1)
    assert len(none) == 0
    assert list(none.columns) == list(some.columns)
    assert none.crs == some.crs
    assert none["time"].dtype == some["time"].dtype


def test_a_frame_says_where_it_comes_from(here: Geoportal) -> None:
    source = here.items("buildings", limit=1).attrs["source"]
    assert source["url"].startswith(f"{here.root}/collections/buildings/items")
    assert source["status"] == "demonstration"
    assert source["licence"] == "CC0 1.0 Universal"
    assert source["attribution"]
    assert pd.Timestamp(source["retrieved"]) <= pd.Timestamp.now("UTC")


@pytest.mark.slow
def test_a_process_gives_the_figures_and_frames_that_were_published(here: Geoportal) -> None:
    process = here.process("service-coverage")
    assert process.inputs().loc["area", "required"]
    outputs = process.run(area="orsha")
    assert {row["service_class"] for row in outputs.summary["classes"]} >= {"school", "shop"}
    for layer in ("service_coverage", "service_areas"):
        columns = [c for c in here.items(layer).columns if c != "soato"]
        computed, published = outputs.frames[layer], here.items(layer)
        assert_geodataframe_equal(
            computed[columns].sort_index(),
            published[columns].sort_index(),
            check_less_precise=True,
            check_dtype=False,
        )
    assert outputs.frames["service_areas"].attrs["source"]["status"] == "demonstration"


def test_what_is_refused_is_said_as_the_server_says_it(here: Geoportal) -> None:
    with pytest.raises(RequestRefused, match=r"404.*no collection 'nope'"):
        here.items("nope")
    with pytest.raises(RequestRefused, match=r"400.*Parameter 'colour' is unknown"):
        here.items("buildings", colour="red")
    with pytest.raises(RequestRefused, match="404"):
        here.process("../collections")
    with pytest.raises(RequestRefused, match=r"400.*area: 'atlantis' is not"):
        here.process("service-coverage").run(area="atlantis")
    with pytest.raises(ClientError, match="limit = 0"):
        here.items("buildings", limit=0)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://portal.example", "orsha"])
def test_only_http_is_opened(address: str) -> None:
    with pytest.raises(NotReachable, match="begins with http"):
        Geoportal.open(address)


def test_nobody_there_is_said_so() -> None:
    with pytest.raises(NotReachable, match="is the geoportal running"):
        Geoportal.open(f"http://127.0.0.1:{free_port()}", timeout_s=5)
