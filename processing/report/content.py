"""What the report says, in one language: plain values that the page and the PDF only set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from layers.model import Language, Text
from processing.report.words import GROUPS, STATUSES, WORDS, day, number, quantity
from processing.scorecard import Line

MOST_FIRST = 6
"""So many indicators with the largest deficits stand on the first page."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A map or chart of the report: its title, an SVG, what its colours mean."""

    title: Text
    svg: str
    legend: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Which computation the report is about; `inputs` are layer, version and checksum."""

    id: str
    area_title: Text
    computed_on: date
    demonstration: bool
    attribution: str
    inputs: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the report is made of."""

    run: Run
    lines: tuple[Line, ...]
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    name: str
    value: str
    target: str
    outcome: str
    outcome_word: str
    deficit: str
    children: str
    elderly: str
    near: str
    change: str
    date: str
    method: str
    bar: float | None
    share_of_target: float | None
    worst: list[dict[str, str]] = field(default_factory=list)


def content(report: Report, language: Language) -> dict[str, Any]:
    """Return the report as JSON values: words, counts, groups of rows, maps, absences, sources."""
    run, lines = report.run, report.lines
    counts = {
        outcome: sum(line.outcome == outcome for line in lines)
        for outcome in ("met", "missed", "no_target", "not_computed")
    }
    computed = [line for line in lines if line.figure.value is not None]
    return {
        "language": language,
        "words": {name: text.get(language) for name, text in WORDS.items()},
        "title": f"{WORDS['title'].get(language)}: {run.area_title.get(language)}",
        "date": day(run.computed_on),
        "demonstration": WORDS["demonstration"].get(language) if run.demonstration else None,
        "run": run.id,
        "attribution": run.attribution,
        "inputs": [list(one) for one in run.inputs],
        "counts": counts,
        "first": [asdict(_row(line, language)) for line in _first(computed)],
        "groups": _groups(computed, language),
        "pictures": [_picture(one, language) for one in report.pictures],
        "worst": [_worst(line, language) for line in computed if line.figure.worst],
        "absent": [_absence(line, language) for line in lines if line.figure.value is None],
        "targets": [_target(line, language) for line in lines if line.target is not None],
        "formulas": [_formula(line, language) for line in computed],
    }


def _name(line: Line) -> str:
    part = f".{line.indicator.part}" if line.indicator.part > 1 else ""
    return f"{line.indicator.code}{part}"


def _title(line: Line, language: Language) -> str:
    """Return the name of an indicator, with the way or the level at which a person is served."""
    name, figure = line.indicator.name.get(language), line.figure
    if figure.threshold is None:
        return name
    return f"{name}, {quantity(figure.threshold, figure.threshold_unit, language)}"


def _measured(value: float | None, unit: str, language: Language) -> str:
    if value is not None:
        return quantity(value, unit or "1", language)
    return WORDS["no_way"].get(language) if unit == "m" else "–"


def _first(lines: Sequence[Line]) -> list[Line]:
    """The missed targets with most people without; of equal ones the first in the list."""
    found = [one for one in lines if one.outcome == "missed" and one.figure.deficit_persons]
    return sorted(found, key=lambda one: -(one.figure.deficit_persons or 0))[:MOST_FIRST]


def _row(line: Line, language: Language) -> _Row:
    figure, unit = line.figure, line.indicator.unit
    share = figure.share_near_limit
    change = None
    if figure.value is not None and line.previous is not None:
        change = figure.value - line.previous
    return _Row(
        code=_name(line),
        name=_title(line, language),
        value=quantity(figure.value, unit, language),
        target=quantity(line.target, unit, language),
        outcome=line.outcome,
        outcome_word=WORDS[line.outcome].get(language),
        deficit="–" if figure.deficit_persons is None else number(figure.deficit_persons, language),
        children=quantity(figure.children, unit, language),
        elderly=quantity(figure.elderly, unit, language),
        near="–" if share is None else f"{number(share * 100, language)}\u00a0%",
        change="–" if change is None else f"{'+' if change > 0 else ''}{number(change, language)}",
        date=day(figure.data_date),
        method=figure.method or "–",
        bar=min(figure.value, 100.0) if unit == "%" and figure.value is not None else None,
        share_of_target=line.target if unit == "%" else None,
    )


def _groups(lines: Iterable[Line], language: Language) -> list[dict[str, Any]]:
    by_group: dict[str, list[Line]] = {}
    for line in lines:
        by_group.setdefault(line.indicator.group, []).append(line)
    return [
        {
            "title": GROUPS[group].get(language),
            "rows": [asdict(_row(line, language)) for line in found],
        }
        for group, found in by_group.items()
    ]


def _picture(picture: Picture, language: Language) -> dict[str, Any]:
    legend = [{"colour": colour, "text": text.get(language)} for colour, text in picture.legend]
    return {"title": picture.title.get(language), "svg": picture.svg, "legend": legend}


def _worst(line: Line, language: Language) -> dict[str, Any]:
    return {
        "code": _name(line),
        "name": _title(line, language),
        "places": [
            {
                "label": place.label,
                "value": _measured(place.value, line.figure.threshold_unit, language),
                "residents": "–" if place.residents is None else number(place.residents, language),
            }
            for place in line.figure.worst
        ],
    }


def _absence(line: Line, language: Language) -> dict[str, str]:
    reason = line.figure.reason
    said = reason.get(language) if reason else ""
    return {"code": _name(line), "name": line.indicator.name.get(language), "reason": said}


def _target(line: Line, language: Language) -> dict[str, str]:
    indicator = line.indicator
    source = indicator.target_source.get(language) if indicator.target_source else "–"
    return {
        "code": _name(line),
        "target": quantity(line.target, indicator.unit, language),
        "source": f"{source} ({STATUSES[indicator.target_status].get(language)})",
    }


def _formula(line: Line, language: Language) -> dict[str, str]:
    return {
        "code": _name(line),
        "name": _title(line, language),
        "formula": line.indicator.formula.get(language),
        "method": line.figure.method or "–",
    }
