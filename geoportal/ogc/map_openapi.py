"""What the OpenAPI document says of maps: their parameters and the headers of pictures."""

from __future__ import annotations

from typing import Any

from geoportal.maps.view import PIXEL_MM
from geoportal.ogc.map_parameters import MOST_PIXELS, MOST_SIDE
from layers.model import Text

Schema = dict[str, Any]

TEXTS: dict[str, Text] = {
    "width": Text(
        be="Шырыня карты, пікселяў; другі бок і маштаб вынікаюць",
        ru="Ширина карты, пикселей; другая сторона и масштаб следуют",
        en="Width of the map in pixels; the other side follows from the box",
    ),
    "height": Text(be="Вышыня карты, пікселяў", ru="Высота карты, пикселей", en="Height in pixels"),
    "scale-denominator": Text(
        be="Назоўнік маштабу", ru="Знаменатель масштаба", en="Scale denominator of the map"
    ),
    "mm-per-pixel": Text(
        be="Памер пікселя, мм", ru="Размер пикселя, мм", en="Size of a pixel in millimetres"
    ),
    "center": Text(
        be="Сярэдзіна карты (у восях center-crs)",
        ru="Середина карты (в осях center-crs)",
        en="Middle of the map (in the axes of center-crs)",
    ),
    "center-crs": Text(be="СК сярэдзіны", ru="СК середины", en="CRS of the middle"),
    "subset": Text(
        be='Частка па восях: Lat(53:54),Lon(30:31),time("2024-01-01")',
        ru='Часть по осям: Lat(53:54),Lon(30:31),time("2024-01-01")',
        en='Part by axes: Lat(53:54),Lon(30:31),time("2024-01-01")',
    ),
    "subset-crs": Text(be="СК часткі", ru="СК части", en="CRS of the subset"),
    "scale-factor": Text(
        be="У колькі разоў радзей ячэйкі",
        ru="Во сколько раз реже ячейки",
        en="By what factor the cells are coarser",
    ),
    "scale-axes": Text(
        be="Тое самае па восях: E(2),N(2)",
        ru="То же по осям: E(2),N(2)",
        en="The same by axes: E(2),N(2)",
    ),
    "scale-size": Text(
        be="Колькі ячэек па восях: E(200),N(100)",
        ru="Сколько ячеек по осям: E(200),N(100)",
        en="How many cells by axes: E(200),N(100)",
    ),
    "transparent": Text(
        be="Ці празрысты фон", ru="Прозрачен ли фон", en="Whether the background is transparent"
    ),
    "bgcolor": Text(
        be="Колер фону: 0xRRGGBB або назва",
        ru="Цвет фона: 0xRRGGBB или имя",
        en="Colour of the background: 0xRRGGBB or a name",
    ),
    "void-color": Text(
        be="Колер за межамі СК", ru="Цвет за пределами СК", en="Colour beyond the world of the CRS"
    ),
    "void-transparent": Text(
        be="Ці празрыста за межамі СК",
        ru="Прозрачно ли за пределами СК",
        en="Whether it is transparent beyond the world of the CRS",
    ),
}

MAP_LIMITS: Schema = {
    "maxWidth": MOST_SIDE, "maxHeight": MOST_SIDE, "maxPixels": MOST_PIXELS,
}  # fmt: skip
SIDE: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_SIDE}
POSITIVE: Schema = {"type": "number", "minimum": 0, "exclusiveMinimum": True}
_STRING_HEADER: Schema = {"schema": {"type": "string"}}
PICTURE_HEADERS: dict[str, Schema] = {
    "Content-Crs": {"description": "CRS of the map", **_STRING_HEADER},
    "Content-Bbox": {"description": "Box of the map in the axes of its CRS", **_STRING_HEADER},
    "Content-Datetime": {"description": "Time of what is shown", **_STRING_HEADER},
    "Content-Attribution": {"description": "Whose data are shown", **_STRING_HEADER},
    "Geoportal-Map-Cut": {
        "description": "How many features are left out because there are too many: the smallest",
        "schema": {"type": "integer", "minimum": 1},
    },
}


def parameters(crs: Schema) -> dict[str, tuple[Schema, Schema]]:
    """Return the schemas of the parameters, and how their lists are written."""
    csv: Schema = {"style": "form", "explode": False}
    numbers: Schema = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}}
    texts: Schema = {"type": "array", "items": {"type": "string"}}
    return {
        "width": (SIDE, {}),
        "height": (SIDE, {}),
        "scale-denominator": (POSITIVE, {}),
        "mm-per-pixel": (POSITIVE | {"default": PIXEL_MM}, {}),
        "center": (numbers, csv),
        "center-crs": (crs, {}),
        "subset": (texts, csv),
        "subset-crs": (crs, {}),
        "scale-factor": (POSITIVE, {}),
        "scale-axes": (texts, csv),
        "scale-size": (texts, csv),
        "transparent": ({"type": "boolean", "default": True}, {}),
        "bgcolor": ({"type": "string", "default": "0xFFFFFF"}, {}),
        "void-color": ({"type": "string", "default": "0xFFFFFF"}, {}),
        "void-transparent": ({"type": "boolean", "default": True}, {}),
    }
