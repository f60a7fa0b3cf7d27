"""Tables to filter: one of our own with a column of every type, and the standard's test data."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from layers.cql2 import Expression, compile
from layers.model import Layer
from layers.query import CRS84, Crs
from tests.fix_cql2 import SAMPLE, STANDARD, load_standard, make_table

Count = Callable[..., int]
Ids = Callable[..., list[int]]


@pytest.fixture(scope="session")
def db(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection as the server has it, to a database with the sample's table."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        make_table(connection, SAMPLE, "owner_secret")
        connection.execute(
            """INSERT INTO features.sample VALUES
            (1, 'SRID=4326;POINT(30 54)', 'Орша', 'a_b', 5, 15.5, true, '2026-10-01',
             '2026-10-01T12:00Z', '2026-10-03T00:00Z', '{a,b}', '{1,2}', '{1.5}', 'x'),
            (2, 'SRID=4326;POLYGON((29 53,31 53,31 55,29 55,29 53))', 'ЎСХОД', 'Straße', -7, 0,
             false, '2026-10-02', '2026-10-02T23:59:59.5Z', null, '{}', null, null, 'y'),
            (3, null, null, null, null, null, null, null, null, null, null, null, null, 'z'),
            (4, 'SRID=4326;GEOMETRYCOLLECTION(POINT(10 10),LINESTRING(0 0,5 5))', 'Łódź', '50% \\',
             0, -2.5, true, '2026-12-31', '2026-12-31T00:00Z', '2027-01-01T00:00Z', '{a}', '{}',
             '{2,3}', '')"""
        )
        yield connection


@pytest.fixture
def ids(db: psycopg.Connection) -> Ids:
    """Ids of the sample's rows that pass a filter."""

    def ask(tree: Expression, crs: Crs = CRS84) -> list[int]:
        where, params = compile(SAMPLE, tree, crs=crs)
        query = sql.SQL("SELECT t.id FROM features.sample AS t WHERE {} ORDER BY 1").format(where)
        return [row[0] for row in db.execute(query.as_string(), params)]

    return ask


@pytest.fixture(scope="session")
def standard(reference_dir: Path, database_url: str) -> Iterator[Count]:
    """How many features of a collection of the standard's test data pass a filter."""
    import pyogrio

    folder = reference_dir / "cql2"
    layers: dict[str, Layer] = {}
    with psycopg.connect(database_url, autocommit=True) as connection:
        for name, _ in pyogrio.list_layers(folder / STANDARD):
            layers[name] = load_standard(connection, folder, name)

        def ask(collection: str, tree: Expression) -> int:
            where, params = compile(layers[collection], tree, crs=CRS84)
            query = sql.SQL("SELECT count(*) FROM {} AS t WHERE {}").format(
                sql.Identifier("features", collection), where
            )
            row = connection.execute(query.as_string(), params).fetchone()
            assert row is not None
            return int(row[0])

        yield ask
