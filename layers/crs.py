"""The registry of coordinate reference systems, each with its one way to and from WGS 84.

PROJ chooses between several datum shifts by version, area and direction; here each system names
one. PostGIS uses it through own rows of spatial_ref_sys (`_schema/040_crs.sql`, SRID = 900000 +
EPSG code), programs through `System.pipeline`. Why these: docs/decisions/0008-crs.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from layers.model import Text
from layers.query import CRS84, Crs

EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/"
OPERATION_URI = "http://www.opengis.net/def/coordinateOperation/EPSG/0/"
OWN_SRID = 900_000
"""SRID of an own row of spatial_ref_sys = this + EPSG code."""

BALTIC_ONLY = Text(
    be="EPSG называе для гэтай сістэмы толькі краіны Балтыі; для Беларусі — на свой розум.",
    ru="EPSG называет для этой системы только страны Балтии; для Беларуси — на своё усмотрение.",
    en="EPSG names only the Baltic states for this system; in Belarus at your own judgement.",
)
RUSSIA_ONLY = Text(
    be="EPSG называе для СК-95 толькі Расію; дакладнасць пераўтварэння ў Беларусі невядомая.",
    ru="EPSG называет для СК-95 только Россию; точность преобразования в Беларуси неизвестна.",
    en="EPSG names only Russia for SK-95 and its operation; the accuracy in Belarus is unknown.",
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A datum shift to WGS 84 by seven parameters: metres, arc seconds, parts per million.

    The rotations are those of a coordinate frame (EPSG method 9607), as EPSG publishes them;
    `accuracy_m` is EPSG's figure for its area of use.
    """

    code: int
    name: str
    accuracy_m: float
    shift_m: tuple[float, float, float] = (0, 0, 0)
    rotation_s: tuple[float, float, float] = (0, 0, 0)
    scale_ppm: float = 0

    @property
    def towgs84(self) -> tuple[float, ...]:
        """The seven values of PROJ's +towgs84: a position vector, so rotations change sign."""
        return (*self.shift_m, *(-r if r else 0 for r in self.rotation_s), self.scale_ppm)


SK42 = Operation(
    15865, "Pulkovo 1942 to WGS 84 (16)", 4.5, (25, -141, -78.5), (0, -0.35, -0.736)
)  # fmt: skip
SK95 = Operation(
    5043, "Pulkovo 1995 to WGS 84 (2)", 1, (24.47, -130.89, -81.56), (0, 0, -0.13), -0.22
)
ETRS89 = Operation(1149, "ETRS89 to WGS 84 (1)", 1)


ZONE_MARGIN = 1.0
"""How far beyond a zone its systems are still offered, degrees: cities on its edge use either."""


@dataclass(frozen=True, slots=True)
class System:
    """One system of requests and answers; `projection` and `ellipsoid` in PROJ's words.

    `own` = PostGIS has an own row for it. `warning` = what its user must know.
    """

    crs: Crs
    code: str
    name: str
    projection: str
    ellipsoid: str = "WGS84"
    operation: Operation | None = None
    own: bool = False
    warning: Text | None = None

    @property
    def axes(self) -> tuple[tuple[str, str], ...]:
        """The axes in their order: (abbreviation, direction)."""
        if not self.crs.metric:
            axes = (("Lon", "east"), ("Lat", "north"))
        elif self.own:
            axes = (("Y", "east"), ("X", "north"))  # Gauss-Krüger: X is the northing
        else:
            axes = (("E", "east"), ("N", "north")) if "utm" in self.projection else _XY
        return axes[::-1] if self.crs.flip else axes

    @property
    def meridians(self) -> tuple[float, float] | None:
        """West and east end of its zone with a margin, in degrees; None = meant for any place."""
        if not self.own or "+lon_0=" not in self.projection:
            return None
        centre = float(self.projection.partition("+lon_0=")[2].partition(" ")[0])
        half = 1.5 if "3-degree" in self.name or "CS63" in self.name else 3.0
        return centre - half - ZONE_MARGIN, centre + half + ZONE_MARGIN

    @property
    def proj4(self) -> str:
        """The definition as a PROJ string with the pinned datum shift; east before north."""
        shift = ",".join(f"{v:g}" for v in self.operation.towgs84) if self.operation else "0,0,0"
        units = " +units=m" if self.crs.metric else ""
        return f"{self.projection} +ellps={self.ellipsoid} +towgs84={shift}{units} +no_defs"

    @property
    def pipeline(self) -> str:
        """The PROJ pipeline from longitude, latitude (degrees, WGS 84) to east, north."""
        steps = ["+proj=pipeline", "+step +proj=unitconvert +xy_in=deg +xy_out=rad"]
        if self.operation and any(self.operation.towgs84):
            steps += _datum_steps(self.operation, self.ellipsoid)
        if self.crs.metric:
            steps.append(f"+step {self.projection} +ellps={self.ellipsoid}")
        else:
            steps.append("+step +proj=unitconvert +xy_in=rad +xy_out=deg")
        return " ".join(steps)


_XY = (("X", "east"), ("Y", "north"))


