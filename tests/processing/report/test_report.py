import json
import xml.etree.ElementTree as ET
from datetime import date
from html.parser import HTMLParser

import geopandas as gpd
import pytest
import shapely

from layers.model import LANGUAGES, Text
from layers.seed import indicators
from processing.report import drawing, html, pdf
from processing.report.content import Picture, Report, Run, content
from processing.report.words import GROUPS, UNITS, number, quantity
from processing.scorecard import Figure, Place, scorecard

TITLE = Text(be="Орша <ўл.>", ru="Орша", en="Orsha")
METRIC = "EPSG:32636"
SQUARE = gpd.GeoSeries([shapely.box(0, 0, 100, 100), shapely.Point(150, 50)], crs=METRIC)


def report(*, demonstration: bool = True) -> Report:
    worst = (Place(7, "вул. Леніна, 5 & 7", 1200.0, 80), Place(8, "<b>", None, None))
    figures = {
        ("EDU2", 1): Figure(93.4, deficit_persons=41, worst=worst, method="service-coverage",
                            threshold=500.0, threshold_unit="m",
                            data_date=date(2026, 10, 1), share_near_limit=0.083),
        ("HLT1", 1): Figure(70.0, deficit_persons=900, elderly=65.0),
        ("PST1", 1): Figure(100.0, deficit_persons=0),
        ("TRN2", 1): Figure(12345.6),
    }  # fmt: skip
    svg = drawing.draw([drawing.Paint(SQUARE, ["#ff0000", "#0000ff"], 2)], (0, 0, 200, 100))
    picture = Picture(TITLE, svg, (("#ff0000", Text(be="так", ru="да", en="yes")),))
    run = Run(
        "r-1", TITLE, date(2026, 11, 28), demonstration, "© nobody", (("streets", "7", "a" * 64),)
    )
    return Report(run, scorecard(indicators(), figures, {("EDU2", 1): 90.0}), (picture,))


class Balance(HTMLParser):
    """Open and closed elements of a page, its words and what it would load."""

    VOID = frozenset({"meta", "br", "rect", "path", "circle", "i", "u"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta",):
            self.open.append(tag)
        self.loads += [v for k, v in attrs if k == "src" or (k == "href" and tag != "a")]
        self.links += [v for k, v in attrs if k == "href" and tag == "a"]
        self.ids += [v for k, v in attrs if k == "id"]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_is_whole_loads_nothing_and_says_what_is_demonstration(language: str) -> None:
    page = html.render(content(report(), language))
    seen = Balance()
    seen.feed(page)
    assert not seen.open
    assert not seen.loads
    words = " ".join(seen.words)
    assert "вул. Леніна, 5 & 7" in words
    assert "<b>" in words
    loud = {"be": "ДЭМАНСТРАЦЫЯ", "ru": "ДЕМОНСТРАЦИЯ", "en": "DEMONSTRATION"}[language]
    assert loud in words
    assert loud not in html.render(content(report(demonstration=False), language))


def test_every_figure_leads_to_its_formula_method_and_run() -> None:
    seen = Balance()
    seen.feed(html.render(content(report(), "en")))
    here = [link[1:] for link in seen.links if link.startswith("#")]
    assert here
    assert set(here) == {one for one in seen.ids if one.startswith("formula-")}
    assert {"/ogc/processes/service-coverage", "/runs/r-1"} <= set(seen.links)


def test_ways_have_their_unit_and_the_limit_stands_by_the_name() -> None:
    said = content(report(), "ru")
    assert said["first"][1]["name"] == "Доступность школы, 500\u00a0м"
    assert [one["value"] for one in said["worst"][0]["places"]] == ["1\u202f200\u00a0м", "нет пути"]
    sources = {one["code"]: one["source"] for one in said["targets"]}
    assert sources["EDU2"] == "data/seed/service_norms.csv, школа (проверено)"
    formulas = {one["code"]: one["formula"] for one in said["formulas"]}
    assert formulas["EDU2"].startswith("дети 7–17 лет")


def test_first_come_the_missed_targets_with_most_people() -> None:
    said = content(report(), "en")
    assert [row["code"] for row in said["first"]] == ["HLT1", "EDU2"]
    assert said["counts"] == {
        "met": 1, "missed": 2, "no_target": 1, "not_computed": len(indicators()) - 4,
    }  # fmt: skip
    row = said["first"][1]
    assert (row["value"], row["target"], row["change"]) == ("93.4\u00a0%", "100\u00a0%", "+3.4")
    assert (row["near"], row["date"]) == ("8.3\u00a0%", "2026-10-01")
    assert len(said["absent"]) == said["counts"]["not_computed"]
    assert all(one["reason"] for one in said["absent"])
    json.dumps(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_is_set_without_fonts_of_the_system(language: str) -> None:
    made = pdf.render(content(report(), language))
    assert made.startswith(b"%PDF-1.")
    assert len(made) > 10_000


def test_units_and_groups_of_the_list_have_words() -> None:
    for one in indicators():
        assert one.unit in (*UNITS, "1")
        assert one.group in GROUPS


@pytest.mark.parametrize(
    ("value", "be", "en"),
    [(12345.6, "12\u202f346", "12,346"), (93.44, "93,4", "93.4"), (0.1234, "0,123", "0.123"),
     (0.0, "0", "0"), (-0.0001, "0", "0"), (100.0, "100", "100")],
)  # fmt: skip
def test_numbers_are_written_as_each_language_does(value: float, be: str, en: str) -> None:
    assert number(value, "be") == number(value, "ru") == be
    assert number(value, "en") == en
    assert quantity(None, "%", "en") == "–"


def test_map_lies_right_way_up_and_cuts_nothing_off() -> None:
    svg = ET.fromstring(drawing.draw([drawing.Paint(SQUARE, "#123456", 3)], (0, 0, 200, 100)))
    width, height = (float(n) for n in svg.get("viewBox").split()[2:])
    assert width / height == pytest.approx(208 / 108, rel=0.01)
    (circle,) = svg.iter("{http://www.w3.org/2000/svg}circle")
    assert float(circle.get("cx")) == pytest.approx(154 / 208 * width, abs=0.2)
    assert float(circle.get("cy")) == pytest.approx(54 / 108 * height, abs=0.2)
