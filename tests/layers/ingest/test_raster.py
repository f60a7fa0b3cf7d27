import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from pyproj import Transformer
from rasterio.transform import Affine, from_origin
from shapely import Polygon

from layers.area import seed_areas, utm_srid
from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.ingest.raster import read_raster
from layers.model import Area, Text
from layers.raster import get_raster

ORSHA = seed_areas()["orsha"]
DEM, COVER = get_raster("dem"), get_raster("land_cover")


def write(file: Path, values: np.ndarray, **profile: Any) -> Path:
    given = {
        "driver": "GTiff", "width": values.shape[1], "height": values.shape[0], "count": 1,
        "dtype": values.dtype, "crs": "EPSG:4326",
        "transform": from_origin(30.40, 54.53, 0.0005, 0.0003),
    } | profile  # fmt: skip
    with rasterio.open(file, "w", **given) as target:
        target.write(values, 1)
    return file


def plane(rows: int = 130, columns: int = 110) -> np.ndarray:
    lat = 54.53 - 0.0003 * (np.arange(rows) + 0.5)
    return np.repeat((1000 * lat[:, None]), columns, axis=1).astype(np.float32)


def test_a_file_in_degrees_becomes_cells_in_metres(tmp_path: Path) -> None:
    made = read_raster(write(tmp_path / "dem.tif", plane()), DEM, ORSHA)
    assert made.crs == "EPSG:32636"
    a, b, _, d, e, _ = made.transform
    assert (b, d) == (0, 0)
    assert a == pytest.approx(-e)
    # The plane rises 1000 m a degree of latitude, which is about 111.3 km at Orsha.
    column = made.values[:, made.values.shape[1] // 2]
    column = column[np.isfinite(column)]
    slope = np.diff(column.astype(float)).mean() / e
    assert slope == pytest.approx(1000 / 111_340, rel=0.01)


def test_voids_stay_voids(tmp_path: Path) -> None:
    values = plane()
    values[60:63, 50:55] = -32768
    made = read_raster(write(tmp_path / "dem.tif", values, nodata=-32768), DEM, ORSHA)
    inner = made.values[40:-40, 40:-40]
    assert np.isnan(inner).any()
    assert np.nanmin(made.values) > 54_000


def test_classes_are_never_mixed(tmp_path: Path) -> None:
    values = np.where(np.indices((130, 110)).sum(axis=0) % 2, 1, 5).astype(np.uint8)
    made = read_raster(write(tmp_path / "cover.tif", values), COVER, ORSHA)
    assert set(np.unique(made.values)) <= {0, 1, 5}


def test_cells_of_no_class_stay_so(tmp_path: Path) -> None:
    values = np.where(np.indices((130, 110))[1] < 55, 0, 5).astype(np.uint8)
    for name, nodata in (("said", 0), ("not_said", None), ("other", 255)):
        file = write(tmp_path / f"{name}.tif", values, nodata=nodata)
        made = read_raster(file, COVER, ORSHA)
        assert set(np.unique(made.values)) == {0, 5}, name


@pytest.mark.parametrize(
    ("profile", "reason"),
    [({"crs": None}, "does not say which CRS"),
     ({"transform": from_origin(25.0, 53.0, 0.0005, 0.0003)}, "is not in it")],
)  # fmt: skip
def test_a_file_that_cannot_be_placed_is_refused(
    tmp_path: Path, profile: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RefusedLoad, match=reason):
        read_raster(write(tmp_path / "dem.tif", plane(), **profile), DEM, ORSHA)


def test_a_file_that_is_missing_or_cut_short_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingSource, match="is not there"):
        read_raster(tmp_path / "nosuch.tif", DEM, ORSHA)
    file = write(tmp_path / "dem.tif", plane())
    file.write_bytes(file.read_bytes()[:30_000])
    with pytest.raises(CorruptSource, match="cannot be read"):
        read_raster(file, DEM, ORSHA)
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(CorruptSource, match="cannot be read"):
        read_raster(tmp_path / "text.tif", DEM, ORSHA)


