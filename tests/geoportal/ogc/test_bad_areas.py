"""Executions for areas whose layers cannot be measured: the reason, as a problem and at the job."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers import store
from layers.area import save_area
from layers.model import Area, Origin
from layers.registry import load_layers
from tests.fix_bad_inputs import area_at, place
from tests.fix_db import new_database
from tests.fix_jobs import await_worker, start_worker, until

ORIGIN = Origin(status="demonstration", source="test", checksum="1")
LOADED = (
    "buildings", "streets", "service_points", "street_lights", "utility_meters", "census_units",
    "air_sensors", "air_sensor_readings", "ducts", "splitters", "line_terminals",
)  # fmt: skip
BORDER = area_at(30.0, 53.6)
BARE = BORDER.model_copy(update={"id": "bare", "number": 2_001})
DISTORTED = BORDER.model_copy(update={"id": "distorted", "number": 2_002, "srid": 32634})


def bare() -> dict[str, Any]:
    """Layers of which nothing is known that the methods ask for."""
    found = dict(place(BARE))
    found["buildings"] = found["buildings"].assign(residents=None, dwellings=None)
    found["streets"] = found["streets"].assign(foot=False, bicycle=False)
    found["street_lights"] = found["street_lights"].assign(height_m=np.nan)
    found["splitters"] = found["splitters"].assign(loss_db=np.nan)
    return found


def load(connection: Any, area: Area, frames: Any) -> None:
    layers = load_layers()
    save_area(connection, area)
    for name in LOADED:
        store.replace(connection, layers[name], [frames[name]], area=area, origin=ORIGIN)


@pytest.fixture(scope="module")
def portal(server: str, template: str) -> Iterator[TestClient]:
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            load(connection, BORDER, place(BORDER))
            load(connection, BARE, bare())
            # Degrees are the same whatever zone the area is said to be measured in.
            moved = {
                name: frame.set_axis(frame.index - BORDER.feature_id(0) + DISTORTED.feature_id(0))
                for name, frame in place(BORDER).items()
                if name in LOADED
            }
            load(connection, DISTORTED, moved)
        with start_worker(url, processes=""):
            await_worker(url)
            with TestClient(create_app(Settings(database_url=url))) as client:
                yield client


def order(process: str, area: str, **inputs: Any) -> tuple[str, dict[str, Any]]:
    body = {"inputs": {"area": area, **inputs}, "outputs": {"summary": {}}, "response": "raw"}
    return f"/ogc/processes/{process}/execution", body


CUT_SHORT = "IESNA:LM-63-2002\nTILT=NONE\n1 1000 1 3 1 1 2 0 0 0\n1 1 50\n0 45"
DISTORTS = r"^\w+: they reach to 30\.0\d E, 53\.\d+ N, where lengths in .* zone 34N are .* off;"
AT_ONCE = [
    ("service-coverage", "bare", {}, "^walkable streets: there are none; load"),
    ("fibre-coverage", "bare", {}, "^splitters: none has a known loss_db and a terminal"),
    ("lighting-coverage", "border", {"ies": {"led_60": CUT_SHORT}}, "the file is cut short: vert"),
    ("service-coverage", "distorted", {}, DISTORTS),
]
AS_JOB = [
    ("radio-coverage", "bare", {}, "^stations in area bare: there are none; load base_stations"),
    ("smart-quarter-coverage", "distorted", {}, DISTORTS),
]
"""Each is a child process that imports the libraries: few, of the many that the table has."""


@pytest.mark.parametrize(("process", "area", "inputs", "why"), AT_ONCE)
def test_the_reason_is_answered(
    portal: TestClient, process: str, area: str, inputs: Any, why: str
) -> None:
    path, body = order(process, area, **inputs)
    answer = portal.post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (
        422, "application/problem+json",
    ), answer.text  # fmt: skip
    assert re.search(why, answer.json()["detail"]), answer.text


@pytest.mark.parametrize(("process", "area", "inputs", "why"), AS_JOB)
def test_the_job_ends_with_the_reason(
    portal: TestClient, process: str, area: str, inputs: Any, why: str
) -> None:
    path, body = order(process, area, **inputs)
    begun = portal.post(path, json=body, headers={"Prefer": "respond-async"})
    assert begun.status_code == 201, begun.text
    job = f"/ogc/jobs/{begun.json()['jobID']}"

    def over() -> Any:
        found = portal.get(job, params={"f": "json"}).json()
        return found if found["status"] not in ("accepted", "running") else None

    found = until(over)
    assert found["status"] == "failed"
    assert re.search(why, found["message"])
    results = portal.get(f"{job}/results")
    assert (results.status_code, results.headers["content-type"]) == (
        422, "application/problem+json",
    )  # fmt: skip
    assert re.search(why, results.json()["detail"])


def test_an_area_across_a_border_is_measured(portal: TestClient) -> None:
    path, body = order("service-coverage", "border")
    answer = portal.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["crs"] == "EPSG:32636"


def test_the_scorecard_tells_the_reasons_in_three_languages(portal: TestClient) -> None:
    path, body = order("smart-quarter-coverage", "bare")
    answer = portal.post(path, json=body | {"outputs": {"indicators": {}}})
    assert answer.status_code == 200, answer.text
    rows = [feature["properties"] for feature in answer.json()["features"]]
    lost = {f"{row['code']}/{row['part']}": row for row in rows if row["value"] is None}
    for key, why in {
        "HLT1/1": "walkable streets: there are none",
        "ICT1/1": "none has a known loss_db",
        "ICT5/1": "no layer of Wi-Fi points",
        "PST1/2": "the residents are not known",
    }.items():
        assert why in lost[key]["reason_en"]
        assert len({lost[key][f"reason_{language}"] for language in ("be", "ru", "en")}) == 3
        assert lost[key]["outcome"] == "not_computed"
