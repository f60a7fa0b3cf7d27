import pytest

from geoportal.web.language import DEFAULT, negotiate


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, DEFAULT),
        ("", DEFAULT),
        ("be", "be"),
        ("en-GB,en;q=0.9", "en"),
        ("de;q=1.0, en;q=0.5, be;q=0.7", "be"),
        ("RU_ru", "ru"),
        ("*", DEFAULT),
        ("be;q=0, en;q=0.1", "en"),
        ("ru;q=0, *", "be"),
        ("*, ru;q=0, be;q=0.5", "en"),
        ("ru, *;q=0.5", "ru"),
        ("ru;q=x, *", DEFAULT),
        ("ru;q=0, be;q=0, en;q=0, *", DEFAULT),
        ("de, fr", DEFAULT),
        ("en;q=nan, be;q=2, ru;q=-1", DEFAULT),
        ("en;q=", DEFAULT),
        (";;;,,,=;q=x", DEFAULT),
        ("en;level=1", DEFAULT),
    ],
)
def test_header_never_fails(header: str | None, expected: str) -> None:
    assert negotiate(None, header) == expected


def test_header_of_two_thousand_ranges_is_read_in_part_only() -> None:
    assert negotiate(None, "en," + "xx;q=0.5," * 2000) == "en"
    assert negotiate(None, "xx," * 2000 + "en") == DEFAULT


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("be", "be"),
        ("en-US", "en"),
        ("de", None),
        ("", None),
        ("../../etc", None),
        ("b" * 999, None),
    ],
)
def test_asked_language_wins_over_the_header(asked: str, expected: str | None) -> None:
    assert negotiate(asked, "ru") == expected
