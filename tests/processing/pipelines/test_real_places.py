"""Real towns from OpenStreetMap: every indicator has a value or the reason why it has none."""

from pathlib import Path
from typing import Any

import pytest

from layers.area import next_area, save_area
from layers.ingest.osm import load_osm
from layers.ingest.osm_read import centre
from layers.registry import load_layers
from processing import runner

LAYERS = load_layers()


@pytest.mark.parametrize("name", ["krems.osm.gz", "moscow.osm.gz", "andorra.osm.pbf"])
def test_x(connection: Any, sources_dir: Path, name: str) -> None:
    file = sources_dir / "osm-samples" / name
    lon, lat = centre(file)
    area = next_area(connection, "town", lon=lon, lat=lat)
    save_area(connection, area)
    print(load_osm(connection, LAYERS, file, area).keys())
    import time
    t=time.process_time()
    done = runner.run(connection, "smart-quarter-coverage", "town", {}, publish=False)
    print(time.process_time()-t)
    for r in done.frames["indicators"].itertuples():
        print(r.code, r.part, r.value, r.outcome, "|", r.reason_en)
