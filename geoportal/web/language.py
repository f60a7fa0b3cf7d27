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
    ranges: list[tuple[str, float]] = []
    # A header of 64 kB is cut before it is split: 50 ranges never need more than 4,000 characters.
    for part in header[:4000].split(",")[:MOST_RANGES]:
        tag, _, parameters = part.partition(";")
        quality = _quality(parameters)
        if quality is not None:
            ranges.append((tag.strip(), quality))
    # `*` is every language that no other range names, so `ru;q=0, *` is anything but Russian.
    named = {match(tag) for tag, _ in ranges}
    other = next((one for one in (DEFAULT, *LANGUAGES) if one not in named), None)
    best, best_quality = DEFAULT, 0.0
    for tag, quality in ranges:
        language = other if tag == "*" else match(tag)
        if language is not None and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float | None:
    """Return the weight of a range, None when it is malformed."""
    name, _, value = parameters.partition("=")
    if not name.strip():
        return 1.0
    try:
        quality = float(value) if name.strip().lower() == "q" else None
    except ValueError:
        return None
    return quality if quality is not None and 0.0 <= quality <= 1.0 else None
