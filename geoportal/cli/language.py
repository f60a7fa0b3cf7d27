"""The language of the command line: what the shell's locale names, English otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping

from layers.message import why
from layers.model import LANGUAGES, Language

VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""What a shell says its language in, the first one that is set (POSIX)."""


def language(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the language of `be_BY.UTF-8` and the like; English for what is not spoken here."""
    named = next((value for name in VARIABLES if (value := environment.get(name))), "")
    short = named.partition(".")[0].partition("_")[0].lower()
    return next((one for one in LANGUAGES if one == short), "en")


def words(error: Exception) -> str:
    """Return what an error says: in the language of the shell where it is told in several."""
    return why(error).text(language())
