"""Which of many have a print, a number made of their content, that another one has as well."""

from __future__ import annotations

import numpy as np


def repeated(ids: np.ndarray, prints: np.ndarray) -> np.ndarray:
    """Return the ids (n) whose print (n, whole numbers) another id has as well."""
    order = np.argsort(prints, kind="stable")
    ordered = prints[order]
    same = ordered[1:] == ordered[:-1]
    twice = np.zeros(len(prints), dtype=bool)
    twice[1:] |= same
    twice[:-1] |= same
    return np.asarray(ids[order[twice]])
