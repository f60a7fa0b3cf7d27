"""The test tables of OGC 21-065r2, Annex A: 274 filters with the numbers that must come out.

Source: opengeospatial/ogcapi-features, commit 94e814b, folder cql2/standard (annex and data).
"""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from layers.cql2 import Expression, parse_json, parse_text, write_json

PLACES = "ne_110m_populated_places_simple"

WRONG_IN_THE_STANDARD = {
    # The data hold Chengdu, Chicago and Chișinău. Their plain-letter column agrees:
    # SELECT count(*) ... WHERE nameascii LIKE 'Ch%' is 3, WHERE nameascii ILIKE 'chis%' is 1.
    "ACCENTI(name) LIKE accenti('Ch%')": ("nameascii LIKE 'Ch%'", 2, 3),
    "ACCENTI(CASEI(name)) LIKE accenti(casei('Chiș%'))": ("CASEI(nameascii) LIKE 'chis%'", 2, 1),
    "ACCENTI(CASEI(name)) LIKE accenti(casei('cHis%'))": ("CASEI(nameascii) LIKE 'chis%'", 2, 1),
}


def test_every_filter_of_the_standard_gives_its_number(
    reference_dir: Path, standard: Callable[[str, Expression], int]
) -> None:
    with (reference_dir / "cql2" / "expected.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == 274
    different = []
    for row in rows:
        text, wanted = row["filter_cql2_text"], int(row["number_matched"])
        tree = parse_text(text)
        converted = parse_json(json.dumps(write_json(tree)))
        found = [standard(row["collection"], t) for t in (tree, converted)]
        if text in WRONG_IN_THE_STANDARD:
            _, printed, wanted_here = WRONG_IN_THE_STANDARD[text]
            assert wanted == printed
            wanted = wanted_here
        if found != [wanted, wanted]:
            different.append((text, wanted, found))
    assert different == []


def test_three_numbers_of_the_standard_are_wrong(
    standard: Callable[[str, Expression], int],
) -> None:
    for proof, printed, right in WRONG_IN_THE_STANDARD.values():
        assert standard(PLACES, parse_text(proof)) == right != printed


def test_the_examples_of_the_standard_read_alike(reference_dir: Path) -> None:
    folder = reference_dir / "cql2" / "examples"
    documents = {f.stem: f.read_bytes() for f in (folder / "json").glob("*.json")}
    texts = {f.stem: f.read_text(encoding="utf-8") for f in (folder / "text").glob("*.txt")}
    assert (len(documents), len(texts)) == (109, 120)
    for name, text in texts.items():
        # `example36-alt01` is another way to write `example36`.
        document = documents[name.partition("-alt")[0]]
        tree = parse_text(text)
        assert tree == parse_json(document), name
        assert write_json(tree) == json.loads(document), name
