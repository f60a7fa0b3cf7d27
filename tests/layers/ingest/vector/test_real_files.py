"""Files that somebody really made, through the same door."""

from pathlib import Path

from layers.area import next_area, seed_areas
from layers.ingest.vector.mapping import Mapping
from tests.fix_loads import Loader


def test_the_weather_stations_of_the_country(load: Loader, sources_dir: Path) -> None:
    stations = Loader(load.conn, load.into("weather_stations").layer, seed_areas()["by"])
    file = sources_dir / "weather-stations" / "belarus_weather_stations.geojson"
    mapping = Mapping.model_validate(
        {"key": ["station_id"],
         "fields": {"station_id": {"from": "id"}, "name": {"from": "name_en"}}}
    )  # fmt: skip
    report = stations(file, mapping=mapping)
    assert report.counts.loaded == 40
    assert "ghcn" in report.unmapped
    assert stations.rows()["wmo"].notna().sum() == 39
    assert stations(file, mapping=mapping).decision == "unchanged"


def test_the_airspace_zones_have_one_collection(load: Loader, sources_dir: Path) -> None:
    zones = Loader(load.conn, load.into("airspace_zones").layer, seed_areas()["by"])
    file = sources_dir / "airspace-zones" / "belarus_airspace_zones.gpkg"
    fields = {f.name: {"constant": False} for f in zones.layer.fields if f.name == "repaired"}
    report = zones(file, mapping=Mapping.model_validate({"fields": fields}))
    assert report.counts.read == 832
    kinds = {f.code for f in report.findings if f.action == "refused"}
    assert kinds <= {"geometry.type", "duplicate.feature", "geometry.outside_area"}, report.totals
    assert report.counts.loaded + report.counts.refused == 832
    assert report.counts.loaded >= 825
    assert zones.rows().is_valid.all()


def test_the_buildings_of_a_town_of_openstreetmap(load: Loader, sources_dir: Path) -> None:
    area = next_area(load.conn, "krems", lon=15.6, lat=48.41)
    town = Loader(load.conn, load.into("buildings").layer, area)
    file = sources_dir / "osm-samples" / "krems.gpkg"
    mapping = Mapping.model_validate(
        {
            "key": ["source_id"],
            "fields": {
                "kind": {"constant": "other"},
                "source_id": {"from": "osm_id"},
                "address": {"from": "addr:street"},
            },
        }
    )
    report = town(file, source_layer="buildings", mapping=mapping)
    assert report.decision in ("published", "published_with_warnings")
    assert report.counts.read == 1195
    assert report.counts.loaded == 1195 - report.counts.refused
    assert report.counts.refused <= 2
