"""A second load: what is added, changed and removed, its history, review, and the way back."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers import store
from layers.errors import EditedLayer, NothingToUndo
from layers.ingest.vector.mapping import Mapping, Rules
from layers.ingest.vector.undo import undo
from layers.model import Origin
from processing import demo
from tests.fix_loads import KEYED, ORSHA, Loader, write

ROOT = Path(__file__).resolve().parents[4]
Plots = Callable[..., gpd.GeoDataFrame]


def history(load: Loader) -> list[tuple[Any, ...]]:
    query = (
        "SELECT id - 100000000, operation, who, former->>'address', version FROM layers.history"
        " WHERE layer = 'parcels' ORDER BY change"
    )
    return load.conn.execute(query).fetchall()


def ids(load: Loader) -> dict[str, int]:
    rows = load.rows()
    return dict(zip(rows["cadastral_number"], (rows.index - 100000000).tolist(), strict=True))


def second(plots: Plots) -> gpd.GeoDataFrame:
    """Of six: the first is gone, the second has another address, a seventh has come."""
    frame = plots(7)
    frame.loc[1, "address"] = "вуліца Новая, 2"
    return frame.iloc[[6, 5, 4, 3, 2, 1]]


def test_a_second_load_shows_and_remembers_what_it_changes(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    first, then = write(plots(6), tmp_path / "1.gpkg"), write(second(plots), tmp_path / "2.gpkg")
    load(first, mapping=KEYED)
    before, rows = load.version(), load.rows()
    tried = load(then, mapping=KEYED, dry_run=True)
    assert tried.decision == "published"
    assert not tried.applied
    counts = tried.counts
    assert (counts.added, counts.changed, counts.removed, counts.unchanged) == (1, 1, 1, 4)
    assert load.version() == before
    assert history(load) == []
    assert load.rows().equals(rows)
    done = load(then, mapping=KEYED)
    assert done.applied
    assert (done.counts.added, done.counts.changed, done.counts.removed) == (1, 1, 1)
    assert ids(load) == {f"{n:05}": n for n in range(2, 8)}  # whoever stays keeps the id
    version = load.version()
    assert version is not None
    assert [(*line[:4], line[4] == version[0]) for line in history(load)] == [
        (1, "delete", "load", "вуліца Ўзгорная, 1", True),
        (2, "replace", "load", "вуліца Ўзгорная, 2", True),
        (7, "create", "load", None, True),
    ]
    again = load(then, mapping=KEYED)
    assert again.decision == "unchanged"
    assert again.counts.unchanged == 6
    assert load.version() == version
    assert len(history(load)) == 3


def test_a_key_that_comes_back_has_its_old_id(load: Loader, plots: Plots, tmp_path: Path) -> None:
    all_of_them = write(plots(6), tmp_path / "1.gpkg")
    load(all_of_them, mapping=KEYED)
    load(write(second(plots), tmp_path / "2.gpkg"), mapping=KEYED)
    load(all_of_them, mapping=KEYED)
    assert ids(load) == {f"{n:05}": n for n in range(1, 7)}


def test_too_many_removals_are_held_until_they_are_accepted(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    load(write(plots(10), tmp_path / "1.gpkg"), mapping=KEYED)
    before = load.version()
    few = write(plots(7), tmp_path / "2.gpkg")
    held = load(few, mapping=KEYED)
    assert held.decision == "held"
    assert not held.applied
    assert held.counts.removed == 3
    assert "3 features, 30% of what is there, would vanish, more than 20%" in held.reason
    assert load.version() == before
    assert load.staged() == []
    lenient = Mapping(key=("cadastral_number",), rules=Rules(vanish_share=0.3))
    assert load(few, mapping=lenient, dry_run=True).decision == "published"
    assert load(few, mapping=KEYED, accept_removals=True).decision == "published"
    assert len(load.rows()) == 7


def test_a_demonstration_may_vanish(load: Loader, plots: Plots, tmp_path: Path) -> None:
    load(write(plots(1), tmp_path / "0.gpkg"))  # saves the area
    origin = Origin(status="demonstration", source="demo", checksum="x")
    made = demo.frames(ORSHA, "parcels", buildings=40)
    store.replace(load.conn, load.layer, made, area=ORSHA, origin=origin)
    report = load(write(plots(3), tmp_path / "1.gpkg"), mapping=KEYED)
    assert report.decision == "published"
    assert report.counts.added == 3
    assert history(load) == []
    undo(load.conn, load.layer, ORSHA)
    assert len(load.rows()) > 3


def test_undo_brings_back_exactly_what_was_there(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    load(write(plots(6), tmp_path / "1.gpkg"), mapping=KEYED)
    with pytest.raises(NothingToUndo, match="there is nothing to go back to"):
        undo(load.conn, load.layer, ORSHA)
    before, rows = load.version(), load.rows()
    load(write(second(plots), tmp_path / "2.gpkg"), mapping=KEYED)
    done = undo(load.conn, load.layer, ORSHA)
    assert (done.row_count, done.source) == (6, "1.gpkg")
    assert (done.change.added, done.change.changed, done.change.removed) == (1, 1, 1)
    assert load.rows().equals(rows)
    after = load.version()
    assert before is not None
    assert after is not None
    assert after[1:] == before[1:]
    assert after[0] > before[0]
    assert [line[:2] for line in history(load)[3:]] == [
        (1, "create"), (2, "replace"), (7, "delete"),
    ]  # fmt: skip
    tiles = load.conn.execute("SELECT count(*) FROM tiles.parcels").fetchone()
    assert tiles == (6,)
    with pytest.raises(NothingToUndo):
        undo(load.conn, load.layer, ORSHA)
    # A load that comes another way leaves nothing to go back to either.
    load(write(second(plots), tmp_path / "2.gpkg"), mapping=KEYED)
    origin = Origin(status="derived", source="run", checksum="y")
    store.replace(load.conn, load.layer, [rows.iloc[:2]], area=ORSHA, origin=origin)
    with pytest.raises(NothingToUndo):
        undo(load.conn, load.layer, ORSHA)
    left = "SELECT relname FROM pg_class WHERE relnamespace = 'former'::regnamespace"
    assert load.conn.execute(left).fetchall() == []


def test_edits_are_kept_from_a_load_and_from_undo(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    load(write(plots(6), tmp_path / "1.gpkg"), mapping=KEYED)
    then = write(second(plots), tmp_path / "2.gpkg")
    load(then, mapping=KEYED)
    load.conn.execute("UPDATE layers.version SET edited_at = now()")
    with pytest.raises(EditedLayer, match="discard-edits parcels --area orsha"):
        load(tmp_path / "1.gpkg", mapping=KEYED)
    with pytest.raises(EditedLayer):
        undo(load.conn, load.layer, ORSHA)
    assert load.staged() == []


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(8)), key=st.sampled_from([KEYED, Mapping()]))
def test_the_order_of_a_file_decides_nothing(
    load: Loader, plots: Plots, tmp_path: Path, order: list[int], key: Mapping
) -> None:
    load(write(plots(8), tmp_path / "1.gpkg"), mapping=KEYED)
    before = load.version()
    report = load(write(plots(8).iloc[order], tmp_path / f"{random.random()}.gpkg"), mapping=key)
    assert report.decision == "unchanged"
    after = load.version()
    assert before is not None
    assert after is not None
    assert after[:3] == before[:3]


def test_the_order_of_a_first_keyed_load_decides_nothing(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    checksums = set()
    for n, order in enumerate(([0, 1, 2, 3], [3, 1, 0, 2])):
        load(write(plots(4).iloc[order], tmp_path / f"{n}.gpkg"), mapping=KEYED)
        version = load.version()
        assert version is not None
        checksums.add(version[1])
        store.remove(load.conn, load.layer, ORSHA)
        load.conn.execute("DELETE FROM layers.feature_key")
    assert len(checksums) == 1


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
        min_size=1,
        max_size=5,
    ),
    area=st.floats(min_value=0, max_value=1e12, allow_nan=False),
)
def test_load_export_load_gives_the_same_features(
    load: Loader, plots: Plots, tmp_path: Path, texts: list[str], area: float
) -> None:
    frame = plots(len(texts), address=texts, area_m2=[area] * len(texts))
    load(write(frame, tmp_path / f"{random.random()}.gpkg"), mapping=KEYED, accept_removals=True)
    rows, version = load.rows(), load.version()
    out = rows.drop(columns=["area", "soato", "status"]).rename_geometry("geom")
    back = write(out, tmp_path / f"{random.random()}.gpkg")
    assert load(back, mapping=KEYED).decision == "unchanged"
    assert load.rows().equals(rows)
    after = load.version()
    assert after is not None
    assert version is not None
    assert after[1] == version[1]


LOADING = """
import sys, psycopg
from pathlib import Path
from layers.area import seed_areas
from layers.ingest.vector.load import Options, load_vector
from layers.ingest.vector.mapping import Mapping
from layers.registry import load_layers
layer, options = load_layers()["parcels"], Options(mapping=Mapping(key=("cadastral_number",)))
with psycopg.connect(sys.argv[1], autocommit=True) as conn:
    print("ready", flush=True)
    load_vector(conn, layer, Path(sys.argv[2]), seed_areas()["orsha"], options)
"""


def test_a_kill_at_any_moment_leaves_the_old_or_the_new_layer(
    database: str, load: Loader, plots: Plots, tmp_path: Path
) -> None:
    old = write(plots(2000), tmp_path / "1.gpkg")
    new = write(plots(2100).assign(address="іншы"), tmp_path / "2.gpkg")
    load(old, mapping=KEYED)
    states = {len(load.rows()): load.version()}
    generator = random.Random(6)
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", LOADING, database, str(new)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(generator.uniform(0.02, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        _await_end(load.conn)
        assert load.staged() == []
        rows = load.rows()
        assert len(rows) in (2000, 2100)
        assert set(rows["address"] == "іншы") == {len(rows) == 2100}
        version = load.version()
        assert version is not None
        assert version[2] == len(rows)
        assert states.setdefault(len(rows), version) == version
    if len(load.rows()) == 2000:
        assert load(new, mapping=KEYED).decision == "published"


def _await_end(conn: psycopg.Connection[Any]) -> None:
    """Wait until the server has noticed that the killed client is gone."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    while conn.execute(query).fetchone() != (0,):
        time.sleep(0.05)
