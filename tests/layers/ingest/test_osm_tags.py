"""Values of OSM tags: numbers with units, dates, yes and no."""

import pytest

from layers.ingest.osm_tags import address, flag, metres, whole, year


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12.0),
        ("12.5 m", 12.5),
        ("12,5", 12.5),
        ("10'", pytest.approx(3.048)),
        ("10 ft", pytest.approx(3.048)),
        ("high", None),
        ("12 cubits", None),
        ("-3", None),
        ("", None),
        (None, None),
        ("1e9", None),
        ("5000", None),
    ],
)
def test_lengths(text: str | None, value: float | None) -> None:
    assert metres(text, 1000) == value


def test_counts_round_up() -> None:
    assert [whole(t, 200) for t in ("5", "2.5", "5;9", "9-12", "many", "999")] == [
        5,
        3,
        5,
        9,
        None,
        None,
    ]


def test_years() -> None:
    given = ("1975", "1975-06-01", "~1975", "C19", "0079", "2150")
    assert [year(t) for t in given] == [1975, 1975, None, None, None, None]


def test_flags() -> None:
    given = ("yes", "24/7", "no", "disused", None)
    assert [flag(t) for t in given] == [True, True, False, False, None]


def test_addresses() -> None:
    assert address({"addr:street": "вул. Леніна", "addr:housenumber": "5/2"}) == "вул. Леніна, 5/2"
    assert address({"addr:housenumber": "7"}) == "7"
    assert address({}) is None
