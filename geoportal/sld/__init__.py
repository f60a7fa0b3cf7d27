"""Styles as OGC SLD 1.0 and 1.1 (Symbology Encoding), for QGIS and other desktop GIS."""
