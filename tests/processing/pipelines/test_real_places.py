"""Real towns from OpenStreetMap: no indicator has a value there, and each says why it has none.

OpenStreetMap tells of streets, buildings and services, but not how many people live where: what is
counted in people cannot be computed, whatever else is there. What each method gives in these towns
is tested with the method (access in Krems, radio in Andorra).
"""

import re
from pathlib import Path
from typing import Any

import pytest

from layers.area import next_area, save_area
from layers.ingest.osm import load_osm
from layers.ingest.osm_read import centre
from layers.registry import load_layers
from layers.seed import indicators
from processing import runner

LAYERS = load_layers()
NAME = "smart-quarter-coverage"
NOBODY = "the residents are not known"
NO_AGES = "no census units with ages"
NO_HOMES = "buildings of the chosen kinds in area town: there are none"
NO_MASTS = "not loaded: base_stations, lorawan_gateways, wifi_access_points"

# Why there is no value, by code and part; what is the same for every town.
EVERYWHERE = {
    ("ICT1", 1): "not loaded: ducts, splitters, line_terminals",
    ("ICT2", 1): "no data on subscribers",
    ("ICT3", 1): "an indicator of a raion, not of a quarter",
    ("ICT4", 1): NO_MASTS,
    ("ICT4", 2): NO_MASTS,
    ("ICT5", 1): "no layer of Wi-Fi points",
    **dict.fromkeys((("ENE1", 1), ("WAT1", 1), ("HEA1", 1)), "no meters of the resource"),
    **dict.fromkeys((("LGT1", 1), ("LGT2", 1), ("LGT4", 1)), "no layer of street lights"),
    **dict.fromkeys((("LGT3", 1), ("LGT5", 1), ("LGT5", 2)), "not loaded: street_lights"),
    ("LGT4", 2): "no log of repairs",
    **{(f"AIR{n}", 1): "no series of stations" for n in range(1, 7)},
    ("AIR6", 2): "no series of stations",
    ("EMI1", 1): "no layer of emission sources",
    ("RAD1", 1): "no radiation posts in the quarter",
    ("HYD1", 1): "no hydrological posts in the quarter",
    ("NOI1", 1): "not built yet",
    ("FLD1", 1): "not built yet",
    ("SOL1", 1): "not built yet",
    ("SAF1", 1): "not built yet",
    **dict.fromkeys((("GRN1", 1), ("GRN2", 1), ("PLN3", 1), ("PLN3", 2)), "no outline"),
    ("TRN2", 1): NOBODY,
    ("TRN3", 1): "no data on displays of stops",
    ("EDU1", 2): NO_AGES,
    ("EDU2", 3): NO_AGES,
    ("HLT2", 1): NOBODY,
    ("PST1", 2): NOBODY,
    ("PRK1", 1): "no layer of parking",
    ("PLN1", 1): "no functional zones",
    ("PLN2", 1): "no red lines",
    ("PLN2", 2): "no red lines",
    ("GOV1", 1): "no registry of services",
    ("GOV2", 1): "no surveys",
    ("GOV3", 1): "no data on issue reports",
    ("ECO1", 1): "no cost of measures",
    ("IDX", 1): "the index compares units",
}
ACCESS = (("GRN3", 1), ("TRN1", 1), ("TRN4", 1), ("HLT1", 1), ("HLT3", 1), ("PST1", 1), ("COM1", 1))
ACCESS_OF_CHILDREN = (("EDU1", 1), ("EDU2", 1), ("EDU2", 2))
REACHED = dict.fromkeys(ACCESS, NOBODY) | dict.fromkeys(ACCESS_OF_CHILDREN, NO_AGES)
UNREACHED = dict.fromkeys((*ACCESS, *ACCESS_OF_CHILDREN), NO_HOMES)
TOWNS = {
    "osm-samples/krems.osm.gz": REACHED,
    "osm-samples/moscow.osm.gz": REACHED,
    # Its buildings are churches, hotels and the like: no tag says that somebody lives in one.
    "osm-samples/andorra.osm.pbf": UNREACHED,
    # 263 lamps, of which nothing but the place is known, and 19 buildings, none of them a home.
    "porto-alegre-r5r/poa_osm.pbf": UNREACHED
    | dict.fromkeys((("LGT5", 1), ("LGT5", 2)), "the power of no working light is known")
    | {
        ("LGT3", 1): "no part of any street can be judged",
        ("LGT1", 1): "it is not known which cabinets are remote",
        ("LGT2", 1): "the lamp types are not known",
        ("LGT4", 1): "the states of the lights are not known",
    },
}


def load(connection: Any, file: Path) -> None:
    lon, lat = centre(file)
    area = next_area(connection, "town", lon=lon, lat=lat)
    save_area(connection, area)
    load_osm(connection, LAYERS, file, area)


@pytest.mark.parametrize("name", TOWNS)
def test_every_indicator_says_why_it_is_not_computable(
    connection: Any, sources_dir: Path, name: str
) -> None:
    load(connection, sources_dir / name)
    done = runner.run(connection, NAME, "town", {}, publish=False)
    wanted = EVERYWHERE | TOWNS[name]
    rows = {(row.code, row.part): row for row in done.frames["indicators"].itertuples()}
    assert set(rows) == set(wanted) == {(one.code, one.part) for one in indicators()}
    for key, row in rows.items():
        assert (row.outcome, row.value != row.value) == ("not_computed", True), key
        assert wanted[key] in row.reason_en, key
        for said in (row.reason_be, row.reason_ru):
            assert said, key
            # CNOSSOS-EU is a name; what is quoted is the id of a layer, a column, a method.
            plain = re.sub("«[^«»]*»|CNOSSOS", "", said)
            assert not re.search("[A-Za-z]{3}", plain), (key, said)
    assert done.result.figures["residents"] is None
    assert len(done.frames["worst_places"]) == 0
