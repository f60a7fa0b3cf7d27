"""The words: the same keys in three languages, none missing, none left over."""

import re
from pathlib import Path

import pytest

from geoportal.web.texts import section, text, texts, unit_symbol
from layers.model import LANGUAGES, THEMES, Language
from layers.registry import load_layers

WEB = Path(__file__).parents[3] / "geoportal" / "web"
# Keys that are put together from data: prefix + a theme, a status, a geometry type ...
FROM_DATA = (
    "theme.", "status.", "geometry.", "period.", "unit.", "openapi.tag.", "job.status.",
    "quality.decision.", "quality.counts.", "quality.rule.", "quality.verdict.", "quality.action.",
    "quality.element.", "quality.name.", "quality.counted.",
    "scenarios.operation.",
)  # fmt: skip
CALL = re.compile(r"""\bt\(\s*["']([a-z_]+\.[A-Za-z0-9_.]+)["']""")
IN_PYTHON = re.compile(r"""\btext\(\s*\w+,\s*["']([a-z_]+\.[A-Za-z0-9_.]+)["']""")
CHOSEN = re.compile(r"""["']((?:map|value)\.(?!html)[a-z_]+)["']""")


def keys_used() -> set[str]:
    used: set[str] = set()
    for path in [*WEB.glob("templates/*.html"), *WEB.glob("static/app/*.js"), *WEB.glob("*.py")]:
        source = path.read_text(encoding="utf-8")
        for pattern in (CALL, IN_PYTHON, CHOSEN):
            used |= set(pattern.findall(source))
    return used


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_is_used_exists(language: Language) -> None:
    assert keys_used() - set(texts(language)) == set()


def test_the_search_for_keys_finds_them() -> None:
    assert {"site.title", "map.search", "value.true", "legend.other"} <= keys_used()


def test_no_text_is_left_over() -> None:
    left = {key for key in texts("en") if not key.startswith(FROM_DATA)} - keys_used()
    assert left == set()


def test_languages_have_the_same_keys_and_the_same_places_to_fill() -> None:
    for key, english in texts("en").items():
        places = sorted(re.findall(r"\{\w+\}", english))
        for language in LANGUAGES:
            assert sorted(re.findall(r"\{\w+\}", texts(language)[key])) == places, key
    assert set(texts("be")) == set(texts("ru")) == set(texts("en"))


def test_no_text_is_empty_or_left_untranslated() -> None:
    for key, english in texts("en").items():
        assert english.strip()
        if re.search(r"[A-Za-z]{5,}", english) and "API" not in english and "Python" not in english:
            assert texts("be")[key] != english, key
            assert texts("ru")[key] != english, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_unit_and_update_period_of_the_layers_has_words(language: Language) -> None:
    layers = load_layers().values()
    known = texts(language)
    units = {field.unit for layer in layers for field in layer.fields if field.unit}
    assert {f"unit.{unit}" for unit in units} <= set(known)
    assert {f"period.{layer.update_period}" for layer in layers} <= set(known)
    assert {f"geometry.{layer.geometry}" for layer in layers} <= set(known)
    assert {f"theme.{theme}" for theme in THEMES} <= set(known)


def test_text_fills_in_and_refuses_unknown_keys() -> None:
    assert text("en", "map.layers_on", count=3) == "Shown: 3"
    with pytest.raises(KeyError):
        text("en", "no.such.key")


def test_section_and_unknown_unit() -> None:
    assert set(section("be", "theme.")) == {f"theme.{t}" for t in (*THEMES, "other")}
    assert unit_symbol("ru", "ug/m3") == "мкг/м³"
    assert unit_symbol("ru", "furlong") == "furlong"
    assert unit_symbol("ru", None) == ""
