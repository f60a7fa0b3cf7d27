"""Maps over HTTP: where things are on the picture, their colours, and what is refused."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import Geod, Transformer
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings

TIES = "/ogc/collections/test_ties/map"
PARCELS = "/ogc/collections/test_parcels/map"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GREY = (0x55, 0x55, 0x55)  # of the style of the test layers


@pytest.fixture(scope="module")
def portal(portal_database: str) -> Iterator[TestClient]:
    """The demonstration, in this process."""
    with TestClient(create_app(Settings(database_url=portal_database))) as client:
        yield client


def pixels(client: TestClient, path: str, **params: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The picture as rows x columns x (red, green, blue, opacity)."""
    answer = client.get(path, params={name.replace("_", "-"): v for name, v in params.items()})
    assert answer.status_code == 200, answer.text
    with Image.open(BytesIO(answer.content)) as image:
        return np.array(image.convert("RGBA"))


def box_of(answer: Any) -> list[float]:
    return [float(part) for part in answer.headers["content-bbox"].split(",")]


# The 30th point of test_ties lies at 24.3, 53; the next ones 670 m east and west of it.
@pytest.mark.parametrize(
    ("crs", "flip", "half"),
    [
        (CRS84, False, 0.003), (EPSG + "4326", True, 0.003), (EPSG + "3857", False, 250),
        (EPSG + "32635", False, 200), (EPSG + "32636", False, 200), (EPSG + "3035", True, 200),
    ],
)  # fmt: skip
def test_a_point_is_where_pyproj_says(
    client: TestClient, crs: str, flip: bool, half: float
) -> None:
    code = "OGC:CRS84" if crs == CRS84 else f"EPSG:{crs.rpartition('/')[2]}"
    x, y = Transformer.from_crs("OGC:CRS84", code, always_xy=True).transform(24.3, 53.0)
    # Not in the middle, so that no symmetry can hide a mistake.
    west, south, east, north = x - half, y - 1.5 * half, x + 2 * half, y + half
    corners = (south, west, north, east) if flip else (west, south, east, north)
    bbox = ",".join(f"{number!r}" for number in corners)
    found = pixels(client, TIES, crs=crs, bbox=bbox, bbox_crs=crs, width=150, height=125)
    opacity = found[..., 3].astype(float)
    rows, columns = np.indices(opacity.shape)
    column = (columns * opacity).sum() / opacity.sum() + 0.5
    row = (rows * opacity).sum() / opacity.sum() + 0.5
    assert column == pytest.approx((x - west) / (east - west) * 150, abs=0.1)
    assert row == pytest.approx((north - y) / (north - south) * 125, abs=0.1)
    # A circle of radius 5 and nothing else; its inside has the colour of the style.
    assert opacity.sum() / 255 == pytest.approx(np.pi * 25, rel=0.05)
    assert tuple(found[int(row), int(column)]) == (*GREY, 255)


def test_nothing_is_transparent_and_a_background_is_exactly_what_was_asked(
    client: TestClient,
) -> None:
    view = {"bbox": "10,10,11,11", "width": 40, "height": 30}
    assert not pixels(client, PARCELS, **view)[..., 3].any()
    expected = {
        ("bgcolor", "0xCC00CC"): (0xCC, 0, 0xCC, 255),
        ("bgcolor", "nAvY"): (0, 0, 0x80, 255),
        ("transparent", "false"): (255, 255, 255, 255),
        ("f", "jpeg"): (255, 255, 255, 255),
    }
    for (name, value), colour in expected.items():
        found = pixels(client, PARCELS, **view, **{name: value})
        assert {tuple(pixel) for pixel in found.reshape(-1, 4)} == {colour}, (name, value)
    both = pixels(client, PARCELS, **view, bgcolor="0xCC00CC", transparent="true")
    assert tuple(both[0, 0]) == (0xCC, 0, 0xCC, 0)


