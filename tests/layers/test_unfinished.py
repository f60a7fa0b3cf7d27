from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest

from layers.errors import StoreFailure
from layers.unfinished import Unfinished, begun

RUN = Unfinished(
    key="a" * 64, run_id="7f1c36b1-6c0c-5a4e-9d15-0d9bd7c2b7a0", pipeline="lighting-coverage",
    area="orsha", tile_m=500.0,
)  # fmt: skip
OTHER = replace(RUN, key="b" * 64)


class Interrupted(Exception):
    pass


def interrupt(conn, run=RUN, *, resume=False, tiles=("1", "2")):
    with suppress(Interrupted), begun(conn, run, resume=resume) as kept:
        for tile in tiles:
            kept.put("light", tile, f"lux of {tile}".encode())
        raise Interrupted


def tiles(conn):
    return conn.execute("SELECT key, tile FROM runs.finished_tile ORDER BY key, tile").fetchall()


def test_an_interrupted_run_goes_on_where_it_stopped(connection):
    interrupt(connection)
    with begun(connection, RUN, resume=True) as kept:
        assert kept.get("light", "1") == b"lux of 1"
        assert kept.get("light", "3") is None
        assert kept.get("bands", "1") is None
        kept.put("light", "1", b"again")
        assert kept.get("light", "1") == b"again"
    assert tiles(connection) == []
    assert connection.execute("SELECT count(*) FROM runs.unfinished").fetchone() == (0,)


def test_without_resume_it_begins_anew(connection):
    interrupt(connection)
    with begun(connection, RUN, resume=False) as kept:
        assert kept.get("light", "1") is None


def test_tiles_of_other_inputs_are_never_taken_and_go(connection):
    interrupt(connection)
    elsewhere = replace(OTHER, key="c" * 64, area="gomel")
    interrupt(connection, elsewhere, tiles=("9",))
    with begun(connection, OTHER, resume=True) as kept:
        assert kept.get("light", "1") is None
        assert tiles(connection) == [(elsewhere.key, "9")]


def test_a_run_that_goes_on_elsewhere_is_left_alone(connection, database):
    with (
        psycopg.connect(database, autocommit=True) as second,
        begun(second, RUN, resume=False) as theirs,
    ):
        theirs.put("light", "1", b"1")
        with (
            pytest.raises(StoreFailure, match="by another process; wait"),
            begun(connection, RUN, resume=True),
        ):
            pass
        with begun(connection, OTHER, resume=False):
            assert theirs.get("light", "1") == b"1"
    with begun(connection, RUN, resume=True) as kept:
        assert kept.get("light", "1") is None
