"""The commands as a person types them: help with examples, one clear sentence for every error."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import psycopg
import pytest
import rasterio
from rasterio.transform import from_origin

from geoportal.__main__ import cli
from layers.registry import load_layers
from tests.fix_db import new_database

ROOT = Path(__file__).resolve().parents[2]


def geoportal(
    *arguments: str | Path, timeout: float = 120, locale: str = "C.UTF-8", **settings: object
) -> "subprocess.CompletedProcess[str]":
    """Run the command with these settings and no others."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
    environ["LC_ALL"] = locale
    environ |= {f"GEOPORTAL_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "geoportal", *map(str, arguments)],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def refused(done: "subprocess.CompletedProcess[str]") -> str:
    """The sentence of a command that ended with an error."""
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("geoportal: ")
    return lines[0]


def commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from commands(child, (*path, name))


@pytest.mark.parametrize("path", [path for path, _ in commands(cli)], ids=" ".join)
def test_help_says_what_a_command_does_with_examples(path: tuple[str, ...]) -> None:
    command = dict(commands(cli))[path]
    context = click.Context(command, info_name=" ".join(("geoportal", *path)))
    text = command.get_help(context)
    assert command.help
    assert "Examples:" in text
    assert "geoportal" in text.partition("Examples:")[2]


def test_help_and_version_need_no_database() -> None:
    done = geoportal("--help", database_url="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 0
    assert "geoportal up" in done.stdout
    assert geoportal("--version").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        ("load", "demo", "--buildings", "0"),
        ("load", "demo", "--buildings", "many"),
        ("load", "osm"),
        ("run",),
        ("run", "service-coverage", "--param", "form"),
        ("run", "service-coverage", "--param", "form=a", "--param", "form=b"),
        ("layers", "show"),
        ("layers", "list", "--lang", "xx"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_no_traceback(arguments: tuple[str, ...]) -> None:
    done = geoportal(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "Error:" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("port", "http", "GEOPORTAL_PORT"),
        ("port", "70000", "GEOPORTAL_PORT"),
        ("workers", "0", "GEOPORTAL_WORKERS"),
        ("tile_cache_mb", "-1", "GEOPORTAL_TILE_CACHE_MB"),
        ("host", "host.invalid", "GEOPORTAL_HOST"),
        ("host", "192.0.2.1", "GEOPORTAL_HOST"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str, said: str) -> None:
    assert said in refused(geoportal("serve", **{name: value}))


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_port_in_use_is_told_before_anything_is_started(command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        # The database is not reached at all: there is none.
        done = geoportal(command, port=port, database_url="postgresql://x@127.0.0.1:1/none")
    assert f"Port {port} of 127.0.0.1 is in use" in refused(done)


def test_a_database_that_is_down_is_told() -> None:
    done = geoportal("db", "migrate", database_url="postgresql://x:secret@127.0.0.1:1/none")
    said = refused(done)
    assert "does not answer" in said
    assert "secret" not in said


def test_a_malformed_database_url_does_not_show_its_password() -> None:
    said = refused(geoportal("load", "demo", database_url="host=x password = 'secret"))
    assert "GEOPORTAL_DATABASE_URL" in said
    assert "secret" not in said


def test_commands_on_an_empty_database_say_what_to_do(server: str) -> None:
    from tests.fix_db import new_database

    with new_database(server) as url:
        done = geoportal("check", database_url=url)
        assert done.returncode == 1
        assert "geoportal db migrate" in done.stdout
        made = geoportal("db", "migrate", database_url=url)
        assert made.returncode == 0, made.stderr
        assert "buildings" in made.stderr
        again = geoportal("db", "migrate", database_url=url)
        assert "as the layers define them" in again.stderr


def test_db_url_prints_nothing_else(database: str) -> None:
    assert geoportal("db", "url", database_url=database).stdout == f"{database}\n"


def test_db_start_starts_nothing_beside_a_given_database(database: str) -> None:
    done = geoportal("db", "start", database_url=database)
    assert done.returncode == 0
    assert "nothing to start" in done.stderr


def test_demonstration_of_a_new_area_loads_once_and_only_once(
    database: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    arguments = ("load", "demo", "--area", "testville", "--buildings", "60")
    first = geoportal(*arguments, database_url=database)
    assert first.returncode == 0, first.stderr
    assert "buildings, testville: 60 rows, loaded" in first.stderr
    query = "SELECT layer, version FROM layers.version ORDER BY layer"
    versions = connection.execute(query).fetchall()
    second = geoportal(*arguments, database_url=database)
    assert "loaded" not in second.stderr
    assert connection.execute(query).fetchall() == versions
    count = connection.execute("SELECT count(*) FROM features.buildings WHERE area = 'testville'")
    assert count.fetchone() == (60,)
    layers = load_layers()
    said = connection.execute("SELECT layer, status, attribution FROM layers.version").fetchall()
    for layer_id, status, attribution in said:
        given = attribution or layers[str(layer_id)].attribution
        assert status == "demonstration", layer_id
        assert str(given).startswith("Generated demonstration data"), layer_id


def test_the_demonstration_leaves_real_data_alone_unless_told(
    database: str, tmp_path: Path
) -> None:
    file = tmp_path / "parcels.geojson"
    corners = [[30.4, 54.5], [30.401, 54.5], [30.401, 54.501], [30.4, 54.5]]
    feature = {
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": [corners]},
        "properties": {"cadastral_number": "1", "purpose": "residential"},
    }  # fmt: skip
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    demo = ("load", "demo", "--buildings", "8")
    assert geoportal(*demo, database_url=database).returncode == 0
    real = ("load", "vector", file, "--layer", "parcels", "--area", "orsha")
    done = geoportal(*real, database_url=database)
    assert done.returncode == 0, done.stderr
    said = refused(geoportal(*demo, database_url=database))
    assert "parcels, orsha: rows of parcels.geojson are there" in said
    assert "--replace" in said
    again = geoportal(*demo, "--replace", database_url=database)
    assert again.returncode == 0, again.stderr
    assert "parcels, orsha: " in again.stderr
    assert "loaded" in again.stderr


def test_run_publishes_and_writes_the_result(database: str, tmp_path: Path) -> None:
    made = geoportal("load", "demo", "--buildings", "80", database_url=database)
    assert made.returncode == 0, made.stderr
    common = ("run", "service-coverage", "--param", "service_classes=school,shop")
    dry = geoportal(*common, "--no-publish", "--json", "-", database_url=database)
    assert dry.returncode == 0, dry.stderr
    classes = {
        feature["properties"]["service_class"]
        for feature in json.loads(dry.stdout)["service_areas"]["features"]
    }
    assert classes == {"school", "shop"}
    file = tmp_path / "result.json"
    done = geoportal(*common, "--json", file, database_url=database)
    assert "published" in done.stderr
    assert json.loads(file.read_text()) == json.loads(dry.stdout)
    assert "unchanged" in geoportal(*common, database_url=database).stderr
    tiled = geoportal(*common, "--workers", "2", "--tile-m", "300", database_url=database)
    assert tiled.returncode == 0, tiled.stderr
    assert "unchanged" in tiled.stderr

    lost = geoportal(*common, "--scheduler", "tcp://127.0.0.1:9", database_url=database)
    assert "no Dask scheduler answers at tcp://127.0.0.1:9; start one" in refused(lost)


def test_ways_to_spread_a_run_exclude_each_other() -> None:
    for extra in (("--scheduler", "tcp://127.0.0.1:9"), ("--scenario", "x")):
        done = geoportal("run", "service-coverage", "--workers", "2", *extra)
        assert done.returncode == 2
        assert "Error: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "nope"), "service-coverage"),
        (("run", "service-coverage", "--area", "nowhere"), "nowhere"),
        (("run", "service-coverage", "--param", "speed=3"), "speed"),
        (("run", "service-coverage", "--param", "snap_limit_m=far"), "snap_limit_m"),
        (("run", "service-coverage", "--area", "minsk"), "geoportal load"),
        (("run", "site-selection", "--workers", "2"), "site-selection is not cut into tiles"),
        (("run", "service-coverage", "--scheduler", "here:x"), "it must be tcp://HOST:PORT"),
        (("load", "demo", "--area", "Not An Id"), "letter"),
        (("load", "demo", "--area", "x", "--lon", "1"), "lat"),
        (("load", "osm", "missing.osm.pbf", "--area", "x"), "missing.osm.pbf"),
        (("layers", "show", "nope"), "buildings"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_unknown_is_named_with_what_is_known(
    arguments: tuple[str, ...], said: str, database: str
) -> None:
    assert said in refused(geoportal(*arguments, database_url=database))


def test_a_corrupt_extract_is_refused_and_changes_nothing(
    database: str, connection: psycopg.Connection[tuple[object, ...]], tmp_path: Path
) -> None:
    file = tmp_path / "broken.osm.pbf"
    file.write_bytes(b"\x00\x00\x00\x0dnot a map at all")
    said = refused(geoportal("load", "osm", file, "--area", "place", database_url=database))
    assert "broken.osm.pbf" in said
    assert connection.execute("SELECT count(*) FROM layers.version").fetchone() == (0,)


def test_a_sources_directory_that_is_not_there_is_told(database: str, tmp_path: Path) -> None:
    done = geoportal("load", "national", database_url=database, sources_dir=tmp_path / "none")
    assert "GEOPORTAL_SOURCES_DIR" in refused(done)


def test_layers_are_listed_and_shown_in_a_language() -> None:
    listed = geoportal("layers", "list", "--lang", "be").stdout
    assert "Будынкі" in listed
    shown = geoportal("layers", "show", "buildings", "--lang", "ru").stdout
    assert "height_m" in shown
    assert "residential" in shown


def test_layers_are_listed_without_a_database_that_answers() -> None:
    nobody = "postgresql://127.0.0.1:1/nothing"
    assert "buildings" in geoportal("layers", "list", database_url=nobody).stdout
    assert "height_m" in geoportal("layers", "show", "buildings", database_url=nobody).stdout


def test_layers_are_listed_over_a_database_without_tables(server: str) -> None:
    with new_database(server) as url:
        assert "buildings" in geoportal("layers", "list", database_url=url).stdout


def test_layers_check_names_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "base" / "broken"
    folder.mkdir(parents=True)
    (folder / "layer.yml").write_text("id: broken\ntheme: base\ntitle: only one\n")
    done = geoportal("layers", "check", tmp_path)
    assert done.returncode == 1
    assert "broken/layer.yml:3: " in done.stdout
    assert "Traceback" not in done.stderr


def test_check_finds_a_working_database(database: str) -> None:
    made = geoportal("load", "demo", "--buildings", "30", database_url=database)
    assert made.returncode == 0, made.stderr
    done = geoportal("check", database_url=database)
    assert done.returncode == 0, done.stdout
    assert "PostGIS" in done.stdout


def test_a_raster_is_loaded_for_an_area_that_had_nothing(database: str, tmp_path: Path) -> None:
    file = tmp_path / "heights.tif"
    profile = {"driver": "GTiff", "width": 30, "height": 20, "count": 1, "dtype": "float32"}
    with rasterio.open(
        file, "w", crs="EPSG:4326", transform=from_origin(27.5, 53.95, 0.004, 0.004), **profile
    ) as target:
        target.write(np.full((20, 30), 210, dtype=np.float32), 1)
    asked = ("load", "raster", file, "--id", "dem", "--area", "minsk")
    tried = "dry run, nothing was changed; it would be "
    for option, word in (
        (("--dry-run",), f"{tried}loaded"),
        ((), "loaded"),
        (("--dry-run",), f"{tried}unchanged"),
        ((), "unchanged"),
    ):
        done = geoportal(*asked, *option, database_url=database)
        assert done.returncode == 0, done.stderr
        assert done.stderr.strip().endswith(word)
    refused_file = tmp_path / "nothing.tif"
    refused_file.write_text("no raster")
    said = refused(
        geoportal("load", "raster", refused_file, "--id", "dem", "--area", "brest",
                  database_url=database)
    )  # fmt: skip
    assert "cannot be read" in said


def test_a_fault_of_the_program_is_a_sentence_too() -> None:
    code = (
        "import sys; sys.argv = ['geoportal', 'layers', 'list']\n"
        "from geoportal import __main__ as m; from geoportal.cli import layers\n"
        "layers.table = lambda rows: 1 / 0\n"
        "m.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "a fault of the program itself: ZeroDivisionError" in done.stderr
    assert "error.log" in done.stderr
