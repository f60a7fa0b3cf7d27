"""The demonstration, held against the rules of its layers."""

import psycopg
from psycopg import sql

from layers import registry
from layers.area import seed_areas
from layers.ingest.vector.reports import reports
from layers.quality import check
from processing.demo import LAYERS
from processing.demo.rasters import RASTERS

RULED = [layer for layer in registry.load_layers().values() if layer.quality]


def test_the_demonstration_keeps_the_rules(portal_database: str) -> None:
    orsha = seed_areas()["orsha"]
    with psycopg.connect(portal_database, autocommit=True) as connection:
        told = {one["layer"]: one for one in reports(connection, area="orsha")}
        found = {
            layer.id: check(connection, layer, sql.Identifier("features", layer.id), orsha)
            for layer in RULED
        }
    broken = {
        (layer, one.rule): (one.verdict, one.faulty, one.checked)
        for layer, quality in found.items()
        for one in quality.rules
        if one.verdict != "publish"
    }
    assert broken == {}
    # Its load has asked them, and left a report of every layer and raster.
    assert set(told) == {*LAYERS, *RASTERS}
    assert {one["decision"] for one in told.values()} == {"published"}
    for layer in RULED:
        asked = [rule["rule"] for rule in told[layer.id]["rules"]]
        assert asked == [rule.rule for rule in layer.quality]
    assert all(quality.row_count for quality in found.values())
