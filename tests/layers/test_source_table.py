"""Which tables can be published, and what is made of their columns."""

import psycopg
import pytest

from geoportal.cli.publish import described
from layers.errors import UnfitTable, UnknownLayer
from layers.first_style import first_style
from layers.publish import index_geometry, publish, unpublish
from layers.query import Filter, Page, items
from layers.source_table import SourceTable, read_source

SAID = {
    "theme": "infrastructure", "title_be": "Лаўкі", "title_ru": None, "title_en": None,
    "status": "official", "licence": "CC-BY-4.0", "licence_title": None, "licence_url": None,
    "supplier": "Orsha", "attribution": None,
}  # fmt: skip
PLAIN = "CREATE TABLE bad (n integer PRIMARY KEY, word text, g geometry(Point, 4326))"
SK42 = "CREATE TABLE bad (n integer PRIMARY KEY, word text, g geometry(Point, 28405));"
Connection = psycopg.Connection[tuple[object, ...]]


def published(connection: Connection, layer_id: str = "bad") -> SourceTable:
    source = read_source(connection, "bad")
    layer = described(source, layer_id, **SAID)
    publish(connection, source, layer, first_style(layer))
    return source


@pytest.mark.parametrize(
    ("make", "layer_id", "reason"),
    [
        ("CREATE VIEW bad AS SELECT 1 AS n", "bad", "not an ordinary table"),
        ("CREATE TABLE bad (n integer PRIMARY KEY)", "bad", "no column of type geometry"),
        (
            "CREATE TABLE bad (code text PRIMARY KEY, word text, g geometry(Point, 4326))",
            "bad",
            "no primary key of one whole-number column",
        ),
        (
            "CREATE TABLE bad (n integer PRIMARY KEY, word text, g geometry)",
            "bad",
            "does not say its coordinate reference system",
        ),
        (
            "CREATE TABLE bad (n integer PRIMARY KEY, g geometry(Point, 4326), h geometry)",
            "bad",
            "choose with --geometry: g, h",
        ),
        (
            "CREATE TABLE bad (n integer PRIMARY KEY, g geometry(Point, 4326))",
            "bad",
            "no column besides its key and its geometry",
        ),
        (PLAIN, "buildings", "the id 'buildings' is that of a layer of a folder"),
        (PLAIN, "Bad id", "cannot be described as a layer"),
        (
            PLAIN + ";INSERT INTO bad VALUES (1, 'a', ST_Point(30, 95, 4326))",
            "bad",
            "coordinates outside the world",
        ),
    ],
)
def test_what_cannot_be_published_is_refused_in_a_sentence(
    connection: Connection, make: str, layer_id: str, reason: str
) -> None:
    connection.execute(make.encode())
    with pytest.raises(UnfitTable, match=reason):
        published(connection, layer_id)
    row = connection.execute(
        "SELECT to_regclass('features.bad'), count(*) FROM pg_trigger"
        " WHERE tgname LIKE 'geoportal_bad%'"
    ).fetchone()
    assert row == (None, 0)


def test_a_table_in_sk42_is_read_with_the_pinned_datum_shift(connection: Connection) -> None:
    connection.execute(f"{SK42}INSERT INTO bad VALUES (1, 'a', ST_Point(5500000, 6e6, 28405))")
    assert published(connection).srid == 928405
    row = connection.execute(
        "SELECT ST_AsText(f.geom, 9) = ST_AsText(ST_Transform(ST_SetSRID(g, 928405), 4326), 9)"
        " FROM bad, features.bad AS f"
    ).fetchone()
    assert row == (True,)


def test_unpublishing_leaves_the_table_as_it_was(connection: Connection) -> None:
    connection.execute(PLAIN.replace("4326", "3857").encode())
    query = (
        "SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'bad'::regclass),"
        " (SELECT count(*) FROM pg_index WHERE indrelid = 'bad'::regclass)"
    )
    before = connection.execute(query).fetchone()
    source = published(connection)
    index_geometry(connection, source, described(source, "bad", **SAID))
    assert connection.execute(query).fetchone() == (4, 2)
    assert unpublish(connection, "bad") == "public.bad"
    assert connection.execute(query).fetchone() == before == (0, 1)
    with pytest.raises(UnknownLayer, match="is not a published table"):
        unpublish(connection, "buildings")


def test_a_row_that_cannot_be_transformed_may_still_be_written(connection: Connection) -> None:
    connection.execute(PLAIN.replace("4326", "32635").encode())
    source = published(connection)
    index_geometry(connection, source, described(source, "bad", **SAID))
    connection.execute("INSERT INTO bad VALUES (1, 'a', ST_Point(1e30, 1e30, 32635))")
    connection.execute("INSERT INTO bad VALUES (2, 'b', ST_Point('NaN', 'Infinity', 32635))")
    query = "SELECT row_count, west FROM layers.version WHERE layer = 'bad'"
    assert connection.execute(query).fetchone() == (2, None)
    layer = described(read_source(connection, "bad"), "bad", **SAID)
    page = connection.execute(items(layer, Filter(), Page(limit=5)).sql, {"limit": 5, "offset": 0})
    found = page.fetchone()
    assert found is not None
    assert bytes(found[1]).count(b'"geometry":null') == 2  # type: ignore[call-overload]


def test_field_names_are_made_of_any_column_name(connection: Connection) -> None:
    connection.execute(
        'CREATE TABLE bad ("ID" integer PRIMARY KEY, "Адрес" text, area real, "a-b" text,'
        ' "a b" text, "1st" text, "POINT" text, g geometry(Point, 4326))'
    )
    names = [one.name for one in read_source(connection, "bad").columns]
    assert names == ["field_1", "area_2", "a_b", "a_b_4", "field_1st", "point"]
    published(connection)
