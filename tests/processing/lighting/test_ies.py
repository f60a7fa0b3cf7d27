"""Luminaire files: the published fluxes, what scales the intensity, and what is refused."""

import os
from pathlib import Path

import numpy as np
import pytest

from processing.errors import BadPhotometry
from processing.lighting.ies import parse

PUBLISHED_LM = (9217.18, 5834.2, 13359.57, 5821.76, 753.8, 9230.16, 531.98, 828.32)
"""Total flux printed by Lighting Analysts' Photometric Toolbox for eight files of RAB Lighting, as
listed in `ies_summary.md` of echowuzangye/CU-calculations-based-on-IES-file (78b6bd9a)."""

DOWNLIGHT_CD = (
    269, 268, 266, 264, 260, 256, 251, 245, 237, 229, 221, 211, 200, 189, 177, 165, 152, 140, 127,
    114, 102, 90, 79, 68, 58, 48, 39, 31, 24, 17, 12, 8, 6, 4, 3, 1, 0,
)  # fmt: skip
"""Intensity of the seventh of them every 2.5 degrees, the same all round."""


def text(
    *,
    first="IESNA:LM-63-2002",
    tilt="NONE",
    head="1 -1 1 3 1 1 2 0.1 0.1 0",
    factors="1 1 50",
    gamma="0 45 90",
    c="0",
    candela="100 80 0",
):
    start = f"{first}\n" if first else ""
    return f"{start}[TEST]x\nTILT={tilt}\n{head}\n{factors}\n{gamma}\n{c}\n{candela}\n"


@pytest.mark.parametrize("number", range(1, 9))
def test_the_published_flux_of_a_file(number):
    folder = os.environ.get("GEOPORTAL_REFERENCE_DIR")
    if not folder:
        pytest.skip("GEOPORTAL_REFERENCE_DIR is not set")
    file = Path(folder) / "ies-photometry" / f"{number}.IES"
    assert round(parse(file.read_text("latin-1")).flux_lm, 2) == PUBLISHED_LM[number - 1]


def test_the_published_flux_of_a_downlight():
    gamma = " ".join(str(2.5 * i) for i in range(37))
    candela = " ".join(map(str, DOWNLIGHT_CD))
    found = parse(text(head="24 -1 1 37 1 1 1 -0.45 -0.45 0", gamma=gamma, candela=candela))
    assert round(found.flux_lm, 2) == PUBLISHED_LM[6]


@pytest.mark.parametrize(
    ("first", "factor"),
    [
        ("", 2 * 0.9 * 0.8),
        ("IESNA91", 2 * 0.9 * 0.8),
        ("IESNA:LM-63-1995", 2 * 0.9),
        ("IESNA:LM-63-2002", 2 * 0.9),
        ("IES:LM-63-2019", 2 * 0.9),
    ],
)
def test_multiplier_and_ballast_factors_by_edition(first, factor):
    found = parse(text(first=first, head="1 -1 2 3 1 1 2 0 0 0", factors="0.9 0.8 50"))
    assert found.intensity_cd[0].tolist() == pytest.approx([100 * factor, 80 * factor, 0])
    assert found.power_w == 50


def test_relative_photometry_follows_the_lamp_and_absolute_does_not():
    relative = text(head="2 1000 1 3 1 1 2 0 0 0")
    assert parse(relative, lamp_flux_lm=1500).flux_lm == pytest.approx(
        1.5 * parse(relative).flux_lm
    )
    with pytest.raises(BadPhotometry, match="absolute"):
        parse(text(), lamp_flux_lm=1500)
    with pytest.raises(BadPhotometry, match="lamp_flux_lm is -5"):
        parse(relative, lamp_flux_lm=-5)


def test_an_included_tilt_changes_the_flux():
    found = parse(text(tilt="INCLUDE\n1\n3\n0 30 60\n1 0.9 0.7"))
    assert [found.flux_factor(a) for a in (0, 15, -30, 90)] == pytest.approx([1, 0.95, 0.9, 0.7])
    assert parse(text()).flux_factor(30) == 1


@pytest.mark.parametrize(
    ("c", "planes"), [("0", 2), ("0 45 90", 9), ("0 90 180", 5), ("0 90 180 270 360", 5)]
)
def test_symmetries_give_the_whole_round(c, planes):
    count = len(c.split())
    rows = "\n".join(f"{100 + i} 80 0" for i in range(count))
    found = parse(text(head=f"1 -1 1 3 {count} 1 2 0 0 0", c=c, candela=rows))
    assert (found.c_deg[0], found.c_deg[-1], len(found.c_deg)) == (0, 360, planes)
    assert (np.diff(found.c_deg) > 0).all()
    if count < 5:
        assert (found.intensity_cd == found.intensity_cd[::-1]).all()  # a mirror of itself


def test_numbers_may_be_wrapped_and_divided_by_commas():
    spread = text(gamma="0,45\n90", candela="100,\n80\n\n0").replace("\n", "\r\n")
    assert parse(spread).flux_lm == parse(text()).flux_lm


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("", "no TILT= line"),
        ("IESNA:LM-63-2002\n[TEST]", "no TILT= line"),
        (text(tilt="lamp.til"), "TILT=LAMP.TIL is in another file"),
        (text(candela="100 80"), "cut short: candela values: 2 of 3"),
        (text()[: text().index("1 -1")], "cut short: number of lamps"),
        (text(candela="100 80 0 0"), "1 values follow"),
        (text(candela="100 eighty 0"), "'eighty' is no number"),
        (text(candela="100 nan 0"), "infinite or no number"),
        (text(candela="100 -80 0"), "negative"),
        (text(gamma="0 45 45"), "vertical angles do not ascend"),
        (text(gamma="0 45 80"), "vertical angles run from 0 to 80"),
        (text(c="30"), "horizontal angles run from 30 to 30"),
        (text(head="1 -1 1 3 1 2 2 0 0 0"), "photometric type 2"),
        (text(head="1 -1 1 3.5 1 1 2 0 0 0"), "number of vertical angles is 3.5"),
        (text(head="1 -1 1 999999999 1 1 2 0 0 0"), "number of vertical angles"),
        (text(head="1 -1 0 3 1 1 2 0 0 0"), "factors is 0"),
        (text(head="0 -1 1 3 1 1 2 0 0 0"), "number of lamps is 0"),
        (text(head="1 -2 1 3 1 1 2 0 0 0"), "lumens per lamp is -2"),
        (text(tilt="INCLUDE\n1\n2\n30 0\n1 1"), "tilt angles do not ascend"),
    ],
)
def test_a_file_cut_short_or_malformed_is_named(broken, said):
    with pytest.raises(BadPhotometry, match=said):
        parse(broken)


@pytest.mark.parametrize("kept", range(0, len(text()) - 8, 7))
def test_no_beginning_of_a_file_passes_for_the_whole(kept):
    with pytest.raises(BadPhotometry):
        parse(text()[:kept])
