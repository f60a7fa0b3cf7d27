"""The figures of street lighting: shares, walks, energy, outages, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from processing.lighting import sections, walking
from processing.lighting.classes import BELOW, LIT, NO_CLASS, NOT_COMPUTABLE, Verdict
from processing.lighting.grid import Bools, Floats
from processing.lighting.illuminance import remainder_share
from processing.lighting.scene import FAULT, WORKING, Lights
from processing.lighting.sections import Judged, Place
from processing.lighting.walking import LitWalks, Walkers

VERDICTS = (LIT, BELOW, NOT_COMPUTABLE, NO_CLASS)
MOST_CABINETS = 10
_PEOPLE = ("residents", "residents_lit", "length_person_m", "lit_person_m", "below_person_m")


def figures(
    place: Place, walkers: Walkers | None, judged: Judged, dark: Bools, burning_h: float
) -> dict[str, Any]:
    """Return the main numbers; a share is None where nothing could be judged."""
    lights = place.lights
    walks = None if walkers is None else _walks(walking.lit(walkers, place.parts, judged))
    energy = _energy(lights, dark, burning_h)
    lit_m, kwh = judged.length_m(LIT), energy["kwh_per_year"]
    per_km = None if kwh is None else _ratio(kwh * 1000.0, lit_m, decimals=1)
    return {
        "length_m": {verdict: round(judged.length_m(verdict), 1) for verdict in VERDICTS},
        "share_lit": _share(judged, judged.verdict),
        "share_lit_if_unknown_work": _share(judged, judged.if_unknown_work),
        "share_judged": _ratio(
            lit_m + judged.length_m(BELOW),
            float(judged.cut.length_m.sum()) - judged.length_m(NO_CLASS),
        ),
        "classes": _by_class(judged),
        "walks": walks,
        "energy": energy | {"kwh_per_lit_km": per_km},
    }


def outage(
    place: Place, walkers: Walkers | None, before: Judged, after: Judged, dark: Bools
) -> dict[str, Any]:
    """Return what changes when the dark cabinets fail: before, after and difference."""
    both = {"before": before, "after": after}
    residents = None
    if walkers is not None and not np.isnan(walkers.residents).all():
        residents = _compared(
            {name: walking.lit(walkers, place.parts, s).residents_lit for name, s in both.items()}
        )
    return {
        "lamps": int((dark & (place.lights.state == WORKING)).sum()),
        "lit_m": _compared({name: state.length_m(LIT) for name, state in both.items()}),
        "residents_lit": residents,
    }


def cabinets(place: Place, before: Judged) -> list[dict[str, Any]]:
    """Return the cabinets whose outage would darken most street, the worst first (at most ten)."""
    found = []
    for cabinet in sorted({name for name in place.lights.cabinet if name is not None}):
        fed = place.lights.cabinet == cabinet
        lost_m = round(sections.lost_m(place, before, fed), 1)
        found.append({"cabinet": cabinet, "lamps": int(fed.sum()), "lit_length_lost_m": lost_m})
    found.sort(key=lambda row: (-row["lit_length_lost_m"], row["cabinet"]))
    return found[:MOST_CABINETS]


def quality(place: Place, cutoff_heights: float) -> dict[str, Any]:
    """Say what was left out, derived or unknown."""
    lights = place.lights
    reasons = Counter(reason for reason in lights.fault.tolist() if reason)
    return {
        "lamps": len(lights.ids),
        "lamps_working": int((lights.state == WORKING).sum()),
        "lamps_faulty": int((lights.state == FAULT).sum()),
        "lamps_of_unknown_state": int((~np.isin(lights.state, (WORKING, FAULT))).sum()),
        "lamps_not_computable": dict(sorted(reasons.items())),
        "lamps_without_power_known": int(np.isnan(lights.power_w).sum()),
        "lamps_off_any_street": len(lights.ids) - len(lights.rows.street),
        "azimuths_derived": lights.azimuths_derived,
        "streets_without_width": int(np.isnan(place.parts.width_m).sum()),
        "sections": len(place.cut.street),
        "sections_on_spans": int(place.cut.span.sum()),
        "points": len(place.points),
        "cutoff_heights": cutoff_heights,
        "cutoff_remainder_share": _remainder(place, cutoff_heights),
    }


def fed_by(lights: Lights, cabinets_: Sequence[str]) -> Bools:
    """Tell which lamps are fed by one of the cabinets."""
    return np.array([cabinet in cabinets_ for cabinet in lights.cabinet.tolist()], dtype=bool)


def _energy(lights: Lights, dark: Bools, burning_h: float) -> dict[str, Any]:
    """Energy of the lamps that burn, in kWh a year; None where it is known of no lamp."""
    burning = (lights.state == WORKING) & ~dark
    power_w = lights.power_w[burning]
    told = ~np.isnan(power_w)
    unknown = not told.all() or not np.isin(lights.state[~dark], (WORKING, FAULT)).all()
    kwh = round(float(power_w[told].sum()) * burning_h / 1000.0, 1)
    return {
        "burning_h": burning_h,
        "kwh_per_year": None if unknown and not told.any() else kwh,
        "lamps": int(burning.sum()),
        "lamps_without_power_known": int((~told).sum()),
    }


def _by_class(judged: Judged) -> list[dict[str, Any]]:
    names = np.array([name or "none" for name in judged.asked], dtype=object)
    rows = []
    for name in sorted(set(names.tolist())):
        here = names == name
        row = {"lighting_class": name}
        for verdict in VERDICTS:
            length = judged.cut.length_m[here & (judged.verdict.verdict == verdict)]
            row[f"{verdict}_m"] = round(float(length.sum()), 1)
        rows.append(row)
    return rows


def _walks(walks: LitWalks) -> dict[str, Any]:
    rounded = {
        name: round(value, 1) if isinstance(value, float) else value
        for name, value in asdict(walks).items()
    }
    if not walks.residents:  # of no home with a walk they are known
        rounded |= dict.fromkeys(_PEOPLE)
    return rounded | {
        "share_lit": None if walks.share_lit is None else round(walks.share_lit, 6),
        "share_residents_lit": _ratio(walks.residents_lit, walks.residents),
    }


def _remainder(place: Place, cutoff_heights: float) -> float | None:
    """Largest share of a lamp's light that falls beyond its cut-off radius."""
    lamps = place.lights.lamps
    kinds = sorted(set(zip(lamps.luminaire.tolist(), lamps.tilt_deg.tolist(), strict=True)))
    shares = [
        remainder_share(place.luminaires[k], tilt_deg=tilt, cutoff_heights=cutoff_heights)
        for k, tilt in kinds
    ]
    return round(max(shares), 6) if shares else None


def _share(judged: Judged, verdict: Verdict) -> float | None:
    length: Floats = judged.cut.length_m
    lit_m, below_m = (float(length[verdict.verdict == v].sum()) for v in (LIT, BELOW))
    return _ratio(lit_m, lit_m + below_m)


def _ratio(part: float, whole: float, *, decimals: int = 6) -> float | None:
    return round(part / whole, decimals) if whole > 0 else None


def _compared(values: Mapping[str, float]) -> dict[str, float]:
    rounded = {name: round(value, 1) for name, value in values.items()}
    return rounded | {"difference": round(values["after"] - values["before"], 1)}
