"""Messages: the same codes and parameters in three languages, none missing, none left over."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.errors import RefusedLoad
from layers.message import (
    Message,
    Unreadable,
    from_document,
    message,
    templates,
    why,
)
from layers.model import LANGUAGES, Rule
from layers.registry import load_layers

LAYERS = Path(__file__).parents[2] / "layers"
CLI = LAYERS.parent / "geoportal" / "cli"
PROCESSING = LAYERS.parent / "processing"
# Codes that are put together from data.
FROM_DATA = (
    "shape.",
    "geos.",
    "rule.",
    "rule_name.",
    "kind.",
    "duplicate.",
    "series.role_",
    "told.weekday_",
    "told.action_",
)
PLACE = re.compile(r"\{(\w+)(?::[^}]*)?\}")
ROOMS = "|".join(sorted({code.partition(".")[0] for code in templates("en")}))
CODE = re.compile(rf'"((?:{ROOMS})\.[a-z_]+)"')
FOUND = re.compile(rf'\b(?:Finding|_found|_refuse|_by_rule|_note|count)\(\s*"((?:{ROOMS})\.\w+)"')
TOLD = re.compile(r'\b(?:message|Unreadable|UnknownCode)\(\s*"([^"]+)"')


def codes_used(pattern: re.Pattern[str]) -> set[str]:
    files = [*LAYERS.rglob("*.py"), *CLI.rglob("*.py"), *PROCESSING.rglob("*.py")]
    sources = (path.read_text("utf-8") for path in files)
    return {code for source in sources for code in pattern.findall(source)}


def test_every_code_has_words_and_no_words_are_left_over() -> None:
    known = set(templates("en"))
    used = codes_used(CODE)
    assert codes_used(TOLD) - known == set()
    assert {"geometry.null", "crs.swapped", "row.faults"} <= used  # the search finds them
    left = {code for code in known - used if not code.startswith(FROM_DATA)}
    assert left == {"text"}


def test_languages_say_the_same_and_none_is_left_untranslated() -> None:
    assert set(templates("be")) == set(templates("ru")) == set(templates("en"))
    for code, english in templates("en").items():
        for language in ("be", "ru"):
            said = templates(language)[code]
            assert sorted(PLACE.findall(said)) == sorted(PLACE.findall(english)), code
            if re.search("[a-z]{3}", PLACE.sub("", english)) and code != "row.other_area":
                assert said != english, code


def test_every_rule_and_kind_has_words() -> None:
    for language in LANGUAGES:
        for rule in Rule.model_json_schema()["properties"]["rule"]["enum"]:
            assert {f"rule.{rule}", f"rule_name.{rule}", f"kind.rule.{rule}"} <= set(
                templates(language)
            )
        field = load_layers()["load_faults"].field("code")
        assert field is not None
        kinds = {f"kind.{code.value}": code.title.get(language) for code in field.codes}
        assert kinds == {c: t for c, t in templates(language).items() if c.startswith("kind.")}


def test_every_kind_of_finding_has_a_title_and_none_is_left_over() -> None:
    kinds = {code.removeprefix("kind.") for code in templates("en") if code.startswith("kind.")}
    used = codes_used(FOUND)
    assert {"geometry.null", "geometry.collection", "duplicate.key", "soato.unknown"} <= used
    assert used - kinds == set()
    assert {kind for kind in kinds - codes_used(CODE) if not kind.startswith("rule.")} == set()


def test_words_are_made_in_the_readers_language() -> None:
    told = message(
        "value.bad",
        column="area",
        value="-1",
        why=Unreadable("value.below", limit=0.5).message,
    )
    assert str(told) == "area: '-1' is below 0.5"
    assert told.text("ru") == "area: «-1» меньше 0,5"
    assert told.text("be") == "area: «-1» меншае за 0,5"
    systems = [message("crs.system", code="EPSG:1", name="a"), message("text", text="{b}")]
    assert "EPSG:1 (a), {b};" in message("crs.candidates", area="x", systems=systems).text("be")


@pytest.mark.parametrize(
    ("number", "be", "en"),
    [
        (0, "0 радкоў", "0 rows"), (1, "1 радок", "1 row"), (2, "2 радкі", "2 rows"),
        (5, "5 радкоў", "5 rows"), (11, "11 радкоў", "11 rows"), (14, "14 радкоў", "14 rows"),
        (21, "21 радок", "21 rows"), (112, "112 радкоў", "112 rows"),
        (4032, "4 032 радкі", "4 032 rows"),
    ],
)  # fmt: skip
def test_a_number_has_the_form_of_its_noun(number: int, be: str, en: str) -> None:
    state, nothing = message("told.loaded"), message("told.nothing")
    told = message("told.rows", layer="x", area="y", rows=number, state=state, repaired=nothing)
    assert told.text("be") == f"x, y: {be}, загружана"
    assert told.text("en") == f"x, y: {en}, loaded"


values = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
nested = st.builds(lambda text: message("text", text=text), st.text())


@given(st.dictionaries(st.from_regex("[a-z]{1,5}", fullmatch=True), values | nested))
def test_what_is_kept_as_json_says_the_same(parameters: dict[str, object]) -> None:
    told = message("row.one", **parameters)
    kept = from_document(json.loads(json.dumps(told.document())))
    assert kept == told
    assert [kept.text(language) for language in LANGUAGES] == [told.text(lg) for lg in LANGUAGES]


def test_a_code_of_a_later_version_is_shown_as_it_is() -> None:
    assert str(Message("rule.new", (("size", 3),))) == "rule.new size=3"
    assert str(message("value.long", count=3)) == "has 3 characters, more than ?"


@pytest.mark.parametrize("error", [ValueError("no"), RefusedLoad("no")])
def test_an_error_without_a_message_is_told_as_it_is(error: Exception) -> None:
    assert [why(error).text(language) for language in LANGUAGES] == ["no"] * 3
    assert why(RefusedLoad(message("load.none_fits"))).text("ru").startswith("ни один объект")
