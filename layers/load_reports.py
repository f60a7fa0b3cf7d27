"""The query for the reports of loads, and what they say in words. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layers.message import from_document, message
from layers.model import Language
from layers.query import Query

_TELLING = (
    "((report #>> '{counts,read}')::bigint > 0 OR (report #>> '{counts,removed}')::bigint > 0)"
)
"""Whether a report says anything of the rows that are there: what could not be opened does not."""


def asked(
    layer: str | None = None, area: str | None = None, *, findings: int | None = None
) -> Query:
    """Return the query for reports, the newest first, each the text of a JSON object.

    None = of every layer, of every area. With `findings` only the newest report that says something
    of the rows has findings, at most so many: a page need not carry twenty times what nobody reads.
    """
    return Query(
        "SELECT (CASE WHEN %(findings)s::int IS NULL THEN report"  # noqa: S608 - a constant
        " ELSE jsonb_set(report, '{findings}', coalesce((SELECT jsonb_agg(one ORDER BY n)"
        "  FROM jsonb_array_elements(report -> 'findings') WITH ORDINALITY AS f (one, n)"
        "  WHERE place = 1 AND n <= %(findings)s::int), '[]')) END)::text"
        " FROM (SELECT report, number, row_number() OVER ("
        f"   ORDER BY {_TELLING} DESC, number DESC) AS place"
        "  FROM layers.load_report"
        "  WHERE (%(layer)s::text IS NULL OR layer = %(layer)s::text)"
        "  AND (%(area)s::text IS NULL OR area = %(area)s::text)) AS r ORDER BY number DESC",
        {"layer": layer, "area": area, "findings": findings},
    )


def newest(area: str) -> Query:
    """Return the query for the newest report of each layer of an area that tells of its rows."""
    return Query(
        "SELECT DISTINCT ON (layer) report::text FROM layers.load_report"  # noqa: S608 - a constant
        " WHERE area = %(area)s"
        f" AND {_TELLING} ORDER BY layer, number DESC",
        {"area": area},
    )


def in_words(report: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return a report with its words: `reason`, `operation`, of each finding `title` and `detail`.

    Of each fact `title`, and its value where that is told in words.

    Reports kept until 28 November 2026 have their sentences, in English, and no codes.
    """
    why = report.get("why")
    findings = [_finding(one, language) for one in report["findings"]]
    reason = from_document(why).text(language) if why else report.get("reason", "")
    facts = [_fact(one, language) for one in report.get("facts", ())]
    operation = _words(_operation(report), language)
    words = {"reason": reason, "operation": operation, "findings": findings, "facts": facts}
    return {**report, **words}


def _operation(report: Mapping[str, Any]) -> Any:
    if report["operation"] != "none: WGS 84":
        return report["operation"]
    projected = "/" in report["crs"]  # as in WGS 84 / UTM zone 36N
    return message("crs.unprojected" if projected else "crs.already").document()


def _words(kept: Any, language: Language) -> Any:
    return from_document(kept).text(language) if isinstance(kept, Mapping) else kept


def _fact(one: Mapping[str, Any], language: Language) -> dict[str, Any]:
    title = message(one["code"]).text(language)
    return {"code": one["code"], "title": title, "value": _words(one["value"], language)}


def _finding(one: Mapping[str, Any], language: Language) -> dict[str, Any]:
    said = one.get("message")
    detail = from_document(said).text(language) if said else one.get("detail", "")
    title = message(f"kind.{one['code']}").text(language)
    return {**one, "title": title, "detail": detail}