@pytest.mark.parametrize("code", [4326, 3857, 32635, 28405])
def test_a_geotiff_is_the_same_picture_and_knows_its_place(client: TestClient, code: int) -> None:
    view = {"crs": f"{EPSG}{code}", "width": 120, "height": 90}
    if code == 4326:
        view["bbox"] = "24.2,52.9,24.5,53.1"
    answer = client.get(TIES, params=view, headers={"Accept": "image/tiff"})
    assert answer.headers["content-type"] == "image/tiff; application=geotiff"
    with MemoryFile(answer.content) as file, file.open() as found:
        assert found.crs == rasterio.CRS.from_epsg(code)
        assert found.colorinterp[-1] == ColorInterp.alpha
        corners = box_of(answer)
        if code in (4326, 28405):  # northing first
            corners = [corners[i] for i in (1, 0, 3, 2)]
        assert found.bounds == pytest.approx(corners)
        bands = np.moveaxis(found.read(), 0, 2)
        assert found.tags()["TIFFTAG_COPYRIGHT"]
    picture = pixels(client, TIES, **view)
    assert picture[..., 3].any()
    assert np.array_equal(bands, picture)


def test_beyond_the_world_is_the_void(client: TestClient) -> None:
    view = {"bbox": "-200,-100,200,100", "width": 400, "height": 200, "bgcolor": "white"}
    found = pixels(client, PARCELS, **view, void_color="red")
    assert tuple(found[2, 2]) == (255, 0, 0, 255)
    assert tuple(found[12, 22]) == (255, 255, 255, 255)
    clear = pixels(client, PARCELS, **view, void_transparent="true")
    assert clear[2, 2, 3] == 0
    assert clear[12, 22, 3] == 255


def test_size_follows_from_box_and_scale(client: TestClient) -> None:
    # 1 : 50,000 at 0.28 mm is 14 m a pixel, measured on the ellipsoid in the middle.
    asked = {"center": "28,53", "scale-denominator": 50_000, "width": 300, "height": 200}
    answer = client.get(PARCELS, params=asked)
    west, south, east, north = box_of(answer)
    geod = Geod(ellps="WGS84")
    middle = (south + north) / 2, (west + east) / 2
    assert geod.inv(west, middle[0], east, middle[0])[2] == pytest.approx(300 * 14, rel=1e-4)
    assert geod.inv(middle[1], south, middle[1], north)[2] == pytest.approx(200 * 14, rel=1e-4)
    assert middle == pytest.approx((53, 28))
    # The same box at the same scale has the same size.
    bbox = answer.headers["content-bbox"]
    found = pixels(client, PARCELS, bbox=bbox, scale_denominator=50_000)
    assert found.shape[:2] == (200, 300)
    # One side given: pixels are square on the ground.
    assert pixels(client, PARCELS, bbox=bbox, width=600).shape[:2] == (400, 600)
    # Subsets by axes say the same as a box.
    subset = f"Lat({south}:{north}),Lon({west}:{east})"
    assert box_of(client.get(PARCELS, params={"subset": subset})) == [west, south, east, north]


def test_a_smaller_pixel_makes_signs_of_more_pixels(client: TestClient) -> None:
    view = {"bbox": "24.298,52.999,24.302,53.001", "width": 150}  # too small for notes
    plain = (pixels(client, TIES, **view)[..., 3] > 127).sum()
    fine = (pixels(client, TIES, **view, mm_per_pixel=0.14)[..., 3] > 127).sum()
    assert fine == pytest.approx(4 * plain, rel=0.1)


def test_a_filter_and_a_time_choose_what_is_drawn(client: TestClient) -> None:
    view = {"bbox": "24.035,51.495,24.115,51.535", "width": 150}  # too small for notes
    both = pixels(client, PARCELS, **view)
    one = pixels(client, PARCELS, **view, filter="name = 'Участок 2'")
    left, right = slice(0, 68), slice(82, 150)
    assert both[:, left, 3].any()
    assert both[:, right, 3].any()
    assert not one[:, left, 3].any()
    assert (one[:, right] == both[:, right]).all()
    late = pixels(client, PARCELS, **view, datetime="2020-01-01/..")
    assert not late[..., 3].any()
    answer = client.get(PARCELS, params={**view, "datetime": "2001-01-01/2002-01-01"})
    assert answer.headers["content-datetime"] == "2001-01-01/2002-01-01"


def test_headers_of_a_picture_and_304(client: TestClient) -> None:
    answer = client.get(PARCELS, params={"crs": EPSG + "4326", "bbox": "24,52,25,53", "width": 50})
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-crs"] == f"<{EPSG}4326>"
    assert box_of(answer) == [52, 24, 53, 25]
    assert answer.headers["content-attribution"]
    assert "content-datetime" in answer.headers
    again = client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(str(answer.url)).status_code == 200


