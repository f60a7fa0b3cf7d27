"""Answers as they were blessed: whoever changes one sees the difference (`make bless`)."""

import json
import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

ANSWERS = {
    "landing": "/ogc",
    "conformance": "/ogc/conformance",
    "collection": "/ogc/collections/test_parcels",
    "schema": "/ogc/collections/test_parcels/schema",
    "items": "/ogc/collections/test_parcels/items?limit=3",
    "tilejson": "/ogc/collections/test_parcels/tiles/WebMercatorQuad?f=tilejson",
    "style": "/ogc/styles/test_parcels",
    "problem": "/ogc/collections/test_parcels/items?limit=x",
}

# What differs from run to run.
MASKS = {
    r"\"(timeStamp|loadedAt)\": \"[^\"]+\"": r'"\1": "TIME"',
    r"urn:uuid:[0-9a-f-]{36}": "urn:uuid:ID",
    r"([?&])v=\d+": r"\1v=VERSION",
}
OF_COLLECTION = {r'"version": \d+': '"version": "VERSION"'}


def masked(name: str, text: str) -> str:
    """The document, indented, without what no two runs share."""
    text = json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
    for pattern, instead in (MASKS | (OF_COLLECTION if name == "collection" else {})).items():
        text = re.sub(pattern, instead, text)
    return text


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_is_the_blessed_one(
    client: TestClient, golden: Callable[[str, str], None], name: str
) -> None:
    headers = {"Accept": "application/json", "Accept-Language": "en"}
    golden(f"{name}.json", masked(name, client.get(ANSWERS[name], headers=headers).text))
