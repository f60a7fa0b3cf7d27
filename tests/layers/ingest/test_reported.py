"""Loads of rows that we make: judged by the rules of their layer, told in a report."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely
from shapely import Polygon, box

from layers import registry, store
from layers.area import save_area, seed_areas
from layers.errors import CorruptSource, EditedLayer, HeldLoad, RefusedLoad
from layers.ingest import reported
from layers.ingest.reported import Hold
from layers.ingest.vector.faults import publish_faults
from layers.ingest.vector.reports import reports
from layers.load_reports import in_words
from layers.model import Layer, Origin, Rule
from layers.staging import Load

Connection = psycopg.Connection[tuple[Any, ...]]
COUNTRY, ORSHA = seed_areas()["by"], seed_areas()["orsha"]
LAYERS = registry.load_layers()
D = 0.001
X, Y = 30.42, 54.50
BOW_TIE = Polygon([(X, Y), (X + D, Y + D), (X + D, Y), (X, Y + D)])


def plots(shapes: Sequence[Any], first: int = 1) -> gpd.GeoDataFrame:
    index = [ORSHA.feature_id(n) for n in range(first, first + len(shapes))]
    data = {"purpose": "residential", "cadastral_number": [str(i) for i in index]}
    made = [shapely.MultiPolygon([shape]) for shape in shapes]
    return gpd.GeoDataFrame(data, index=index, geometry=made, crs=4326)


def row(count: int) -> list[Polygon]:
    """Plots beside each other, with streets between."""
    return [box(X + 2 * i * D, Y, X + (2 * i + 1) * D, Y + D) for i in range(count)]


def parcels(*rules: Rule) -> Layer:
    return LAYERS["parcels"].model_copy(update={"quality": rules})


def load(layer: Layer, checksum: str = "1", **more: Any) -> Load:
    given = {"status": "open", "source": "test"} | more
    return Load(layer, ORSHA, Origin(checksum=checksum, **given))


@pytest.fixture(autouse=True)
def _areas(connection: Connection) -> None:
    for area in (COUNTRY, ORSHA):
        save_area(connection, area)


def test_every_change_leaves_a_report_with_its_counts(connection: Connection) -> None:
    layer = parcels(Rule(rule="overlap"))
    assert reported.replace(connection, load(layer), [plots(row(4))]).changed
    over = [*row(3), box(X + 5 * D, Y, X + 6.5 * D, Y + D), box(X + 6 * D, Y, X + 7 * D, Y + D)]
    assert reported.replace(connection, load(layer, "2"), [plots(over)]).changed
    again = reported.replace(connection, load(layer, "3"), [plots(over)])
    assert not again.changed
    second, first = reports(connection, "parcels", "orsha")
    assert (first["decision"], first["file"], first["why"]) == ("published", "test", None)
    assert (first["counts"]["read"], first["counts"]["loaded"], first["counts"]["added"]) == (
        4,
    ) * 3
    assert second["decision"] == "published_with_warnings"
    changes = ("added", "changed", "removed", "unchanged")
    assert tuple(second["counts"][name] for name in changes) == (1, 1, 0, 3)
    assert [(one["rule"], one["faulty"]) for one in second["rules"]] == [("overlap", 2)]
    (found,) = in_words(second, "be")["findings"]
    assert found["title"] == "перакрыцце"
    assert found["detail"].startswith(f"перакрывае аб’ект {ORSHA.feature_id(5)} на ")


def test_a_rule_refuses_rows_and_the_old_ones_stay(connection: Connection) -> None:
    reported.replace(connection, load(parcels()), [plots(row(4))])
    before = store.read(connection, LAYERS["parcels"])
    strict = parcels(Rule(rule="overlap", refuse_share=0.2))
    over = [plots([*row(2), box(X, Y, X + 2.5 * D, Y + D)])]
    for _ in range(2):  # the second time is not told again
        with pytest.raises(RefusedLoad, match="break the rule 'overlap' of the layer: feature"):
            reported.replace(connection, load(strict, "2"), over)
    assert store.read(connection, LAYERS["parcels"]).equals(before)
    refused, _ = reports(connection, "parcels")
    assert (refused["decision"], refused["counts"]["loaded"]) == ("refused", 0)
    assert "нарушают правило слоя «перекрытие» 3 из 3" in in_words(refused, "ru")["reason"]
    publish_faults(connection, LAYERS, ORSHA)
    points = store.read(connection, LAYERS["load_faults"])
    assert set(points["action"]) == {"refused"}
    assert points["detail_ru"].str.startswith("перекрывает объект").all()


def test_rows_that_do_not_fit_are_told_with_their_reasons(connection: Connection) -> None:
    bad = plots(row(2)).assign(purpose=["замак", None])
    with pytest.raises(RefusedLoad):
        reported.replace(connection, load(parcels()), [bad])
    (report,) = reports(connection, "parcels")
    assert report["counts"]["read"] == 0
    said = in_words(report, "be")["reason"]
    assert "радкоў 1: purpose — не код са спіса" in said
    assert "няма значэння ў полі purpose" in said
    # It tells nothing of the rows that are there: the points of an earlier load would stay.
    publish_faults(connection, LAYERS, ORSHA)
    assert store.read(connection, LAYERS["load_faults"]).empty


def test_what_was_repaired_is_named_with_its_place(connection: Connection) -> None:
    reported.replace(connection, load(parcels()), [plots([BOW_TIE])])
    (report,) = reports(connection, "parcels")
    (found,) = report["findings"]
    assert (found["code"], found["action"]) == ("geometry.invalid", "repaired")
    assert report["totals"] == {"geometry.invalid repaired": 1}
    assert (found["lon"], found["lat"]) == (X + D / 2, Y + D / 2)  # where it crosses itself
    assert in_words(report, "ru")["findings"][0]["detail"] == (
        "Самопересечение [30.420500 54.500500]; исправлено"
    )
    assert {one["measure"]: one["value"] for one in report["measures"]}[26] == 1


def test_too_many_that_vanish_are_held_if_the_source_is_the_same(connection: Connection) -> None:
    hold = Hold("plots", 0.2)
    reported.replace(connection, load(parcels()), [plots(row(10))], hold=hold)
    assert reported.replace(connection, load(parcels(), "2"), [plots(row(8))], hold=hold).changed
    for _ in range(2):
        with pytest.raises(HeldLoad, match="2 features, 25% of what is there, would vanish"):
            reported.replace(connection, load(parcels(), "3"), [plots(row(6))], hold=hold)
    assert len(store.read(connection, LAYERS["parcels"])) == 8
    held, _, _ = reports(connection, "parcels")
    assert (held["decision"], held["counts"]["removed"]) == ("held", 2)
    assert "sources update plots --accept-removals" in in_words(held, "ru")["reason"]
    other = load(parcels(), "4", source="another")
    assert reported.replace(connection, other, [plots(row(3))], hold=hold).changed


def test_real_rows_in_place_of_invented_ones_are_no_change_of_them(connection: Connection) -> None:
    made = load(parcels(), status="demonstration")
    reported.replace(connection, made, [plots(row(4))])
    reported.replace(connection, load(parcels(), "2"), [plots(row(3))])
    report, _ = reports(connection, "parcels")
    assert (report["counts"]["added"], report["counts"]["removed"]) == (3, 0)


def test_edits_of_people_are_no_fault_of_the_rows(connection: Connection) -> None:
    reported.replace(connection, load(parcels()), [plots(row(2))])
    connection.execute("UPDATE layers.version SET edited_at = now()")
    with pytest.raises(EditedLayer):
        reported.replace(connection, load(parcels(), "2"), [plots(row(3))])
    assert len(reports(connection, "parcels")) == 1


def test_a_source_that_cannot_be_read_is_told(connection: Connection) -> None:
    reported.refuse(connection, load(parcels(), ""), CorruptSource("a.json: not JSON"))
    (report,) = reports(connection, "parcels")
    assert (report["decision"], in_words(report, "be")["reason"]) == ("refused", "a.json: not JSON")


def test_faults_of_the_country_are_points_beside_those_of_a_city(connection: Connection) -> None:
    reported.replace(connection, load(parcels()), [plots([BOW_TIE])])
    publish_faults(connection, LAYERS, ORSHA)
    zones = LAYERS["airspace_zones"]
    frame = gpd.GeoDataFrame(
        {one.name: [None] for one in zones.fields},
        index=[COUNTRY.feature_id(1)],
        geometry=[shapely.MultiPolygon([BOW_TIE])],
        crs=4326,
    )
    texts = {
        one.name: (one.codes[0].value if one.codes else "x")
        for one in zones.fields
        if one.type == "string"
    }
    frame = frame.assign(**texts)
    origin = Origin(status="open", source="test", checksum="")
    reported.replace(connection, Load(zones, COUNTRY, origin), [frame])
    publish_faults(connection, LAYERS, COUNTRY)
    points = store.read(connection, LAYERS["load_faults"])
    assert dict(zip(points["layer"], points["area"], strict=True)) == {
        "airspace_zones": "by", "parcels": "orsha",
    }  # fmt: skip
    assert points.index.is_unique
