"""Units that a source may have, as UCUM codes: what one of them is in the unit of its kind."""

from __future__ import annotations

_KINDS: tuple[dict[str, float], ...] = (
    {"m": 1, "cm": 0.01, "mm": 0.001, "dm": 0.1, "km": 1000, "[ft_i]": 0.3048},
    {"m2": 1, "cm2": 1e-4, "ar": 100, "har": 10_000, "km2": 1e6},
    {"m3": 1, "L": 1e-3, "cm3": 1e-6},
    {"g": 1, "mg": 1e-3, "ug": 1e-6, "kg": 1000, "t": 1e6},
    {"s": 1, "min": 60, "h": 3600, "d": 86_400},
    {"m/s": 1, "km/h": 1 / 3.6},
    {"W": 1, "kW": 1000, "MW": 1e6},
    {"W.h": 1, "kW.h": 1000, "MW.h": 1e6},
    {"V": 1, "kV": 1000},
    {"Hz": 1, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    {"g/m3": 1, "mg/m3": 1e-3, "ug/m3": 1e-6},
    {"1": 1, "%": 0.01, "{person}": 1, "10*3": 1000, "10*3.{person}": 1000},
    {"Pa": 1, "hPa": 100, "kPa": 1000, "mm[Hg]": 133.322},
)


def factor(source: str, target: str | None) -> float | None:
    """Return what numbers in `source` are multiplied by to be in `target` (None: a plain number).

    None when the two are not units of one kind that is known here.
    """
    wanted = target or "1"
    if source == wanted:
        return 1.0
    for kind in _KINDS:
        if source in kind and wanted in kind:
            return kind[source] / kind[wanted]
    return None
