"""Process `echo`: gives its inputs back, one of every kind; for testing clients and servers."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any

from geoportal.processes.model import GEOJSON, Context, Input, Output, Process, fixed
from layers.model import Text

TIFF = "image/tiff"
STEP_S = 0.1


def _input(be: str, ru: str, en: str, schema: Mapping[str, Any]) -> Input:
    return Input(Text(be=be, ru=ru, en=en), schema)


BBOX = {
    "allOf": [
        {"format": "ogc-bbox"},
        {
            "type": "object",
            "required": ["bbox"],
            "properties": {
                "bbox": {
                    "type": "array",
                    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
                    "items": {"type": "number"},
                },
                "crs": {
                    "type": "string",
                    "format": "uri",
                    "default": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                },
            },
        },
    ]
}
MEASURE = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "value": {"oneOf": [{"type": "number"}, {"type": "string"}]},
        "uom": {"type": "string"},
    },
}
FEATURES = {
    "allOf": [
        {
            "format": "geojson-feature-collection",
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"type": "string", "enum": ["FeatureCollection", "Feature"]}},
        }
    ],
    "contentMediaType": GEOJSON,
}

INPUTS: Mapping[str, Input] = {
    "text": _input("Радок", "Строка", "Text", {"type": "string", "maxLength": 100_000}),
    "number": _input("Лік", "Число", "Number", {"type": "number"}),
    "measure": _input("Велічыня", "Величина", "Measure", MEASURE),
    "list": _input(
        "Спіс", "Список", "List", {"type": "array", "maxItems": 1000, "items": {"type": "integer"}}
    ),
    "box": _input("Прамавугольнік", "Прямоугольник", "Bounding box", BBOX),
    "mixed": _input(
        "Лік або велічыня", "Число или величина", "Number or measure",
        {"oneOf": [{"type": "number"}, MEASURE]},
    ),
    "features": _input("Аб’екты", "Объекты", "Features", FEATURES),
    "image": _input(
        "Відарыс", "Изображение", "Image",
        {"type": "string", "format": "byte", "contentEncoding": "base64", "contentMediaType": TIFF},
    ),
    "pause": _input(
        "Паўза, секунд", "Пауза, секунд", "Pause in seconds",
        {"type": "number", "minimum": 0, "maximum": 60, "default": 0},
    ),
}  # fmt: skip


def _outputs() -> Mapping[str, Output]:
    # A text comes back as text, an image as that image, everything else as JSON.
    types = {"text": "text/plain; charset=utf-8", "image": TIFF, "features": GEOJSON}
    return {
        name: Output(one.title, one.schema, media_type=types.get(name, "application/json"))
        for name, one in INPUTS.items()
        if name != "pause"
    }


def _run(inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
    pause_s = float(inputs.get("pause", 0))
    begun = time.monotonic()
    while (spent_s := time.monotonic() - begun) < pause_s:
        context.progress(100 * spent_s / pause_s, "pause")
        time.sleep(min(STEP_S, pause_s - spent_s))
    found = {name: value for name, value in inputs.items() if name != "pause"}
    if "image" in found:
        found["image"] = base64.b64decode(found["image"])
    if "text" in found:
        found["text"] = str(found["text"]).encode()
    return found


ECHO = Process(
    id="echo",
    version="1.0.0",
    title=Text(be="Рэха", ru="Эхо", en="Echo"),
    description=Text(
        be="Вяртае тое, што атрымаў; для праверкі кліентаў. Заданні без ключа бачаць усе.",
        ru="Возвращает то, что получил; для проверки клиентов. Задания без ключа видны всем.",
        en="Gives back what it was given; for testing clients. Jobs without a key are seen by all.",
    ),
    inputs=fixed(INPUTS),
    outputs=_outputs,
    run=_run,
    public=True,
)
