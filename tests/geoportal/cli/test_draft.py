"""From a file to a published layer: drafted, finished by a person, loaded, served, described."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from lxml import etree
from owslib.iso import MD_Metadata
from starlette.testclient import TestClient

from geoportal.__main__ import cli
from geoportal.app import create_app
from geoportal.settings import Settings
from layers.area import save_area, seed_areas
from layers.metadata.iso import iso_xml
from tests.fix_db import new_database
from tests.fix_drafts import BENCHES, benches, fill
from tests.fix_loads import write
from tests.fix_metadata import FULL, STAMP

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def orsha(server: str, template: str) -> Iterator[str]:
    """URL of a database that knows Orsha."""
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            save_area(connection, seed_areas()["orsha"])
        yield url


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder of its own, over no database that answers."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object, **settings: object) -> Result:
        environ = {"GEOPORTAL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
        environ |= {f"GEOPORTAL_{name.upper()}": str(value) for name, value in settings.items()}
        return CliRunner().invoke(cli, [str(one) for one in arguments], env=environ)

    return command


def done(result: Result) -> str:
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


DRAFT = ("layers", "draft", "benches.gpkg", "--theme", "infrastructure", "--id", "benches")


def test_a_file_becomes_a_published_layer(run: Run, tmp_path: Path, orsha: str) -> None:
    write(benches(), tmp_path / "benches.gpkg")
    said = done(run(*DRAFT))
    assert "12 features, Point, WGS 84 / UTM zone 36N (EPSG:32636)" in said
    folder = tmp_path / "my-layers" / "infrastructure" / "benches"

    checked = run("layers", "check", "my-layers")
    assert checked.exit_code == 1
    assert "layer.yml:5: title.be: is left to be written: title in Belarusian" in checked.output
    left = checked.output.count("is left to be written")
    assert f"{left} places left to be written" in said

    # Nothing unfinished gets into the database.
    here = {"database_url": orsha, "layers_dir": tmp_path / "my-layers"}
    load = ("load", "vector", "benches.gpkg", "--layer", "benches", "--area", "orsha")
    refused = run(*load, **here)
    assert refused.exit_code == 1
    assert "left to be written" in str(refused.exception)

    assert fill(folder) == left
    assert "in order" in done(run("layers", "check", "my-layers"))
    assert f"{BENCHES} added" in done(run(*load, **here))
    assert "unchanged" in done(run(*load, **here))
    served(orsha, tmp_path / "my-layers")

    iso = done(run("layers", "metadata", "benches", "--lang", "ru", **here))
    (data,) = MD_Metadata(etree.fromstring(iso.encode())).identification
    assert data.title == "Скамьи"
    assert float(data.bbox.minx) == pytest.approx(30.42, abs=1e-6)
    dcat = json.loads(done(run("layers", "metadata", "benches", "--format", "dcat", **here)))
    assert dcat["dct:title"][0] == {"@language": "en", "@value": "Benches"}


def served(url: str, layers_dir: Path) -> None:
    """Every value of the file is served as a field of its type."""
    with TestClient(create_app(Settings(database_url=url, layers_dir=layers_dir))) as client:
        items = client.get("/ogc/collections/benches/items?limit=100").json()["features"]
        found: dict[int, Any] = {one["properties"]["source_id"]: one for one in items}
        assert len(found) == BENCHES
        for n, (_, row) in enumerate(benches("EPSG:4326").iterrows()):
            one = found[row["id"]]
            assert one["geometry"]["coordinates"] == pytest.approx(
                [row.geometry.x, row.geometry.y], abs=1e-6
            )
            assert one["properties"] == one["properties"] | {
                "nazva": row["Назва"],
                "vid": {"драўляная": "draulyanaya", "бетонная": "betonnaya"}[row["Вид"]],
                "dlina_m": n + 0.5,
                "data_ustanouki": f"2024-05-{n + 1:02}",
                "spinka": row["spinka"] == "да",
                "order": row["order"],
                "soato": "2236501000",
                "area": "orsha",
                "status": "official",
            }
        tile = client.get("/ogc/collections/benches/tiles/WebMercatorQuad/14/5221/9576")
        assert tile.status_code == 200
        assert client.get("/ogc/styles/benches/legend").status_code == 200


def test_an_internal_layer_shows_no_metadata_either(run: Run, tmp_path: Path, orsha: str) -> None:
    write(benches(), tmp_path / "seats.gpkg")
    record = iso_xml(FULL, "en", STAMP)  # its access is internal
    (tmp_path / "seats.xml").write_bytes(record)
    root = tmp_path / "own"
    said = done(
        run("layers", "draft", "seats.gpkg", "--theme", "base", "--id", "seats", "--out", root)
    )
    assert "metadata: read from seats.xml" in said
    assert "complete" in said
    here = {"database_url": orsha, "layers_dir": root}
    done(run("load", "vector", "seats.gpkg", "--layer", "seats", "--area", "orsha", **here))
    with TestClient(create_app(Settings(database_url=orsha, layers_dir=root))) as client:
        for form in ("iso19139", "dcat"):
            answer = client.get(f"/ogc/collections/seats/metadata?f={form}")
            assert answer.status_code == 404
            assert "City of Orsha" not in answer.text
    # Its operator may read them.
    assert "Benches" in done(run("layers", "metadata", "seats", **here))


def test_the_drafted_definition_keeps_dates_and_lineage_in_sight(run: Run, tmp_path: Path) -> None:
    write(benches(), tmp_path / "benches.gpkg")
    (tmp_path / "metadata.xml").write_bytes(iso_xml(FULL, "en", STAMP))
    done(run(*DRAFT))
    text = (tmp_path / "my-layers/infrastructure/benches/layer.yml").read_text("utf-8")
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert "created 2020-05-01; published 2021-06-02; revised 2026-10-03" in head[2]
    assert "lineage: Surveyed." in head[2]


def test_the_command_that_loads_it_is_told(run: Run, tmp_path: Path, orsha: str) -> None:
    """What only the metadata or the caller say, a load must be told again."""
    (tmp_path / "poles.csv").write_text("n,x,y\n1,333347,6043227\n2,333348,6043228\n")
    record = replace(FULL, crs=("EPSG:32636",), fields=(), access="open")
    (tmp_path / "poles.xml").write_bytes(iso_xml(record, "en", STAMP))
    said = done(run("layers", "draft", "poles.csv", "--theme", "base", "--id", "poles"))
    wanted = "geoportal load vector poles.csv --layer poles --crs EPSG:32636"
    assert f"then: {wanted} (" in said
    here = {"database_url": orsha, "layers_dir": tmp_path / "my-layers"}
    assert "2 added" in done(run(*wanted.split()[1:], "--area", "orsha", **here))


def test_a_status_that_is_known_is_written_everywhere(run: Run, tmp_path: Path) -> None:
    write(benches(), tmp_path / "benches.gpkg")
    done(run(*DRAFT, "--status", "official"))
    folder = tmp_path / "my-layers" / "infrastructure" / "benches"
    for name in ("mapping.yml", "sample.geojson"):
        assert "TODO" not in (folder / name).read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (DRAFT, "is there already and is not overwritten"),
        ((*DRAFT[:-1], "buildings"), "there is a layer 'buildings' already"),
        ((*DRAFT[:-1], "B"), "no layer can be drafted so: id"),
        (("layers", "draft", "none.gpkg", *DRAFT[3:-1], "x"), "is not there"),
        (("layers", "draft", "bad.csv", *DRAFT[3:-1], "x"), "bad.xml is not valid XML"),
        (("layers", "metadata", "nosuch"), "there is no layer 'nosuch'"),
    ],
)
def test_what_cannot_be_drafted_is_refused_in_a_sentence(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    write(benches(), tmp_path / "benches.gpkg")
    (tmp_path / "my-layers" / "infrastructure" / "benches").mkdir(parents=True)
    (tmp_path / "bad.csv").write_text("n,lon,lat\n1,30.4,54.5\n")
    (tmp_path / "bad.xml").write_text("<gmd:MD_Metadata>")
    before = sorted((tmp_path / "my-layers").rglob("*"))
    result = run(*arguments)
    assert result.exit_code == 1
    assert said in str(result.exception)
    assert "\n" not in str(result.exception)
    assert sorted((tmp_path / "my-layers").rglob("*")) == before


def test_metadata_of_a_layer_that_is_not_loaded_need_no_database(run: Run) -> None:
    iso = done(run("layers", "metadata", "buildings", "--lang", "be"))
    (data,) = MD_Metadata(etree.fromstring(iso.encode())).identification
    assert data.title == "Будынкі"
    assert not hasattr(data, "bbox")
