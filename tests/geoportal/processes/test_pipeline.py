"""Pipelines as jobs compute them: on a Dask cluster when the settings name one."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from geoportal.jobs.child import Attempt
from geoportal.processes.pipeline import process_of
from geoportal.settings import Settings
from layers import store
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.registry import load_layers
from processing import distributed
from processing.demo import frames
from processing.pipelines import get_pipeline

ORSHA = seed_areas()["orsha"]
INPUTS = {"area": "orsha", "service_classes": ["school"]}
NOBODY = "tcp://127.0.0.1:9"


@pytest.fixture
def loaded(connection: Any) -> Any:
    save_area(connection, ORSHA)
    origin = Origin(status="demonstration", source="test", checksum="1")
    for name in ("buildings", "streets", "service_points", "street_lights"):
        made = frames(ORSHA, name, buildings=40)
        store.replace(connection, load_layers()[name], made, area=ORSHA, origin=origin)
    return connection


def computed(database: str, folder: Path, name: str, scheduler: str | None, **inputs: Any) -> Any:
    settings = Settings(database_url=database, dask_scheduler=scheduler)
    attempt = Attempt(settings, str(uuid.uuid4()), 1, folder)
    return process_of(get_pipeline(name)).run(inputs, attempt)


@pytest.mark.usefixtures("loaded")
def test_a_job_gives_the_same_on_a_cluster(database: str, tmp_path: Path) -> None:
    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        spread = computed(
            database, tmp_path, "service-coverage", cluster.scheduler_address, **INPUTS
        )
    assert spread == computed(database, tmp_path, "service-coverage", None, **INPUTS)


@pytest.mark.usefixtures("loaded")
def test_a_cluster_that_does_not_answer_is_the_operators_business(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "CONNECT_S", 0.5)
    with pytest.raises(RuntimeError, match="no Dask scheduler answers"):
        computed(database, tmp_path, "service-coverage", NOBODY, **INPUTS)


@pytest.mark.usefixtures("loaded")
def test_what_is_not_cut_needs_no_cluster(database: str, tmp_path: Path) -> None:
    inputs = {"area": "orsha", "service_class": "school", "sites": 1}
    assert "summary" in computed(database, tmp_path, "site-selection", NOBODY, **inputs)
