"""The frozen values of what metadata say about one data set, whatever the form they are kept in."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal, Self

from layers.model import LANGUAGES, Access, Field, Language, Licence, Text, Theme

Representation = Literal["vector", "grid"]

TOPICS: dict[Theme, str] = {
    "base": "imageryBaseMapsEarthCover",
    "planning": "planningCadastre",
    "environment": "environment",
    "infrastructure": "utilitiesCommunication",
    "services": "society",
    "results": "planningCadastre",
}
"""The topic category (ISO 19115, MD_TopicCategoryCode) of our themes."""

_BELARUSIAN = re.compile("[ўі]", re.I)
_CYRILLIC = re.compile("[а-яё]", re.I)


@dataclass(frozen=True, slots=True)
class Words:
    """One text in those of the three languages in which it is said; empty = not said."""

    be: str = ""
    ru: str = ""
    en: str = ""

    def __bool__(self) -> bool:
        return bool(self.be or self.ru or self.en)

    def get(self, language: Language) -> str:
        """Return the text in a language, else in the nearest in which it is said."""
        order = {"be": ("be", "ru", "en"), "ru": ("ru", "be", "en"), "en": ("en", "ru", "be")}
        return next((found for one in order[language] if (found := getattr(self, one))), "")

    def said(self) -> dict[Language, str]:
        """Return the languages in which it is said, with the text."""
        return {one: text for one in LANGUAGES if (text := getattr(self, one))}

    @classmethod
    def of(cls, text: Text | None) -> Self:
        """Make one of a layer's text."""
        if text is None:
            return cls()
        return cls(*(" ".join(text.get(one).split()) for one in LANGUAGES))

    @classmethod
    def found(cls, text: str, language: str | None = None) -> Self:
        """Make one of a text whose language is told by its letters when nobody says it."""
        text = " ".join(text.split())
        return cls(**{language if language in LANGUAGES else _told(text): text})


def _told(text: str) -> Language:
    if _BELARUSIAN.search(text):
        return "be"
    return "ru" if _CYRILLIC.search(text) else "en"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field; `type` as the layers name it, `unit` a UCUM code."""

    name: str
    type: str
    title: Words
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    @classmethod
    def of(cls, field: Field) -> Self:
        """Make one of a layer's field."""
        title = Words.of(field.title)
        return cls(field.name, field.type, title, field.unit, field.minimum, field.maximum)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Where the data are got: a file or an address of the API."""

    url: str
    title: str
    media_type: str = ""
    download: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a data set; whatever is unknown is empty or None.

    `bbox` west, south, east, north in degrees (CRS84); `crs` names of reference systems (URI or
    `EPSG:n`); `update_period` as in layer.yml; times in UTC. `topics` are topic categories of
    ISO 19115; `schema_url` leads to the definition of the fields.
    """

    id: str = ""
    title: Words = Words()
    abstract: Words = Words()
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    supplier: Words = Words()
    supplier_url: str | None = None
    email: str | None = None
    publisher: Words = Words()
    publisher_url: str | None = None
    licence: Licence | None = None
    attribution: str | None = None
    access: Access | None = None
    legal_basis: Words = Words()
    status: str | None = None
    created: dt.datetime | None = None
    issued: dt.datetime | None = None
    modified: dt.datetime | None = None
    time_start: dt.datetime | None = None
    time_end: dt.datetime | None = None
    update_period: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    crs: tuple[str, ...] = ()
    lineage: Words = Words()
    representation: Representation | None = None
    geometry: str | None = None
    row_count: int | None = None
    fields: tuple[Attribute, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    schema_url: str | None = None
