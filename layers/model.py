"""The frozen models of what is published: Layer, Field, Area."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic import Field as Constraint

Language = Literal["be", "ru", "en"]
LANGUAGES: tuple[Language, ...] = ("be", "ru", "en")

Theme = Literal["base", "planning", "environment", "infrastructure", "services", "results"]
THEMES: tuple[Theme, ...] = (
    "base", "planning", "environment", "infrastructure", "services", "results",
)  # fmt: skip

Status = Literal["official", "open", "derived", "demonstration"]
Access = Literal["open", "internal", "restricted"]
GeometryType = Literal[
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "Geometry"
]
FieldType = Literal[
    "string", "integer", "number", "boolean", "date", "datetime",
    "string_array", "integer_array", "number_array",
]  # fmt: skip
ITEMS: dict[FieldType, FieldType] = {
    "string_array": "string", "integer_array": "integer", "number_array": "number",
}  # fmt: skip
"""Type of an array -> type of its items."""

# Roles of OGC API - Features Part 5, plus `title` (what a person calls the feature).
Role = Literal[
    "title", "primary-instant", "primary-interval-start", "primary-interval-end", "reference"
]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]

COUNTRY = "by"
"""The area that national layers are keyed by."""

AREA_STRIDE = 100_000_000
"""Feature ids of an area run from number * AREA_STRIDE + 1, so ids are unique in the country."""

STORED_SRID = 4326
"""WGS 84, longitude first: the system of every geometry column in `features`."""

POINT_COUNT = "point_count"
"""Attribute of the clusters in the tiles of a point layer: how many points one stands for."""

OF_TILES = frozenset({POINT_COUNT, "appears", "snaps", "tile_x", "tile_y", "tile_cell"})
"""Names that the tables and queries of tiles use themselves."""


class Value(BaseModel):
    """Base of the frozen values; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Value):
    """One text in the three languages."""

    be: str = Constraint(min_length=1)
    ru: str = Constraint(min_length=1)
    en: str = Constraint(min_length=1)

    def get(self, language: Language) -> str:
        """Return the text in one language."""
        return str(getattr(self, language))


class Code(Value):
    """One value of a code list and what it means."""

    value: str
    title: Text


