import pytest

from geoportal.errors import NotAcceptable
from geoportal.ogc.negotiation import read_format

ITEMS = ("geojson", "html", "csv", "fgb")


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        ("", "geojson"), ("*/*", "geojson"), ("application/json", "geojson"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "html"),
        ("text/csv;q=0.5, application/flatgeobuf;q=0.6", "fgb"),
        ("text/csv, application/flatgeobuf", "csv"),
        ("APPLICATION/GEO+JSON; charset=utf-8", "geojson"), ("text/html;level=1", "html"),
        # The narrowest range that names a form decides (RFC 9110, section 12.5.1).
        ("application/geo+json;q=0, */*", "html"), ("text/*;q=0.5, text/html;q=0", "csv"),
        ("text/html;q=0.2, */*;q=0.1", "html"), ("*/*, text/html;q=0.2", "geojson"),
        ("application/*;q=0.9, text/html;q=0.1", "geojson"),
    ],
)  # fmt: skip
def test_the_form_is_what_the_caller_likes_best(accept: str, format_: str) -> None:
    assert read_format(ITEMS, None, accept) == format_


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "text/html;q=x", ";;,", "text/*;q=0"])
def test_a_form_that_is_not_accepted_is_not_sent(accept: str) -> None:
    with pytest.raises(NotAcceptable, match="application/geo"):
        read_format(ITEMS, None, accept)


@pytest.mark.parametrize(
    ("options", "format_"),
    [(";version=1.0", "sld10"), (';version="1.1"', "sld11"), ("", "sld10")],
)
def test_the_version_of_a_media_type_counts(options: str, format_: str) -> None:
    styles = ("mapbox", "sld10", "sld11")
    assert read_format(styles, None, f"application/vnd.ogc.sld+xml{options}") == format_
