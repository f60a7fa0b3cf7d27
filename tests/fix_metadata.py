"""A record with everything in it, and how two of them are compared."""

import datetime as dt
from dataclasses import replace

from hypothesis import strategies as st

from layers.metadata.record import Attribute, Distribution, Record, Words
from layers.model import Licence

STAMP = dt.datetime(2026, 11, 1, 10, tzinfo=dt.UTC)

FULL = Record(
    id="benches",
    title=Words("Лаўкі", "Скамьи", "Benches"),
    abstract=Words("Усе лаўкі горада.", "Все скамьи города.", "All benches & seats of a <city>."),
    keywords=("benches", "лаўкі"),
    topics=("utilitiesCommunication",),
    supplier=Words("Горад Орша", "Город Орша", "City of Orsha"),
    supplier_url="https://orsha.example/",
    email="maps@orsha.example",
    publisher=Words("Геапартал", "Геопортал", "Geoportal"),
    publisher_url="https://portal.example/",
    licence=Licence(
        id="CC-BY-4.0", title="CC BY 4.0", url="https://creativecommons.org/licenses/by/4.0/"
    ),
    attribution="City of Orsha",
    access="internal",
    legal_basis=Words("Рашэнне 1", "Решение 1", "Decision 1"),
    status="official",
    created=dt.datetime(2020, 5, 1, tzinfo=dt.UTC),
    issued=dt.datetime(2021, 6, 2, 8, 30, tzinfo=dt.UTC),
    modified=dt.datetime(2026, 10, 3, 12, 0, 0, 123456, tzinfo=dt.UTC),
    time_start=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    time_end=dt.datetime(2025, 12, 31, tzinfo=dt.UTC),
    update_period="P18M",
    bbox=(30.1, 54.25, 30.5, 54.6),
    crs=("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:32636"),
    lineage=Words("Абмер.", "Обмер.", "Surveyed."),
    representation="vector",
    geometry="Point",
    row_count=812,
    fields=(
        Attribute("name", "string", Words("Назва", "Название", "Name")),
        Attribute("length_m", "number", Words("Даўжыня", "Длина", "Length"), "m", 0.5, 1e-7),
    ),
    distributions=(
        Distribution("https://portal.example/items", "Items", "application/geo+json"),
        Distribution(
            "https://portal.example/items?f=gpkg", "GeoPackage", "application/x-gpkg", True
        ),
    ),
    schema_url="https://portal.example/schema",
)

_LIKE = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}


def of_iso(record: Record) -> Record:
    """What ISO 19139 can say of a record: single and multi geometries are one type."""
    return replace(record, geometry=_LIKE.get(record.geometry or "", record.geometry))


def of_dcat(record: Record) -> Record:
    """What DCAT can say of a record: no type and number of geometries, and no order."""
    return replace(
        record,
        geometry=None,
        row_count=None,
        keywords=tuple(sorted(set(record.keywords))),
        topics=tuple(sorted(record.topics)),
        crs=tuple(sorted(record.crs)),
        distributions=tuple(sorted(record.distributions, key=lambda one: one.url)),
    )


_LETTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "S"])
_TEXTS = st.text(_LETTERS, min_size=1, max_size=20)
_WORDS = st.builds(Words, be=_TEXTS, ru=_TEXTS, en=_TEXTS)
_TIMES = st.integers(-2_000_000_000, 4_000_000_000).map(
    lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC)
)
_NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)
_URLS = st.from_regex(r"https://[a-z]{1,8}\.example/[a-z0-9]{0,8}", fullmatch=True)
_PERIODS = st.sampled_from(["P1D", "P1W", "P5Y", "P18M", "PT1H", "irregular", "once", "continuous"])
_FIELDS = st.lists(
    st.builds(
        Attribute,
        name=st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
        type=st.sampled_from(["string", "integer", "number", "boolean", "date", "datetime"]),
        title=_WORDS,
        unit=st.none() | st.sampled_from(["m", "m2", "{person}/ha", "%", "10*3.{person}"]),
        minimum=st.none() | _NUMBERS,
        maximum=st.none() | _NUMBERS,
    ),
    max_size=3,
).map(tuple)


@st.composite
def _boxes(draw: st.DrawFn) -> tuple[float, float, float, float]:
    west, east = sorted(draw(st.tuples(st.floats(-180, 180), st.floats(-180, 180))))
    south, north = sorted(draw(st.tuples(st.floats(-90, 90), st.floats(-90, 90))))
    return west, south, east, north


def records() -> st.SearchStrategy[Record]:
    """Records as a portal writes them: texts in three languages, parties with a name."""
    return st.builds(
        replace,
        st.just(FULL),
        title=_WORDS,
        abstract=_WORDS,
        keywords=st.lists(_TEXTS, max_size=3, unique=True).map(tuple),
        supplier=_WORDS,
        supplier_url=st.none() | _URLS,
        email=st.none() | st.just("a@b.example"),
        publisher=_WORDS,
        publisher_url=st.none() | _URLS,
        licence=st.builds(Licence, id=_TEXTS, title=_TEXTS, url=st.none() | _URLS),
        attribution=st.none() | _TEXTS,
        access=st.none() | st.sampled_from(["open", "internal", "restricted"]),
        legal_basis=st.just(Words()) | _WORDS,
        status=st.none() | st.sampled_from(["official", "demonstration"]),
        created=st.none() | _TIMES,
        issued=st.none() | _TIMES,
        modified=st.none() | _TIMES,
        time_start=st.none() | _TIMES,
        time_end=st.none() | _TIMES,
        update_period=st.none() | _PERIODS,
        bbox=st.none() | _boxes(),
        lineage=st.just(Words()) | _WORDS,
        fields=_FIELDS,
    )