class Field(Value):
    """One published property of a layer; `unit` is a UCUM code (m, m2, km2, W, ug/m3, {person}).

    Codes, unit and range of an array are those of each item. `language`: the same is said in other
    fields in the other languages, so pages and the map show it to readers of this one only.
    """

    name: Name
    type: FieldType
    title: Text
    description: Text | None = None
    unit: str | None = None
    role: Role | None = None
    codes: tuple[Code, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    in_tile: bool = False
    language: Language | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.codes and self.item_type != "string":
            raise ValueError(f"field {self.name}: only a string field may have codes")
        if self.unit and self.item_type not in ("integer", "number"):
            raise ValueError(f"field {self.name}: only a number may have a unit")
        if self.in_tile and self.is_array:
            raise ValueError(f"field {self.name}: vector tiles hold no arrays, so no in_tile")
        if self.role and self.role.startswith("primary-") and self.type not in ("date", "datetime"):
            raise ValueError(f"field {self.name}: role {self.role} needs a date or datetime")
        if self.role == "title" and self.is_array:
            raise ValueError(f"field {self.name}: an array is no title")
        return self

    @property
    def is_array(self) -> bool:
        """True when a value is a list of values."""
        return self.type in ITEMS

    @property
    def item_type(self) -> FieldType:
        """The type of a single value: of an array's items, else of the field itself."""
        return ITEMS.get(self.type, self.type)


class Supplier(Value):
    """Who answers for the data."""

    name: Text
    url: str | None = None


class Licence(Value):
    """The licence: an SPDX id where there is one, a name to show, an address to read it."""

    id: str
    title: str
    url: str | None = None


class Tiles(Value):
    """How the layer is cut into vector tiles (zoom levels of WebMercatorQuad).

    From `detail_zoom` on a tile holds every feature as it is. Before it, lines and polygons are
    simplified by `simplify_px` (pixels of a tile of 256), what is smaller than a pixel is thinned,
    and points are clustered on a grid (`cluster`). `feature_limit` holds always.
    """

    min_zoom: int = Constraint(default=0, ge=0, le=22)
    max_zoom: int = Constraint(default=18, ge=0, le=22)
    detail_zoom: int = Constraint(default=14, ge=0, le=22)
    simplify_px: float = Constraint(default=0.25, ge=0, le=4)
    cluster: bool = True
    feature_limit: int = Constraint(default=20_000, ge=1, le=100_000)


HULL = "hull"
"""What a rule may name instead of a layer: the convex hull of the features."""


class Rule(Value):
    """A topology rule of a layer: what must not be, from where on, and what follows.

    `overlap`: areas share more than `limit` m2. `gap`: slits narrower than `limit` m between areas;
    with `within` (a layer, or `hull`) whatever of more than `limit` m2 it has and no area covers.
    `undershoot`: a line ends nearer than `limit` m to another one and does not meet it. `crossing`:
    lines meet without a node (those with a true field of `apart`, as bridges, may). `far`: farther
    than `limit` m from every feature of the layer `beside`. `twice`: the same shape again. A larger
    share or count of features at fault than `warn_` warns, than `refuse_` refuses a load.
    """

    rule: Literal["overlap", "gap", "undershoot", "crossing", "far", "twice"]
    limit: float = Constraint(default=0.0, ge=0, le=100_000)
    apart: tuple[Name, ...] = ()
    beside: Name | None = None
    within: Name | None = None
    warn_share: float = Constraint(default=0.0, ge=0, le=1)
    refuse_share: float = Constraint(default=1.0, ge=0, le=1)
    warn_count: int | None = Constraint(default=None, ge=0)
    refuse_count: int | None = Constraint(default=None, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.rule == "far") != (self.beside is not None):
            raise ValueError(f"rule {self.rule}: `beside` names a layer for the rule far only")
        if self.apart and self.rule != "crossing":
            raise ValueError(f"rule {self.rule}: `apart` is for the rule crossing only")
        if self.within and self.rule != "gap":
            raise ValueError(f"rule {self.rule}: `within` is for the rule gap only")
        if self.rule in ("gap", "undershoot", "far") and not (self.limit or self.within):
            raise ValueError(f"rule {self.rule}: `limit` must say how many metres")
        return self


_AREAS, _LINES = ("Polygon", "MultiPolygon"), ("LineString",)
_GEOMETRY_OF_RULE: dict[str, tuple[str, ...]] = {
    "overlap": _AREAS, "gap": _AREAS, "undershoot": _LINES, "crossing": _LINES,
}  # fmt: skip


class Layer(Value):
    """Everything about one published layer but its SQL, style and sample.

    `scope: national` = one load for the country; `area` = loaded per area, every row then also has
    the standard columns `area`, `soato` and `status`; `any` = as `area`, and for the country too.
    Geometry is stored in EPSG:4326, lon/lat.
    `selector` names a code-list field of which a map shows one value at a time.
    `editable`: whoever has a key may create, change and delete single features over HTTP.
    `foreign`: the rows are those of a table of somebody else's, written without our checks.
    `quality`: rules that loaded rows are held against (layers/quality).
    """

    id: Name
    theme: Theme
    title: Text
    description: Text
    keywords: tuple[str, ...] = ()
    geometry: GeometryType
    scope: Literal["national", "area", "any"]
    status: Status
    supplier: Supplier
    legal_basis: Text | None = None
    update_period: str = Constraint(
        description="ISO 8601 duration, or `irregular`, `once`, `continuous`",
        pattern=r"^(P(\d+[YMWD])*(T(\d+[HMS])+)?|irregular|once|continuous)$",
    )
    licence: Licence
    attribution: str
    access: Access = "open"
    fields: tuple[Field, ...] = Constraint(min_length=1)
    tiles: Tiles = Tiles()
    order: int = 100
    visible: bool = False
    selector: str | None = None
    editable: bool = False
    foreign: bool = False
    quality: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [f.name for f in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have the same name")
        standard = {f.name for f in STANDARD_FIELDS} if self.scope != "national" else {"area"}
        if taken := {"id", "geom", "geometry", *OF_TILES, *standard} & set(names):
            raise ValueError(f"field name is reserved: {', '.join(sorted(taken))}")
        if self.selector is not None:
            chosen = next((f for f in self.fields if f.name == self.selector), None)
            if chosen is None or not chosen.codes or chosen.is_array:
                raise ValueError(f"selector {self.selector} is not a field with codes")
        return self

    @field_validator("quality")
    @classmethod
    def _fitting(cls, rules: tuple[Rule, ...], info: ValidationInfo) -> tuple[Rule, ...]:
        names = {f.name for f in info.data.get("fields", ()) if f.type == "boolean"}
        for one in rules:
            needed = _GEOMETRY_OF_RULE.get(one.rule)
            if needed and info.data.get("geometry") not in needed:
                raise ValueError(f"rule {one.rule} is for layers of {' or '.join(needed)}")
            if unknown := [name for name in one.apart if name not in names]:
                raise ValueError(f"rule {one.rule}: there is no boolean field {unknown[0]}")
        return rules

    def __hash__(self) -> int:
        """Hash by id: layers are keys of caches on the hot path."""
        return hash(self.id)

    @property
    def position(self) -> tuple[int, int, str]:
        """What layers are listed by: theme, order, id."""
        return THEMES.index(self.theme), self.order, self.id

    @property
    def unsound(self) -> bool:
        """True when a geometry may have arcs, or coordinates that are no numbers."""
        return self.foreign or self.geometry == "Geometry"

    @property
    def clustered(self) -> bool:
        """True when a tile may hold one point for several of the layer's."""
        tiles = self.tiles
        return self.geometry == "Point" and tiles.cluster and tiles.min_zoom < tiles.detail_zoom

    @property
    def published_fields(self) -> tuple[Field, ...]:
        """The fields a caller sees: the layer's own, then the standard ones of area layers."""
        return self.fields + (STANDARD_FIELDS if self.scope != "national" else ())

    def field(self, name: str) -> Field | None:
        """Return the published field of that name, or None."""
        return next((f for f in self.published_fields if f.name == name), None)

    def with_role(self, role: Role) -> Field | None:
        """Return the field that plays a role, or None."""
        return next((f for f in self.fields if f.role == role), None)


class Area(Value):
    """A place that layers are loaded for: a city, a quarter, or the country itself.

    `srid` is the EPSG code of its metric CRS (UTM); `lon`, `lat` its centre in degrees (WGS 84).
    """

    id: Name
    number: int = Constraint(ge=0, le=90_000)
    title: Text
    soato: str = Constraint(pattern=r"^(\d{10})?$")
    srid: int
    lon: float = Constraint(ge=-180, le=180)
    lat: float = Constraint(ge=-90, le=90)

    def feature_id(self, n: int) -> int:
        """Return the national id of the n-th feature (n >= 1) of a layer in this area."""
        return self.number * AREA_STRIDE + n


class Origin(Value):
    """Where the rows of one load come from; kept with the layer's version and shown to people."""

    status: Status
    source: str
    checksum: str
    supplier: Text | None = None
    licence: Licence | None = None
    attribution: str | None = None


def _status_codes() -> tuple[Code, ...]:
    return (
        Code(value="official", title=Text(be="афіцыйныя", ru="официальные", en="official")),
        Code(value="open", title=Text(be="адкрытыя", ru="открытые", en="open")),
        Code(value="derived", title=Text(be="вытворныя", ru="производные", en="derived")),
        Code(
            value="demonstration",
            title=Text(be="дэманстрацыйныя", ru="демонстрационные", en="demonstration"),
        ),
    )


STANDARD_FIELDS: tuple[Field, ...] = (
    Field(
        name="area",
        type="string",
        title=Text(be="Тэрыторыя", ru="Территория", en="Area"),
        required=True,
        in_tile=True,
    ),
    Field(
        name="soato",
        type="string",
        title=Text(be="Код СААТА", ru="Код СОАТО", en="SOATO code"),
    ),
    Field(
        name="status",
        type="string",
        title=Text(be="Статус даных", ru="Статус данных", en="Status of the data"),
        codes=_status_codes(),
        required=True,
        in_tile=True,
    ),
)
