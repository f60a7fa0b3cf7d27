"""The sets that gstat is shown with, read in place from GEOPORTAL_REFERENCE_DIR."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def gstat(name: str) -> pd.DataFrame:
    """One file of the folder `gstat-meuse-sic`; skips the test when there is none."""
    folder = os.environ.get("GEOPORTAL_REFERENCE_DIR")
    if not folder:
        pytest.skip("GEOPORTAL_REFERENCE_DIR is not set")
    return pd.read_csv(Path(folder) / "gstat-meuse-sic" / name)


def places(frame: pd.DataFrame) -> np.ndarray:
    return frame[["x", "y"]].to_numpy(dtype=float)
