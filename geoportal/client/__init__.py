"""The notebook client: a geoportal's layers as GeoDataFrames, its processes, maps offline.

For analysts. The server never imports it: it needs geopandas, and folium for maps.
"""

from geoportal.client.portal import Geoportal, Outputs, Process

__all__ = ["Geoportal", "Outputs", "Process"]
