"""The 274 filters of OGC 21-065r2, Annex A, over HTTP: in text and in JSON."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyogrio
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers.area import save_area, seed_areas
from layers.cql2 import parse_text, write_json
from layers.publication import Publication
from layers.registry import load_layers
from tests.fix_cql2 import STANDARD, load_standard
from tests.fix_db import new_database

# The numbers printed for these contradict the data, as tests/layers/cql2/test_conformance.py
# proves.
WRONG_IN_THE_STANDARD = {
    "ACCENTI(name) LIKE accenti('Ch%')": 3,
    "ACCENTI(CASEI(name)) LIKE accenti(casei('Chiș%'))": 1,
    "ACCENTI(CASEI(name)) LIKE accenti(casei('cHis%'))": 1,
}
STYLE = {"version": 8, "sources": {}, "layers": []}
VERSION = """
INSERT INTO layers.version (layer, area, checksum, row_count, status, source, source_checksum)
VALUES (%s, 'by', 'x', %s, 'open', 'tests', 'x')
"""


@pytest.fixture(scope="module")
def portal(server: str, template: str, reference_dir: Path) -> Iterator[TestClient]:
    """The API over the standard's test data. Its names in capitals no layer file may have."""
    folder = reference_dir / "cql2"
    pattern = load_layers()["settlements"]
    with new_database(server, template) as url:
        definitions = {}
        with psycopg.connect(url, autocommit=True) as connection:
            save_area(connection, seed_areas()["by"])
            for name, _ in pyogrio.list_layers(folder / STANDARD):
                made = load_standard(connection, folder, name)
                update = {"id": name, "fields": made.fields, "geometry": made.geometry}
                definitions[name] = pattern.model_copy(update=update)
                count = pyogrio.read_info(folder / STANDARD, layer=name)["features"]
                connection.execute(VERSION, (name, count))
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA features TO geoportal_reader")
        app = create_app(Settings(database_url=url))
        published = {name: Publication(layer, STYLE, 1) for name, layer in definitions.items()}
        app.state.portal._read = lambda _: published
        with TestClient(app) as client:
            yield client


def test_every_filter_gives_its_number_over_http(portal: TestClient, reference_dir: Path) -> None:
    with (reference_dir / "cql2" / "expected.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == 274
    different = []
    for row in rows:
        text = row["filter_cql2_text"]
        wanted = WRONG_IN_THE_STANDARD.get(text, int(row["number_matched"]))
        document = json.dumps(write_json(parse_text(text)))
        for asked in ({"filter": text}, {"filter": document, "filter-lang": "cql2-json"}):
            path = f"/ogc/collections/{row['collection']}/items"
            answer = portal.get(path, params=asked | {"limit": "1"})
            found = answer.json().get("numberMatched", answer.text)
            if found != wanted:
                different.append((text, wanted, found))
    assert different == []
