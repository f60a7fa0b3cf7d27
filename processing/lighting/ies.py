"""Luminaire files of IESNA LM-63 (1986, 1991, 1995, 2002): text in, luminaire out.

Intensity in candela = the file's values x candela multiplier x ballast factor, and in files of
1986 and 1991 x ballast-lamp photometric factor (later editions keep that place for the future).
"""

from __future__ import annotations

import re

import numpy as np

from processing.errors import BadPhotometry
from processing.lighting.luminaire import Floats, Luminaire, from_planes

_SEPARATOR = re.compile(r"[\s,]+")
_TYPE_C = 1
_MOST_ANGLES = 1_000
_WITH_LAMP_FACTOR = ("1986", "1991")
_EDITIONS = {
    "IESNA91": "1991",
    "IESNA:LM-63-1991": "1991",
    "IESNA:LM-63-1995": "1995",
    "IESNA:LM-63-2002": "2002",
}


def parse(text: str, *, lamp_flux_lm: float | None = None) -> Luminaire:
    """Return the luminaire that the text of an LM-63 file describes.

    `lamp_flux_lm` is the rated flux of each lamp that really burns in it, in lumen; a file of
    relative photometry is scaled by it against the rated flux that the file names, one of absolute
    photometry (lumens per lamp -1) has no lamps to exchange and refuses it.

    Raises BadPhotometry for a file that is cut short, malformed, of type A or B, or of a TILT in
    another file.
    """
    edition, tilt, rest = _parts(text)
    numbers = _Numbers(rest)
    tilt_deg, tilt_factor = _tilt(tilt, numbers)
    lamps, lumens, multiplier = numbers.take(3, "number of lamps, lumens, multiplier")
    verticals, horizontals = (numbers.count(name) for name in ("vertical", "horizontal"))
    photometry, _units, *_size = numbers.take(5, "photometric type, units, luminous opening")
    if photometry != _TYPE_C:
        raise BadPhotometry(f"photometric type {photometry:g} is not read; give type C (1)")
    ballast, lamp_factor, power_w = numbers.take(3, "ballast factor, lamp factor, input watts")
    gamma_deg = numbers.take(verticals, "vertical angles")
    c_deg = numbers.take(horizontals, "horizontal angles")
    candela = numbers.take(horizontals * verticals, "candela values")
    numbers.finish()
    factor = multiplier * ballast * (lamp_factor if edition in _WITH_LAMP_FACTOR else 1.0)
    if not factor > 0:
        raise BadPhotometry(f"the product of multiplier and ballast factors is {factor:g}, not > 0")
    return from_planes(
        c_deg,
        gamma_deg,
        candela.reshape(horizontals, verticals) * factor * _relative(lamps, lumens, lamp_flux_lm),
        power_w=power_w if power_w > 0 else np.nan,
        tilt_deg=tuple(tilt_deg.tolist()),
        tilt_factor=tuple(tilt_factor.tolist()),
    )


def _relative(lamps: float, lumens: float, lamp_flux_lm: float | None) -> float:
    """Return the factor between the lamps that burn and those that the file is rated for."""
    if not lamps >= 1:
        raise BadPhotometry(f"the number of lamps is {lamps:g}; it must be at least 1")
    if lumens != -1 and not lumens > 0:
        raise BadPhotometry(f"lumens per lamp is {lumens:g}; it is > 0, or -1 (absolute)")
    if lamp_flux_lm is None:
        return 1.0
    if lumens == -1:
        raise BadPhotometry("absolute photometry has no lamp to exchange; leave lamp_flux_lm out")
    if not (lamp_flux_lm > 0 and np.isfinite(lamp_flux_lm)):
        raise BadPhotometry(f"lamp_flux_lm is {lamp_flux_lm:g}; a lamp has a flux above 0 lm")
    return float(lamp_flux_lm / lumens)


def _parts(text: str) -> tuple[str, str, str]:
    """Return edition, what TILT is, and the text after its line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff\x1a\n ").split("\n")
    at = next((i for i, line in enumerate(lines) if line.strip().upper().startswith("TILT=")), None)
    if at is None:
        raise BadPhotometry("there is no TILT= line; the file is cut short or no LM-63 file")
    # An edition later than those known is laid out like that of 2002.
    first = lines[0].strip().upper()
    edition = _EDITIONS.get(first, "2002" if first.startswith("IES") else "1986")
    tilt = lines[at].strip().partition("=")[2].strip().upper()
    return edition, tilt, "\n".join(lines[at + 1 :])


def _tilt(tilt: str, numbers: _Numbers) -> tuple[Floats, Floats]:
    """Return the tilt angles in degrees and their factors of the flux; none for TILT=NONE."""
    if tilt == "NONE":
        return np.zeros(0), np.zeros(0)
    if tilt != "INCLUDE":
        raise BadPhotometry(f"TILT={tilt[:40]} is in another file; include it (TILT=INCLUDE)")
    numbers.take(1, "lamp to luminaire geometry")
    count = numbers.count("tilt")
    angles = numbers.take(count, "tilt angles")
    factors = numbers.take(count, "tilt factors")
    if (np.diff(angles) <= 0).any() or (factors < 0).any():
        raise BadPhotometry("the tilt angles do not ascend or a tilt factor is negative")
    return angles, factors


class _Numbers:
    """The numbers after the TILT line, taken one group after the other."""

    def __init__(self, text: str) -> None:
        self._words = [word for word in _SEPARATOR.split(text) if word]
        self._at = 0

    def take(self, count: int, what: str) -> Floats:
        words = self._words[self._at : self._at + count]
        if len(words) < count:
            raise BadPhotometry(f"the file is cut short: {what}: {len(words)} of {count} there")
        self._at += count
        try:
            taken = np.array([float(word) for word in words])
        except ValueError:
            bad = next(word for word in words if not _is_number(word))
            raise BadPhotometry(f"{what}: {bad[:40]!r} is no number") from None
        if not np.isfinite(taken).all():
            raise BadPhotometry(f"{what}: a value is infinite or no number")
        return taken

    def count(self, of: str) -> int:
        (number,) = self.take(1, f"number of {of} angles")
        if number != int(number) or not 1 <= number <= _MOST_ANGLES:
            raise BadPhotometry(f"the number of {of} angles is {number:g}; 1 to {_MOST_ANGLES} fit")
        return int(number)

    def finish(self) -> None:
        left = len(self._words) - self._at
        if left:
            raise BadPhotometry(f"{left} values follow the last intensity; the counts are wrong")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
