"""The source of a computed layer: short for people, whole in the document."""

import json

from geoportal.web.derivation import Derivation, derivation
from tests.fix_server import Server

RUN = "5f0c2b9e-1f0a-5a58-9b1c-0d5c6e7f8a9b"


def test_a_source_is_taken_apart():
    found = derivation(f"radio-coverage 1.0.1, run {RUN}: buildings (demonstration), dem (open)")
    assert found == Derivation("radio-coverage", "1.0.1", ("buildings", "dem"))


def test_a_pipeline_made_of_others_has_its_own_version_only():
    members = "smart-quarter-coverage 1.1.0; service-coverage 1.2.0; radio-coverage 1.1.0"
    found = derivation(f"{members}, run {RUN}: streets (open)")
    assert found == Derivation("smart-quarter-coverage", "1.1.0", ("streets",))


def test_any_other_source_stays_as_it_is():
    for source in ("OpenStreetMap extract krems.osm.gz", "", None, "a 1, run 2", {"a": 1}):
        assert derivation(source) is None


def test_the_page_of_a_layer_names_its_pipeline_and_some_inputs(portal_server: Server):
    layer = "/ogc/collections/service_coverage"
    document = json.loads(portal_server.request("GET", f"{layer}?f=json")[2])
    (source,) = {one["source"] for one in document["sources"]}
    found = derivation(source)
    assert found is not None
    assert found.process == "service-coverage"
    assert set(found.inputs) == {"buildings", "streets", "service_points"}
    page = portal_server.request("GET", f"{layer}?f=html&lang=en")[2].decode()
    assert f"<summary>{found.inputs[0]}, {found.inputs[1]} and 1 more</summary>" in page
    assert '<a href="/ogc/processes/service-coverage?lang=en">service-coverage</a>' in page
    assert f"</summary>{source}</details>" in page
