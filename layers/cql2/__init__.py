"""CQL2 (OGC 21-065r2) as a value: text or JSON in, one frozen tree, parameterised SQL out.

`parse_text` and `parse_json` read, `write_text` and `write_json` write, `check` looks at the types
over a layer's fields, `compile` makes the SQL. What is wrong raises `layers.errors.BadFilter` or
`UnknownField`, with reason and place. The module runs nothing and knows no network.
"""

from layers.cql2.draft import parse_draft
from layers.cql2.functions import FUNCTIONS, Argument, FunctionInfo
from layers.cql2.json import parse_document, parse_json
from layers.cql2.limits import (
    MAX_DEPTH,
    MAX_JSON_BYTES,
    MAX_NODES,
    MAX_TEXT_BYTES,
    MAX_VERTICES,
)
from layers.cql2.sql import compile
from layers.cql2.text import parse_text
from layers.cql2.tree import Expression, properties, walk
from layers.cql2.types import check
from layers.cql2.write import write_json, write_text

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
    for name in (
        "cql2-text",
        "cql2-json",
        "basic-cql2",
        "advanced-comparison-operators",
        "case-insensitive-comparison",
        "accent-insensitive-comparison",
        "basic-spatial-functions",
        "basic-spatial-functions-plus",
        "spatial-functions",
        "temporal-functions",
        "array-functions",
        "property-property",
        "functions",
        "arithmetic",
    )
)
"""The conformance classes this reader and this SQL meet."""

__all__ = [
    "CONFORMANCE",
    "FUNCTIONS",
    "MAX_DEPTH",
    "MAX_JSON_BYTES",
    "MAX_NODES",
    "MAX_TEXT_BYTES",
    "MAX_VERTICES",
    "Argument",
    "Expression",
    "FunctionInfo",
    "check",
    "compile",
    "parse_document",
    "parse_draft",
    "parse_json",
    "parse_text",
    "properties",
    "walk",
    "write_json",
    "write_text",
]
