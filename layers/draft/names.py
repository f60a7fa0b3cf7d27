"""What the name of a column tells: a name that a field may have, its unit, what it is there for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from layers.ingest.vector.values import folded
from layers.model import OF_TILES, STANDARD_FIELDS

LONGEST = 40
RESERVED = frozenset({"id", "geom", "geometry", *OF_TILES, *(f.name for f in STANDARD_FIELDS)})

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh",
    "з": "z", "и": "i", "і": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
    "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ў": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "²": "2", "³": "3", "%": "percent", "°": "deg", "№": "no",
}  # fmt: skip

# What follows the last comma, bracket or underscore of a name, without spaces and points; UCUM.
_UNITS = {
    "м": "m", "m": "m", "метр": "m", "метров": "m", "метраў": "m", "км": "km", "km": "km",
    "см": "cm", "cm": "cm", "мм": "mm", "mm": "mm",
    "м2": "m2", "m2": "m2", "квм": "m2", "sqm": "m2", "га": "har", "ha": "har", "гектар": "har",
    "км2": "km2", "km2": "km2", "квкм": "km2", "sqkm": "km2",
    "м3": "m3", "m3": "m3", "кубм": "m3", "л": "L",
    "кг": "kg", "kg": "kg", "т": "t", "тонн": "t",
    "с": "s", "сек": "s", "s": "s", "мин": "min", "хв": "min", "min": "min", "ч": "h", "час": "h",
    "км/ч": "km/h", "км/г": "km/h", "km/h": "km/h", "kmh": "km/h", "м/с": "m/s", "m/s": "m/s",
    "вт": "W", "w": "W", "квт": "kW", "kw": "kW", "мвт": "MW", "mw": "MW",
    "квтч": "kW.h", "kwh": "kW.h", "в": "V", "v": "V", "кв": "kV", "kv": "kV",
    "мгц": "MHz", "mhz": "MHz", "ггц": "GHz", "ghz": "GHz", "дбм": "dBm", "dbm": "dBm",
    "лк": "lx", "lx": "lx", "лм": "lm", "lm": "lm", "дб": "dB", "db": "dB",
    "мкг/м3": "ug/m3", "ug/m3": "ug/m3", "мг/м3": "mg/m3", "mg/m3": "mg/m3",
    "°c": "Cel", "°с": "Cel", "degc": "Cel", "град": "deg", "°": "deg", "deg": "deg",
    "%": "%", "процент": "%", "percent": "%", "pct": "%",
    "чел": "{person}", "человек": "{person}", "людей": "{person}", "осіб": "{person}",
    "persons": "{person}", "people": "{person}", "тысчел": "10*3.{person}",
    "тысчалавек": "10*3.{person}", "гпа": "hPa", "hpa": "hPa",
}  # fmt: skip
# Alone, after an underscore, a letter may be a part of any name: `type_s`, `zona_v`.
_BARE = frozenset({"m", "m2", "m3", "km", "km2", "cm", "mm", "ha", "kg", "kw", "mw", "kv", "mhz",
                   "ghz", "dbm", "lx", "lm", "db", "percent", "pct", "kmh", "deg", "min", "kwh",
                   "sqm", "sqkm", "м", "м2", "м3", "км", "км2", "см", "мм", "га", "кг", "квт",
                   "мвт", "чел", "persons", "hpa", "гпа", "ug/m3"})  # fmt: skip
_PEOPLE = re.compile(r"\b(населени|насельніцтв|жител|жыхар|residents|population|inhabitants)")

_TITLES = (
    "name", "nazva", "назва", "название", "наименование", "найменне", "title", "label", "имя",
    "адрес", "address", "адрас",
)  # fmt: skip
_STARTS = re.compile(r"\b(start|begin|from|начал\w*|пачат\w*|открыт\w*|с|з|valid from)\b")
_ENDS = re.compile(r"\b(end|finish|until|to|конец|окончан\w*|канец|заканч\w*|закрыт\w*|по|па)\b")
_KEY = re.compile(
    r"(\b(id|uid|guid|uuid|code|key|код|ключ|идентификатор|ідэнтыфікатар|номер|нумар)\b|№|кадастр"
    r"|cadastr|inv no|инв)"
)


def field_name(source: str, taken: Collection[str]) -> str:
    """Return a name of the letters that a field may have, not yet taken; `Назва` is `nazva`."""
    text = "".join(_LATIN.get(letter, letter) for letter in source.casefold())
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST].rstrip("_")
    if not name or not name[0].isalpha():
        name = f"field_{name}".rstrip("_")
    if name in RESERVED:
        name = f"source_{name}"
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


def code_value(text: str, taken: Collection[str]) -> str:
    """Return the value of a code list for a text of the source: the text itself where it is one."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", text):
        return text
    name = field_name(text, taken).removeprefix("source_").removeprefix("field_")
    return "other" if name == "field" else name


def unit(source: str) -> str | None:
    """Return the unit (UCUM) that a name gives: `площадь, м2`, `height_m`, `area (ha)`."""
    name = source.strip().casefold().replace("²", "2").replace("³", "3")
    bracketed = re.search(r"[,(\[]\s*([^,(\[\])]+?)\s*[)\]]?$", name)
    if bracketed:
        said = re.sub(r"[\s.·*^]", "", bracketed[1])
        if said in _UNITS:
            return _UNITS[said]
    last = re.split(r"[_\s]+", name)
    if len(last) > 1 and last[-1] in _BARE:
        return _UNITS[last[-1]]
    return "{person}" if _PEOPLE.search(folded(source)) else None


def title_rank(source: str) -> int | None:
    """Return how likely a column is what people call the feature (0 = most), None = it is not."""
    said = folded(source)
    whole = next((n for n, word in enumerate(_TITLES) if said == word), None)
    if whole is not None:
        return whole
    part = next((n for n, word in enumerate(_TITLES) if word in said.split()), None)
    return None if part is None else len(_TITLES) + part


def interval_end(source: str) -> str | None:
    """Return `start` or `end` when a name of a date says that it is one."""
    said = folded(source)
    if _ENDS.search(said):
        return "end"
    return "start" if _STARTS.search(said) else None


def names_key(source: str) -> bool:
    """Return whether a name is that of what tells features apart: an id, a number, a code."""
    return _KEY.search(folded(source)) is not None
