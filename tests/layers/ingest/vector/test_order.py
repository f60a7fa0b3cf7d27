"""Keys read ahead give the ids that numbering afterwards gives, and are left where they cannot."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from layers import store
from layers.ingest.vector import load as loading
from layers.ingest.vector.keys import Numbering
from layers.ingest.vector.mapping import Mapping, Rules
from layers.ingest.vector.order import order
from tests.fix_loads import KEYED, ORSHA, Loader, write

Plots = Callable[..., gpd.GeoDataFrame]
AWKWARD = ["б", "a", "Z", "10", "9", "Ўзда", "a b", "A", "é", "e\u0301"]


def fresh(load: Loader, file: Path, mapping: Mapping = KEYED) -> tuple[dict[str, int], str]:
    """Ids by key, and the content checksum, of a first load."""
    store.remove(load.conn, load.layer, ORSHA)
    load.conn.execute("DELETE FROM layers.feature_key; DELETE FROM layers.history")
    assert load(file, mapping=mapping).applied
    rows, version = load.rows(), load.version()
    assert version is not None
    return dict(zip(rows["cadastral_number"], rows.index.tolist(), strict=True)), version[1]


def keys(load: Loader) -> list[tuple[object, ...]]:
    query = "SELECT key, id FROM layers.feature_key ORDER BY id"
    return load.conn.execute(query).fetchall()


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "parquet"])
def test_ids_are_those_of_numbering_afterwards(
    load: Loader, plots: Plots, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = plots(10, cadastral_number=AWKWARD)
    file = write(frame, tmp_path / f"a.{ending}")
    ahead = fresh(load, file), keys(load)
    monkeypatch.setattr(loading, "order", lambda *_: None)
    assert (fresh(load, file), keys(load)) == ahead
    assert list(ahead[0][0]) == sorted(AWKWARD, key=str.encode)
    assert min(ahead[0][0].values()) == ORSHA.feature_id(1)


def test_features_that_are_refused_leave_no_gap(load: Loader, plots: Plots, tmp_path: Path) -> None:
    frame = plots(6)
    frame.loc[2, "purpose"] = "castle"
    ids, _ = fresh(load, write(frame, tmp_path / "a.gpkg"))
    assert list(ids.values()) == [ORSHA.feature_id(n) for n in range(1, 6)]
    assert [key for key, _ in keys(load)] == list(ids)


def test_a_key_that_is_there_twice_is_named_as_ever(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(3, cadastral_number=["2", "1", "2"])
    report = load(write(frame, tmp_path / "a.gpkg"), mapping=Mapping(
        key=KEYED.key, rules=Rules(refused_share=0.9)
    ))  # fmt: skip
    assert [(f.code, f.feature) for f in report.findings] == [
        ("duplicate.key", "1"), ("duplicate.key", "3"),
    ]  # fmt: skip
    assert len(load.rows()) == 1


def test_features_alike_are_named_by_their_own_ids(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(3, cadastral_number=["3", "2", "1"], address=["x"] * 3)
    frame.loc[2, "geometry"] = frame.geometry[0]
    report = load(write(frame, tmp_path / "a.gpkg"), mapping=KEYED)
    found = [(f.code, f.feature) for f in report.findings]
    assert sorted(found) == [("duplicate.alike", "1"), ("duplicate.alike", "3")]


def test_keys_that_a_load_changes_are_numbered_afterwards(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(3, cadastral_number=["c", "b", "a"])
    mapping = Mapping.model_validate(
        {
            "key": ["cadastral_number"],
            "fields": {"cadastral_number": {"from": "cadastral_number", "codes": {"c": "0"}}},
        }
    )
    ids, _ = fresh(load, write(frame, tmp_path / "a.gpkg"), mapping)
    assert list(ids) == ["0", "a", "b"]


def never(*_: object) -> None:
    raise AssertionError


def second(load: Loader, first: Path, file: Path) -> tuple[dict[str, int], str]:
    """Ids by key, and the content checksum, of a load that follows another."""
    fresh(load, first)
    rules = Rules(refused_share=0.9)
    report = load(file, mapping=Mapping(key=KEYED.key, rules=rules), accept_removals=True)
    assert report.applied
    rows, version = load.rows(), load.version()
    assert version is not None
    return dict(zip(rows["cadastral_number"], rows.index.tolist(), strict=True)), version[1]


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("more", [[], ["Я", "0", "zz"]])
def test_ids_of_a_second_load_are_those_of_numbering_afterwards(
    load: Loader,
    plots: Plots,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    refused: bool,
) -> None:
    first = write(plots(10, cadastral_number=AWKWARD), tmp_path / "a.gpkg")
    frame = plots(7 + len(more), cadastral_number=[*more, *AWKWARD[8:1:-1]])
    if refused:
        frame.loc[0, "purpose"] = "castle"
    file = write(frame, tmp_path / "b.gpkg")
    afterwards = Numbering._assign
    if not (refused and more):  # then nothing is written twice
        monkeypatch.setattr(Numbering, "_assign", never)
    ahead = second(load, first, file), keys(load)
    monkeypatch.setattr(Numbering, "_assign", afterwards)
    monkeypatch.setattr(loading, "order", lambda *_: None)
    assert (second(load, first, file), keys(load)) == ahead


def test_ids_that_came_another_way_are_taken_over_and_kept(
    load: Loader, plots: Plots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(plots(5), tmp_path / "a.gpkg")
    ids, _ = fresh(load, file)
    load.conn.execute("DELETE FROM layers.feature_key")
    monkeypatch.setattr(Numbering, "_assign", never)
    frame = plots(5)[::-1]
    frame.loc[0, "address"] = "another"
    assert load(write(frame, tmp_path / "b.gpkg"), mapping=KEYED).counts.changed == 1
    assert dict(keys(load)) == ids


def test_the_same_file_again_changes_nothing(
    load: Loader, plots: Plots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(plots(5), tmp_path / "a.gpkg")
    load(file, mapping=KEYED)
    monkeypatch.setattr(Numbering, "_assign", never)
    assert load(file, mapping=KEYED).decision == "unchanged"


def test_two_keys_are_not_looked_at_ahead(load: Loader, plots: Plots, tmp_path: Path) -> None:
    two = Mapping(key=("cadastral_number", "address"))
    file = write(plots(3), tmp_path / "a.gpkg")
    opened = loading.open_for(load.layer, file, ORSHA, two, loading.Options())
    assert order(opened.source, opened.matching, two, lambda *_: (np.empty(0), True)) is None
