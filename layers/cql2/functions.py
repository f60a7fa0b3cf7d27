"""The functions this service offers in filters beyond those of the standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, LiteralString

from layers.model import Text

Kind = Literal[
    "boolean", "string", "integer", "number", "date", "timestamp", "interval", "geometry",
    "string_array", "integer_array", "number_array", "boolean_array", "date_array",
    "timestamp_array", "empty_array",
]  # fmt: skip
"""The type of an expression. `empty_array` fits every array."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: a title and the type it must have."""

    title: Text
    kind: Kind


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """A function: `sql` has one `{}` per argument and is the same for every layer."""

    name: str
    description: Text
    args: tuple[Argument, ...]
    returns: Kind
    sql: LiteralString


_TEXT = Argument(Text(be="тэкст", ru="текст", en="text"), "string")
_NUMBER = Argument(Text(be="лік", ru="число", en="number"), "number")
# The functions of geometries straighten arcs, which no geography can hold.
_SHAPE = Argument(Text(be="геаметрыя", ru="геометрия", en="geometry"), "geometry")

_ALL = (
    FunctionInfo(
        "upper",
        Text(
            be="Тэкст вялікімі літарамі",
            ru="Текст прописными буквами",
            en="Text in capital letters",
        ),
        (_TEXT,),
        "string",
        'upper({} COLLATE "und-x-icu") COLLATE "C"',
    ),
    FunctionInfo(
        "lower",
        Text(be="Тэкст малымі літарамі", ru="Текст строчными буквами", en="Text in small letters"),
        (_TEXT,),
        "string",
        'lower({} COLLATE "und-x-icu") COLLATE "C"',
    ),
    FunctionInfo(
        "length",
        Text(be="Колькасць знакаў у тэксце", ru="Число знаков в тексте", en="Characters in a text"),
        (_TEXT,),
        "integer",
        "length({})::bigint",
    ),
    FunctionInfo(
        "abs",
        Text(be="Модуль ліку", ru="Модуль числа", en="A number without its sign"),
        (_NUMBER,),
        "number",
        "abs({}::float8)",
    ),
    FunctionInfo(
        "floor",
        Text(
            be="Найбольшы цэлы лік, не большы за дадзены",
            ru="Наибольшее целое, не большее данного числа",
            en="The greatest whole number not above a number",
        ),
        (_NUMBER,),
        "number",
        "floor({}::float8)",
    ),
    FunctionInfo(
        "ceil",
        Text(
            be="Найменшы цэлы лік, не меншы за дадзены",
            ru="Наименьшее целое, не меньшее данного числа",
            en="The least whole number not below a number",
        ),
        (_NUMBER,),
        "number",
        "ceil({}::float8)",
    ),
    FunctionInfo(
        "area_m2",
        Text(
            be="Плошча на эліпсоідзе WGS 84, м²",
            ru="Площадь на эллипсоиде WGS 84, м²",
            en="Area on the ellipsoid WGS 84, m²",
        ),
        (_SHAPE,),
        "number",
        "ST_Area(ST_CurveToLine({})::geography)",
    ),
    FunctionInfo(
        "length_m",
        Text(
            be="Даўжыня ліній на эліпсоідзе WGS 84, м",
            ru="Длина линий на эллипсоиде WGS 84, м",
            en="Length of lines on the ellipsoid WGS 84, m",
        ),
        (_SHAPE,),
        "number",
        "ST_Length(ST_CurveToLine({})::geography)",
    ),
    FunctionInfo(
        "distance_m",
        Text(
            be="Адлегласць на эліпсоідзе WGS 84, м",
            ru="Расстояние на эллипсоиде WGS 84, м",
            en="Distance on the ellipsoid WGS 84, m",
        ),
        (_SHAPE, _SHAPE),
        "number",
        "ST_Distance(ST_CurveToLine({})::geography, ST_CurveToLine({})::geography)",
    ),
)

FUNCTIONS: dict[str, FunctionInfo] = {info.name: info for info in _ALL}
"""By name, which is matched without regard to case; what `/functions` describes."""
