"""Antennas of base stations as the models take them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from processing.radio import stations


def antennas(*places: tuple[float, float], **columns: object) -> gpd.GeoDataFrame:
    """Sectors of LTE in the metric CRS of Orsha."""
    frame = gpd.GeoDataFrame(
        {"technology": ["lte"] * len(places), **columns}, geometry=shapely.points(places), crs=4326
    )
    return frame.to_crs(32636)


def test_azimuths_count_from_true_north():
    """At Orsha true north lies 2.1 degrees off the grid north of zone 36, at its meridian none."""
    frame = antennas((30.42, 54.5), (33.0, 54.5), azimuth_deg=[0.0, 120.0])
    (found,) = stations.mobile(frame, vertical_beamwidth_deg=10.0)
    # Meridian convergence: (lon - 33) sin(lat).
    turned = 2.58 * np.sin(np.radians(54.5))
    assert found.stations.azimuth_deg == pytest.approx([turned, 120.0], abs=0.02)


def test_an_antenna_without_azimuth_sends_all_round():
    (found,) = stations.mobile(antennas((30.42, 54.5)), vertical_beamwidth_deg=10.0)
    assert np.isnan(found.stations.azimuth_deg).all()