def test_what_is_no_grid_of_values_is_refused(tmp_path: Path) -> None:
    three = tmp_path / "three.tif"
    with rasterio.open(write(tmp_path / "one.tif", plane())) as one:
        profile = one.profile | {"count": 3}
    with rasterio.open(three, "w", **profile) as target:
        target.write(np.stack([plane()] * 3))
    with pytest.raises(RefusedLoad, match=r"holds 3 bands .* into a file of its own"):
        read_raster(three, DEM, ORSHA)
    picture = write(tmp_path / "map.tif", np.ones((130, 110), np.uint8))
    with rasterio.open(picture, "r+") as target:
        target.write_colormap(1, {1: (255, 0, 0, 255)})
    with pytest.raises(RefusedLoad, match="holds a picture of colours"):
        read_raster(picture, DEM, ORSHA)
    assert read_raster(picture, COVER, ORSHA).values.max() == 1  # a legend of classes


@pytest.mark.parametrize("value", [np.nan, 1e300])
def test_cells_without_a_value_are_refused(tmp_path: Path, value: float) -> None:
    file = write(tmp_path / "a.tif", np.full((130, 110), value))
    with pytest.raises(RefusedLoad, match="has no value in any cell, or one without end"):
        read_raster(file, DEM, ORSHA)


def test_a_file_that_names_other_files_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "a.tif", plane())
    rasterio.shutil.copy(source, tmp_path / "b.tif", driver="VRT")
    with pytest.raises(RefusedLoad, match=r"b\.tif is a file of VRT; write it as a GeoTIFF"):
        read_raster(tmp_path / "b.tif", DEM, ORSHA)


def test_a_turned_file_is_taken_whole(tmp_path: Path) -> None:
    turned = from_origin(30.42, 54.535, 0.0005, 0.0003) @ Affine.rotation(30)
    made = read_raster(write(tmp_path / "a.tif", plane() * 0 + 7, transform=turned), DEM, ORSHA)
    # Of what is turned by 30 degrees, all cells are there: their area is that of the file.
    a, _, _, _, e, _ = made.transform
    go = Transformer.from_crs(4326, made.crs, always_xy=True)
    corners = [turned @ one for one in ((0, 0), (110, 0), (110, 130), (0, 130))]
    whole = Polygon([go.transform(*one) for one in corners]).area
    assert np.isfinite(made.values).sum() * a * -e == pytest.approx(whole, rel=0.03)


def area_at(name: str, lon: float, lat: float) -> Area:
    title = Text(be=name, ru=name, en=name)
    return Area(
        id=name, number=1_000, title=title, soato="", srid=utm_srid(lon, lat), lon=lon, lat=lat
    )


def test_the_voids_of_a_real_terrain_stay_voids(sources_dir: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(sources_dir / "osm-samples" / "N42E001.hgt.zip") as archive:
        file = Path(archive.extract("N42E001.hgt", tmp_path))
    with rasterio.open(file) as source:
        heights = source.read(1)
        void, place = heights == source.nodata, source.transform
    assert void.sum() == 7_652  # void cells of this file, counted when the set was collected
    made = read_raster(file, DEM, area_at("andorra", 1.55, 42.55))
    assert made.crs == "EPSG:32631"
    # A cell of ours is void where its middle lies in a void cell of the file, and nowhere else.
    # GDAL finds the middles to an eighth of a cell, so a few along the rims differ.
    rows, columns = np.indices(made.values.shape)
    a, _, west, _, e, north = made.transform
    to_degrees = Transformer.from_crs(32631, 4326, always_xy=True)
    lon, lat = to_degrees.transform(west + (columns + 0.5) * a, north + (rows + 0.5) * e)
    row = np.floor((lat - place.f) / place.e).astype(int)
    column = np.floor((lon - place.c) / place.a).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < 1_201) & (row < 1_201)
    expected = np.ones_like(inside)
    expected[inside] = void[row[inside], column[inside]]
    assert (np.isnan(made.values) == expected).mean() > 0.999
    assert np.isnan(made.values)[expected & inside].mean() > 0.97
    known = made.values[np.isfinite(made.values)]
    assert heights[heights > 0].min() <= known.min()
    assert 3_000 < known.max() <= heights.max() == 3_100


def test_a_real_city_terrain_comes_into_its_zone(sources_dir: Path) -> None:
    file = sources_dir / "porto-alegre-r5r" / "poa_elevation.tif"
    made = read_raster(file, DEM, area_at("porto_alegre", -51.2, -30.05))
    assert made.crs == "EPSG:32722"
    known = np.isfinite(made.values)
    assert known.mean() > 0.99
    assert made.values[known].min() >= 0
    assert made.values[known].max() <= 255
