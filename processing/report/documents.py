"""The report of a run in every language and form, from the frames that it publishes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.model import LANGUAGES, Area, Language, Text
from layers.seed import Indicator
from processing.report import html, pdf
from processing.report.content import Report, Run, content
from processing.report.pictures import Frames, pictures
from processing.scorecard import Figure, Key, Line, Place

Document = tuple[Language, str]
"""Language and format (html, pdf)."""


def documents(
    run: Run, area: Area, outputs: Frames, inputs: Frames, listed: Iterable[Indicator]
) -> dict[Document, bytes]:
    """Return the report by language and format.

    `outputs` are the frames of the run (`indicators` and `worst_places` among them), `inputs` those
    it was computed from.
    """
    lines = lines_of(outputs["indicators"], outputs["worst_places"], listed)
    report = Report(run, lines, pictures(area, outputs, inputs))
    made: dict[Document, bytes] = {}
    for language in LANGUAGES:
        said = content(report, language)
        made[language, "html"] = html.render(said).encode()
        made[language, "pdf"] = pdf.render(said)
    return made


def lines_of(
    rows: gpd.GeoDataFrame, places: gpd.GeoDataFrame, listed: Iterable[Indicator]
) -> tuple[Line, ...]:
    """Return the lines of a scorecard from the rows of its layers."""
    by_key = {(one.code, one.part): one for one in listed}
    worst = _worst(places)
    return tuple(
        _line(row, by_key[str(row["code"]), int(row["part"])], worst)
        for row in rows.to_dict("records")
    )


def _worst(places: gpd.GeoDataFrame) -> Mapping[Key, tuple[Place, ...]]:
    found: dict[Key, list[Place]] = {}
    for row in places.sort_values("rank").to_dict("records"):
        place = Place(
            int(row["building_id"]), str(row["label"]), _number(row["value"]),
            None if pd.isna(row["residents"]) else int(row["residents"]),
        )  # fmt: skip
        found.setdefault((str(row["code"]), int(row["part"])), []).append(place)
    return {key: tuple(rows) for key, rows in found.items()}


def _line(row: Mapping[str, Any], indicator: Indicator, worst: Mapping[Key, Any]) -> Line:
    value = _number(row["value"])
    deficit = row["deficit_persons"]
    day = row["data_date"]
    why = None
    if value is None:
        why = Text(be=row["reason_be"], ru=row["reason_ru"], en=row["reason_en"])
    figure = Figure(
        value=value,
        reason=why,
        deficit_persons=None if pd.isna(deficit) else int(deficit),
        children=_number(row["children"]),
        elderly=_number(row["elderly"]),
        share_near_limit=_number(row["share_near_limit"]),
        target=_number(row["target"]),
        threshold=_number(row["threshold"]),
        threshold_unit="" if pd.isna(row["threshold_unit"]) else str(row["threshold_unit"]),
        worst=worst.get((indicator.code, indicator.part), ()),
        method="" if pd.isna(row["method"]) else str(row["method"]),
        data_date=None if pd.isna(day) else pd.Timestamp(day).date(),
    )
    return Line(indicator, figure, _number(row["previous"]))


def _number(figure: Any) -> float | None:
    return None if pd.isna(figure) else float(figure)