def _datum_steps(operation: Operation, ellipsoid: str) -> list[str]:
    values = zip(
        ("x", "y", "z", "rx", "ry", "rz", "s"),
        (*operation.shift_m, *operation.rotation_s, operation.scale_ppm),
        strict=True,
    )
    parameters = " ".join(f"+{name}={value:g}" for name, value in values)
    return [
        "+step +proj=push +v_3",
        "+step +proj=cart +ellps=WGS84",
        f"+step +inv +proj=helmert {parameters} +convention=coordinate_frame",
        f"+step +inv +proj=cart +ellps={ellipsoid}",
        "+step +proj=pop +v_3",
    ]


def _epsg(code: int, name: str, projection: str, *, flip: bool, **more: object) -> System:
    metric = "longlat" not in projection
    srid = code + (OWN_SRID if more.get("own") else 0)
    crs = Crs(f"{EPSG_URI}{code}", srid, flip=flip, metric=metric)
    return System(crs, f"EPSG:{code}", name, projection, **more)  # type: ignore[arg-type]


def _krassovsky(
    code: int, name: str, projection: str, operation: Operation, warning: Text | None = None
) -> System:
    return _epsg(
        code, name, projection, flip=True,
        ellipsoid="krass", operation=operation, own=True, warning=warning,
    )  # fmt: skip


def _gauss_krueger(meridian: float, false_easting: int, *, latitude: float = 0) -> str:
    return f"+proj=tmerc +lat_0={latitude:g} +lon_0={meridian:g} +k=1 +x_0={false_easting} +y_0=0"


def _six_degrees(
    first: int, datum: str, operation: Operation, warning: Text | None = None
) -> tuple[System, ...]:
    """Zones 4 to 6 with the zone's number before the easting."""
    return tuple(
        _krassovsky(
            first + i, f"{datum} / Gauss-Kruger zone {4 + i}",
            _gauss_krueger(21 + 6 * i, (4 + i) * 1_000_000 + 500_000), operation, warning,
        )
        for i in range(3)
    )  # fmt: skip


def _without_zone(
    first: int, datum: str, operation: Operation, warning: Text | None = None
) -> tuple[System, ...]:
    """The six-degree zones of 21, 27 and 33 degrees without a number before the easting."""
    return tuple(
        _krassovsky(
            first + i, f"{datum} / Gauss-Kruger CM {21 + 6 * i}E",
            _gauss_krueger(21 + 6 * i, 500_000), operation, warning,
        )
        for i in range(3)
    )  # fmt: skip


def _three_degrees(
    first: int, zones: range, datum: str, operation: Operation, warning: Text | None = None
) -> tuple[System, ...]:
    return tuple(
        _krassovsky(
            first + i, f"{datum} / 3-degree Gauss-Kruger zone {zone}",
            _gauss_krueger(3 * zone, zone * 1_000_000 + 500_000), operation, warning,
        )
        for i, zone in enumerate(zones)
    )  # fmt: skip


LONGLAT = "+proj=longlat"

SYSTEMS: tuple[System, ...] = (
    System(CRS84, "OGC:CRS84", "WGS 84 (CRS84)", LONGLAT),
    _epsg(4326, "WGS 84", LONGLAT, flip=True),
    _epsg(
        3857, "WGS 84 / Pseudo-Mercator", "+proj=webmerc +lat_0=0 +lon_0=0 +x_0=0 +y_0=0",
        flip=False,
    ),
    *(
        _epsg(32600 + zone, f"WGS 84 / UTM zone {zone}N", f"+proj=utm +zone={zone}", flip=False)
        for zone in (34, 35, 36)
    ),
    _epsg(
        3035, "ETRS89-extended / LAEA Europe",
        "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000",
        flip=True, ellipsoid="GRS80", operation=ETRS89,
    ),
    _krassovsky(4284, "Pulkovo 1942", LONGLAT, SK42),
    *_six_degrees(28404, "Pulkovo 1942", SK42),
    *_without_zone(2494, "Pulkovo 1942", SK42),
    *_three_degrees(2524, range(8, 12), "Pulkovo 1942", SK42),
    *(
        _krassovsky(
            code, f"Pulkovo 1942 / 3-degree Gauss-Kruger CM {meridian}E",
            _gauss_krueger(meridian, 500_000), SK42,
        )
        for code, meridian in ((2583, 24), (2584, 27), (2585, 30), (2586, 33))
    ),
    *(
        _krassovsky(
            3350 + i, f"Pulkovo 1942 / CS63 zone C{i}",
            _gauss_krueger(21.95 + 3 * i, 250_000 + i * 1_000_000, latitude=0.1), SK42, BALTIC_ONLY,
        )
        for i in range(3)
    ),
    _krassovsky(4200, "Pulkovo 1995", LONGLAT, SK95, RUSSIA_ONLY),
    *_six_degrees(20004, "Pulkovo 1995", SK95, RUSSIA_ONLY),
    *_without_zone(2463, "Pulkovo 1995", SK95, RUSSIA_ONLY),
    *_three_degrees(2643, range(9, 12), "Pulkovo 1995", SK95, RUSSIA_ONLY),
)  # fmt: skip
