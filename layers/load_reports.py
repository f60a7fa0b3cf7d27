"""The query for the reports of loads of files. Runs nothing."""

from __future__ import annotations

from layers.query import Query


def asked(layer: str | None = None, area: str | None = None) -> Query:
    """Return the query for reports, the newest first, each the text of a JSON object.

    None = of every layer, of every area.
    """
    return Query(
        "SELECT report::text FROM layers.load_report"
        " WHERE (%(layer)s::text IS NULL OR layer = %(layer)s::text)"
        " AND (%(area)s::text IS NULL OR area = %(area)s::text) ORDER BY number DESC",
        {"layer": layer, "area": area},
    )