def test_geometries_that_no_load_would_pass_are_drawn_as_far_as_they_can(
    client: TestClient,
) -> None:
    found = pixels(
        client, "/ogc/collections/test_broken/map", bbox="26.9,52.9,28.1,54.1", width=120
    )
    assert (found[..., 3] > 127).sum() > 200


@pytest.mark.parametrize(
    "query",
    [
        "width=0", "height=-5", "width=1.5", "width=5000", "width=4096&height=4096",
        "bbox=23,51,23,51", "bbox=170,50,-170,60", "bbox=1,2,3", "bbox=1e300,1e300,1e301,1e301",
        "center=1", "center=x,y", "center=28,53&bbox=24,52,25,53", "center=28,95",
        "scale-denominator=0", "scale-denominator=-1", "scale-denominator=x",
        "scale-denominator=100", "center=28,53&scale-denominator=0.001",
        "bbox=24,52,24.0000000001,52.0000000001",
        "bbox=24,52,25,53&width=100&scale-denominator=1000",
        "mm-per-pixel=0", "mm-per-pixel=100", "bgcolor=nocolour", "bgcolor=%23zzz",
        "transparent=maybe", "crs=EPSG:9999", "center-crs=x", "subset-crs=x&subset=Lat(1:2)",
        "subset=Foo(1:2)", "subset=Lat(1:2),Lat(1:3)", "subset=Lat(x)", "subset=Lat(1)",
        "subset=time(2020)", "datetime=yesterday", "filter=nosuch%20=%201", "filter=(", "f=webp",
        "nosuch=1", "crs=http://www.opengis.net/def/crs/EPSG/0/32636&bbox=-1e9,-1e9,1e9,1e9",
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"{PARCELS}?{query}")
    assert answer.status_code == 400, answer.text[:200]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("place", ["bbox=170,50,-170,60", "subset=Lat(50:60),Lon(170:-170)"])
def test_a_picture_over_the_antimeridian_is_two(client: TestClient, place: str) -> None:
    answer = client.get(f"{PARCELS}?{place}")
    assert "antimeridian" in answer.json()["detail"]
    halves = [place.replace("-170", "180"), place.replace("170", "-180", 1)]
    assert [client.get(f"{PARCELS}?{half}&width=50").status_code for half in halves] == [200, 200]


def test_what_is_not_there_is_404(client: TestClient) -> None:
    for path in (
        "/ogc/collections/nosuch/map", "/ogc/styles/nosuch/map",
        "/ogc/collections/test_parcels/styles/test_ties/map",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert client.get("/ogc/map?collections=nosuch").status_code == 400
    assert client.get("/ogc/styles/test_ties/map?collections=test_parcels").status_code == 400
    assert client.get(PARCELS, headers={"Accept": "image/webp"}).status_code == 406


@pytest.mark.parametrize(
    ("layer", "kind", "colour", "opacity"),
    [
        ("green_areas", "park", (0x4D, 0x9A, 0x4D), 0.8),
        ("green_areas", "forest", (0x2F, 0x6F, 0x3E), 0.8),
        ("buildings", "school", (0xB7, 0xD0, 0xEA), 1.0),
    ],
)
def test_a_feature_has_the_colour_of_its_style(
    portal: TestClient, layer: str, kind: str, colour: tuple[int, ...], opacity: float
) -> None:
    items = portal.get(f"/ogc/collections/{layer}/items?kind={kind}&limit=1").json()
    ring = items["features"][0]["geometry"]["coordinates"]
    while isinstance(ring[0][0], list):
        ring = ring[0]
    corner = ring[0]
    # Near a corner inside: of the way to the middle of the ring, a tenth.
    middle = [sum(p[i] for p in ring[:-1]) / (len(ring) - 1) for i in (0, 1)]
    x, y = (corner[i] + 0.2 * (middle[i] - corner[i]) for i in (0, 1))
    found = pixels(
        portal, f"/ogc/collections/{layer}/map", center=f"{x},{y}", scale_denominator=1000,
        width=101, height=41, filter=f"kind = '{kind}'",
    )  # fmt: skip
    red, green, blue, alpha = (int(part) for part in found[20, 50])
    assert (red, green, blue) == pytest.approx(colour, abs=2)
    assert alpha == pytest.approx(255 * opacity, abs=2)


def test_a_picture_of_a_square_metre_is_as_right_as_any(portal: TestClient) -> None:
    # The country around it reaches 300 km beyond each edge.
    view = {"center": "28.1,53.1", "scale_denominator": 10, "width": 100, "height": 50}
    found = pixels(portal, "/ogc/collections/admin_units/map", **view)
    assert {tuple(pixel) for pixel in found.reshape(-1, 4)} == {(0xF7, 0xF5, 0xEF, 255)}


def test_labels_are_in_the_language_of_the_caller(portal: TestClient) -> None:
    view = {"bbox": "23,51,33,56.5", "width": 900, "collections": "settlements"}
    be, ru = (pixels(portal, "/ogc/map", **view, lang=lang) for lang in ("be", "ru"))
    # The circles are the same, the words are not: dark text of names that differ.
    differ = (be != ru).any(axis=2)
    assert 200 < differ.sum() < differ.size / 10


def test_demonstration_is_written_on_the_picture(portal: TestClient) -> None:
    view = {"bbox": "30.40,54.50,30.43,54.53", "width": 500, "bgcolor": "white"}
    be, en = (
        pixels(portal, "/ogc/collections/parcels/map", **view, lang=lang) for lang in ("be", "en")
    )
    rows = np.flatnonzero((be != en).any(axis=(1, 2)))
    assert len(rows) >= 8  # the height of a line of words, and only at the bottom
    assert rows.min() > len(be) - 60
    page = portal.get("/ogc/collections/parcels/map?f=html&lang=en").text
    assert "demonstration" in page
    assert 'alt="Map: ' in page


def test_collections_are_drawn_in_the_order_given(portal: TestClient) -> None:
    # Green areas have parcels beneath them everywhere.
    view = {"bbox": "30.405,54.505,30.425,54.52", "width": 300}
    above = pixels(portal, "/ogc/map", **view, collections="parcels,green_areas")
    below = pixels(portal, "/ogc/map", **view, collections="green_areas,parcels")
    assert (above != below).any()


def test_maps_are_linked_and_declared(portal: TestClient) -> None:
    rel = "http://www.opengis.net/def/rel/ogc/1.0/map"

    def linked(document: Any) -> list[str]:
        return [link["href"] for link in document["links"] if link["rel"] == rel]

    landing = portal.get("/ogc/?f=json").json()
    assert linked(landing)[0].endswith("/ogc/map")
    assert landing["extent"]["spatial"]["crs"] == CRS84
    (url,) = linked(portal.get("/ogc/collections/parcels").json())
    assert portal.get(url + "?width=64").headers["content-type"] == "image/png"
    (style,) = portal.get("/ogc/collections/parcels/styles").json()["styles"]
    assert linked(style)[0].endswith("/ogc/collections/parcels/styles/parcels/map")
    for one in portal.get("/ogc/styles").json()["styles"]:
        assert portal.get(linked(one)[0] + "?width=64").status_code == 200
    classes = portal.get("/ogc/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/core" in classes


def test_a_legend_is_png_too(portal: TestClient) -> None:
    svg = portal.get("/ogc/styles/streets/legend?lang=be")
    root = ElementTree.fromstring(svg.text)
    answer = portal.get("/ogc/styles/streets/legend?f=png&lang=be")
    assert answer.headers["content-type"] == "image/png"
    with Image.open(BytesIO(answer.content)) as image:
        assert image.size == (int(root.attrib["width"]), int(root.attrib["height"]))
        found = np.array(image.convert("RGB"))
    for line in root.iter("{http://www.w3.org/2000/svg}line"):
        if line.attrib.get("stroke-dasharray", "") or line.attrib["stroke"] == "#ffffff":
            continue
        y, x = int(float(line.attrib["y1"])), 25
        colour = tuple(int(line.attrib["stroke"][i : i + 2], 16) for i in (1, 3, 5))
        near = found[y - 2 : y + 3, x].astype(int)
        assert (abs(near - colour).max(axis=1) <= 60).any(), line.attrib
    # Words stand where the SVG has them: dark pixels above each baseline, none left of it.
    for words in root.iter("{http://www.w3.org/2000/svg}text"):
        x, y = int(words.attrib["x"]), int(words.attrib["y"])
        assert (found[y - 9 : y + 2, x : x + 60].min(axis=2) < 140).any(), words.text
