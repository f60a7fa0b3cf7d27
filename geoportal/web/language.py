"""Which of the three languages an answer is in (RFC 9110 section 12.5.4, RFC 4647 lookup)."""

from __future__ import annotations

from functools import lru_cache

from layers.model import LANGUAGES, Language

DEFAULT: Language = "ru"
"""Used when a caller states no preference that we can meet; names in the sources are Russian."""

MOST_RANGES = 50
"""Language ranges read from one header; what follows is ignored, so a huge header costs nothing."""

_BY_TAG: dict[str, Language] = {language: language for language in LANGUAGES}


def match(tag: str) -> Language | None:
    """Return our language for a tag such as `be`, `be-BY` or `RU_ru`, or None."""
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return _BY_TAG.get(primary)


def negotiate(query_lang: str | None, accept_language: str | None) -> Language | None:
    """Return the language of an answer.

    `?lang=` wins over the header. None means that `?lang=` names a language which we do not have
    (the caller answers 400); a header never fails: malformed parts of it are passed over.
    """
    if query_lang is not None:
        return match(query_lang) if len(query_lang) <= 35 else None
    return _preferred(accept_language or "")


@lru_cache(maxsize=256)
def _preferred(header: str) -> Language:
    best: Language = DEFAULT
    best_quality = 0.0
    # A header of 64 kB is cut before it is split: 50 ranges never need more than 4,000 characters.
    for part in header[:4000].split(",")[:MOST_RANGES]:
        tag, _, parameters = part.partition(";")
        language = DEFAULT if tag.strip() == "*" else match(tag)
        quality = _quality(parameters)
        if language is not None and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if not name.strip():
        return 1.0
    try:
        quality = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
