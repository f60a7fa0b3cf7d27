"""Files that others made: their drafts have no fault, and one is loaded as it is drafted."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from layers import registry
from layers.area import save_area, seed_areas
from layers.draft.folder import draft, write
from layers.draft.survey import Asked, Survey, survey
from layers.ingest.vector.load import Options, load_vector
from layers.ingest.vector.mapping import read_mapping
from layers.schema import migrate
from tests.fix_metadata import FULL

RECORD = replace(FULL, fields=(), access="open")

FILES = {
    "admin-boundaries/belarus_admin.gpkg": "adm0_country",
    "airspace-zones/danger_zones.raw.geojson": None,
    "gomel-osm-bicycle/bicycle_cycleway.geojson": None,
    "osm-samples/krems.gpkg": "buildings",
    "populated-places/belarus_cities.geojson": None,
    "porto-alegre-r5r/poa_hexgrid.csv": None,
    "weather-stations/belarus_weather_stations.geojson": None,
}


def drafted(sources: Path, root: Path, name: str, layer: str | None) -> Survey:
    found = survey(sources / name, Asked(source_layer=layer))
    write(root, "base", "trial", draft("trial", "base", found, RECORD))
    assert [str(fault) for fault in registry.check(root, package=False)] == []
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_draft_has_no_fault(sources_dir: Path, tmp_path: Path, name: str) -> None:
    found = drafted(sources_dir, tmp_path, name, FILES[name])
    assert found.rows > 0


def test_a_draft_is_loaded(
    sources_dir: Path, tmp_path: Path, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    name = "gomel-osm-bicycle/bicycle_parking.geojson"
    found = drafted(sources_dir, tmp_path, name, None)
    layer = registry.load_layers(tmp_path, package=False)["trial"]
    migrate(connection, {"trial": layer}, roots=(tmp_path,))
    gomel = seed_areas()["gomel"]
    save_area(connection, gomel)
    mapping = read_mapping(tmp_path / "base" / "trial" / "mapping.yml", layer)
    report = load_vector(connection, layer, sources_dir / name, gomel, Options(mapping=mapping))
    assert report.unmapped == ()
    assert (report.counts.read, report.counts.refused) == (found.rows, 0), report
    query = "SELECT count(*) FROM features.trial"
    assert connection.execute(query).fetchone() == (found.rows,)
