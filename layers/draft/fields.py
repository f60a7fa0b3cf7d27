"""The fields of a drafted layer, and how the columns of its file become them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from layers.draft import names
from layers.draft.columns import Column
from layers.draft.survey import Survey
from layers.ingest.vector.mapping import FieldMapping
from layers.ingest.vector.values import folded
from layers.metadata.record import Record, Words
from layers.model import Code, Field, Role, Text

UNSAID = Words()

IN_TILE = 8
"""How many fields the tiles carry at first: enough to style by, small enough to send."""


@dataclass(frozen=True)
class Drafted:
    """The fields with where each comes from; `key` tells features apart, None = nothing does.

    `ignored` are the columns without a value or of bytes.
    """

    fields: tuple[Field, ...]
    origins: dict[str, FieldMapping]
    key: str | None
    ignored: tuple[str, ...]


def draft_fields(survey: Survey, record: Record, *, national: bool) -> Drafted:
    """Return the fields that the columns of a file make; titles and units as its metadata say."""
    columns = list(survey.columns.values())
    used = [one for one in columns if one.count and not one.binary]
    ignored = tuple(one.name for one in columns if not one.count or one.binary)
    soato = None if national else next((c for c in used if c.name.lower() == "soato"), None)
    used = [one for one in used if one is not soato]
    by_name: dict[str, Column] = {}
    for column in used:
        by_name[names.field_name(column.name, by_name)] = column
    roles = _roles(by_name)
    in_tile = _in_tile(by_name, roles)
    fields, origins = [], {}
    for name, column in by_name.items():
        codes = {} if roles.get(name) == "title" else _codes(column)
        fields.append(_field(name, column, record, roles.get(name), codes))
        # A code that stands in the file as it is needs no mapping.
        renamed = {said: value for said, value in codes.items() if said != value}
        origins[name] = FieldMapping.model_validate({"from": column.name, "codes": renamed})
    fields = [f.model_copy(update={"in_tile": f.name in in_tile}) for f in fields]
    if soato is not None:
        origins["soato"] = FieldMapping.model_validate({"from": soato.name})
    key = next((name for name, one in by_name.items() if one.is_key(survey.rows)), None)
    return Drafted(tuple(fields) or (_NAMELESS,), origins, key, ignored)


_NAMELESS = Field(
    name="name", type="string", title=Text(be="Назва", ru="Название", en="Name"), role="title"
)
"""The one field of a layer whose file has nothing but places."""


def _field(
    name: str, column: Column, record: Record, role: Role | None, codes: dict[str, str]
) -> Field:
    said = next((one for one in record.fields if one.name in (column.name, name)), None)
    title = " ".join(column.name.replace("_", " ").split()) or name
    titles: dict[str, str] = {}
    for text, value in codes.items():
        titles.setdefault(value, text)
    number = column.type in ("integer", "number")
    unit = (said.unit if said and said.unit else names.unit(column.name)) if number else None
    return Field(
        name=name,
        type=column.type,
        title=_text(title, said.title if said else UNSAID),
        unit=unit,
        role=role,
        codes=tuple(Code(value=value, title=_text(text)) for value, text in titles.items()),
    )


def _text(otherwise: str, said: Words = UNSAID) -> Text:
    return Text(be=said.be or otherwise, ru=said.ru or otherwise, en=said.en or otherwise)


def _codes(column: Column) -> dict[str, str]:
    """Return text of the source -> value of the code list; texts that a load takes as one are."""
    values: dict[str, str] = {}
    for said in column.codes:
        if folded(said) not in values:
            values[folded(said)] = names.code_value(said, set(values.values()))
    return {said: values[folded(said)] for said in column.codes}


def _roles(by_name: dict[str, Column]) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    texts = [name for name, one in by_name.items() if one.type == "string"]
    ranked = [(rank, name) for name in texts
              if (rank := names.title_rank(by_name[name].name)) is not None]  # fmt: skip
    free = [name for name in texts if not by_name[name].codes and not by_name[name].keys]
    if ranked:
        roles[min(ranked)[1]] = "title"
    elif free:
        roles[free[0]] = "title"
    days = [name for name, one in by_name.items() if one.type in ("date", "datetime")]
    ends = {names.interval_end(by_name[name].name): name for name in reversed(days)}
    if "start" in ends and "end" in ends:
        roles[ends["start"]] = "primary-interval-start"
        roles[ends["end"]] = "primary-interval-end"
    elif days:
        roles[days[0]] = "primary-instant"
    return roles


def _in_tile(by_name: dict[str, Column], roles: dict[str, Role]) -> set[str]:
    first = [name for name in by_name if roles.get(name) == "title" or by_name[name].codes]
    return set(_first([*first, *by_name], IN_TILE))


def _first(values: Iterable[str], most: int) -> list[str]:
    return list(dict.fromkeys(values))[:most]
