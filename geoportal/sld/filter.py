"""Conditions as OGC Filter Encoding 1.0/1.1, the part that SLD has in common with both."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from geoportal.sld.domain import ANY, Domain, Where
from geoportal.sld.outcomes import Untellable

OGC = "http://www.opengis.net/ogc"

_COMPARISONS = {
    "==": "PropertyIsEqualTo", "!=": "PropertyIsNotEqualTo", "<": "PropertyIsLessThan",
    "<=": "PropertyIsLessThanOrEqualTo", ">": "PropertyIsGreaterThan",
    ">=": "PropertyIsGreaterThanOrEqualTo",
}  # fmt: skip


def filter_element(where: Where, condition: Any) -> Element | None:
    """Return ogc:Filter; None when everything passes. Raises Untellable."""
    parts = [_domain(name, domain) for name, domain in where]
    if condition is not True:
        parts.append(_condition(condition))
    if not parts:
        return None
    found = Element(f"{{{OGC}}}Filter")
    found.append(_joined("And", parts))
    return found


def _joined(operator: str, parts: list[Element]) -> Element:
    if len(parts) == 1:
        return parts[0]
    found = Element(f"{{{OGC}}}{operator}")
    found.extend(parts)
    return found


def _not(part: Element) -> Element:
    found = Element(f"{{{OGC}}}Not")
    found.append(part)
    return found


def _null(name: str) -> Element:
    found = Element(f"{{{OGC}}}PropertyIsNull")
    found.append(_name(name))
    return found


def _name(name: str) -> Element:
    found = Element(f"{{{OGC}}}PropertyName")
    found.text = name
    return found


def _compare(operator: str, name: str, value: Any) -> Element:
    found = Element(f"{{{OGC}}}{_COMPARISONS[operator]}")
    found.append(_name(name))
    literal = Element(f"{{{OGC}}}Literal")
    literal.text = _text(value)
    found.append(literal)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _domain(name: str, domain: Domain) -> Element:
    if not domain.some:
        return _null(name)
    if domain.values is not None:
        values = sorted(domain.values, key=str)
        parts = [_compare("==", name, value) for value in values]
        return _joined("Or", [*parts, *([_null(name)] if domain.null else [])])
    parts = [_compare("!=", name, value) for value in sorted(domain.but, key=str)]
    if domain.low is not None:
        parts.append(_compare(">=", name, domain.low))
    if domain.high is not None:
        parts.append(_compare("<", name, domain.high))
    if domain == Domain(null=False):
        return _not(_null(name))
    found = _joined("And", parts)
    # A comparison with no value is neither true nor false, so it must be said.
    return _joined("Or", [found, _null(name)]) if domain.null and domain != ANY else found


def _condition(expression: Any) -> Element:
    """Return a filter of a style layer; the null of a field is unequal to everything, as there."""
    head, *parts = expression if isinstance(expression, list) else [expression]
    if head in ("all", "any"):
        return _joined("And" if head == "all" else "Or", [_condition(part) for part in parts])
    if head == "!":
        return _not(_condition(parts[0]))
    if head == "has":
        return _not(_null(str(parts[0])))
    if head == "get":
        return _compare("==", str(parts[0]), True)
    if head == "in" and isinstance(parts[1], list) and parts[1][0] == "literal":
        name = _field(parts[0])
        return _joined("Or", [_compare("==", name, value) for value in parts[1][1]])
    if head in _COMPARISONS and not isinstance(parts[1], list):
        name = _field(parts[0])
        found = _compare(head, name, parts[1])
        return _joined("Or", [found, _null(name)]) if head == "!=" else found
    raise Untellable(f"a filter with {head!r}")


def _field(expression: Any) -> str:
    if isinstance(expression, list) and expression[0] == "get":
        return str(expression[1])
    raise Untellable("a filter over a formula")
