"""Every layer of the demonstration can be had in every format."""

import csv
import io
import json
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pyogrio

from geoportal.ogc.formats.registry import FORMATS
from tests.fix_server import Server

FILES = ("gpkg", "fgb", "parquet", "shp")


def feature_layers(server: Server) -> list[str]:
    """Ids of all collections but the rasters, which have no items."""
    listed = json.loads(server.request("GET", "/ogc/collections?f=json")[2])["collections"]
    return [one["id"] for one in listed if one.get("itemType") == "feature"]


def get(server: Server, layer: str, format_: str) -> bytes:
    status, headers, body = server.request(
        "GET", f"/ogc/collections/{layer}/items?f={format_}&limit=25"
    )
    assert status == 200, (layer, format_, body[:500])
    assert 0 < int(headers["ogc-numberreturned"]) <= 25, (layer, format_)
    return body


def ids(path: Path) -> list[int]:
    """The ids in a file."""
    if path.suffix == ".parquet":
        return sorted(pq.read_table(path).column("id").to_pylist())
    sources = [str(path)]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".shp")]
        sources = [f"/vsizip/{path}/{name}" for name in names]
    found = [
        pyogrio.read_dataframe(one, read_geometry=False, columns=["id"])["id"] for one in sources
    ]
    return sorted({int(n) for column in found for n in column})


def test_every_layer_in_every_text(portal_server: Server) -> None:
    layers = feature_layers(portal_server)
    assert len(layers) > 15
    for layer in layers:
        rows = list(csv.DictReader(io.StringIO(get(portal_server, layer, "csv").decode())))
        wanted = [int(row["id"]) for row in rows]
        lines = get(portal_server, layer, "geojsonseq").decode().split("\x1e")[1:]
        assert [json.loads(line)["id"] for line in lines] == wanted
        features = json.loads(get(portal_server, layer, "jsonfg"))["features"]
        assert [feature["id"] for feature in features] == wanted
        root = ET.fromstring(get(portal_server, layer, "kml"))
        assert len(root.findall(".//{*}Placemark")) == len(wanted)


def test_every_layer_in_a_file(portal_server: Server, tmp_path: Path) -> None:
    for i, layer in enumerate(feature_layers(portal_server)):
        # Each layer in one format, in turn: a file takes a second.
        format_ = FILES[i % 4]
        rows = csv.DictReader(io.StringIO(get(portal_server, layer, "csv").decode()))
        path = tmp_path / f"{layer}.{FORMATS[format_].suffix}"
        path.write_bytes(get(portal_server, layer, format_))
        assert ids(path) == sorted(int(row["id"]) for row in rows), (layer, format_)
