"""The OpenAPI document turned into what its page shows: operations by tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def operations_by_tag(document: Mapping[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Return (tag, description, operations) in the document's order of tags.

    References to parameters and responses inside the document are followed; one that leads nowhere
    is left out.
    """
    described = {
        tag.get("name", ""): tag.get("description", "") for tag in document.get("tags") or ()
    }
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in described}
    for operation in _operations(document):
        groups.setdefault(operation["tag"], []).append(operation)
    return [(tag, described.get(tag, ""), found) for tag, found in groups.items() if found]


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, item in (document.get("paths") or {}).items():
        shared = item.get("parameters") or []
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            yield {
                "path": path,
                "method": method.upper(),
                "tag": (operation.get("tags") or [""])[0],
                "id": operation.get("operationId", ""),
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "parameters": _resolved(document, [*shared, *(operation.get("parameters") or [])]),
                "responses": _responses(document, operation.get("responses") or {}),
            }


def _resolved(document: Mapping[str, Any], given: list[Any]) -> list[Mapping[str, Any]]:
    found = [resolve(document, one) for one in given]
    return [one for one in found if one.get("name")]


def _responses(document: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(status): str(resolve(document, one).get("description", ""))
        for status, one in given.items()
    }


def resolve(document: Mapping[str, Any], given: Any) -> Mapping[str, Any]:
    """Return an object, or what its `$ref` into the document points to (at most four steps)."""
    for _ in range(4):
        if not isinstance(given, Mapping):
            return {}
        reference = given.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return given
        found: Any = document
        for part in reference[2:].split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        given = found
    return {}
