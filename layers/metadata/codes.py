"""Words of the code lists of ISO 19115 and of DCAT-AP for what layer.yml says in its own.

Sources: ISO 19115:2003 annex B.5; the authority tables of the EU Publications Office that DCAT-AP
3.0 names.
"""

from __future__ import annotations

from layers.model import Access, Language

# Bibliographic codes of ISO 639-2, which ISO 19139 asks for, and those of the EU tables.
LANGUAGES_639: dict[Language, str] = {"be": "bel", "ru": "rus", "en": "eng"}

# Code of MD_MaintenanceFrequencyCode, code of the EU table `frequency`.
FREQUENCIES: dict[str, tuple[str, str]] = {
    "continuous": ("continual", "CONT"),
    "irregular": ("irregular", "IRREG"),
    "once": ("notPlanned", "NEVER"),
    "PT1H": ("continual", "HOURLY"),
    "P1D": ("daily", "DAILY"),
    "P1W": ("weekly", "WEEKLY"),
    "P7D": ("weekly", "WEEKLY"),
    "P2W": ("fortnightly", "BIWEEKLY"),
    "P1M": ("monthly", "MONTHLY"),
    "P3M": ("quarterly", "QUARTERLY"),
    "P6M": ("biannually", "ANNUAL_2"),
    "P1Y": ("annually", "ANNUAL"),
    "P2Y": ("asNeeded", "BIENNIAL"),
}
OTHER_FREQUENCY = ("asNeeded", "OTHER")
"""Of a period that the tables have no word for; it is written out beside."""

ISO_FREQUENCIES = {
    "continual": "continuous", "daily": "P1D", "weekly": "P1W", "fortnightly": "P2W",
    "monthly": "P1M", "quarterly": "P3M", "biannually": "P6M", "annually": "P1Y",
    "asNeeded": "irregular", "irregular": "irregular", "notPlanned": "once",
}  # fmt: skip
EU_FREQUENCIES = {code: period for period, (_, code) in reversed(FREQUENCIES.items())} | {
    "UPDATE_CONT": "continuous",
    "TRIENNIAL": "P3Y",
    "QUINQUENNIAL": "P5Y",
    "DECENNIAL": "P10Y",
}

# MD_ClassificationCode, EU table `access-right`.
ACCESSES: dict[Access, tuple[str, str]] = {
    "open": ("unclassified", "PUBLIC"),
    "internal": ("restricted", "RESTRICTED"),
    "restricted": ("confidential", "NON_PUBLIC"),
}
# MD_GeometricObjectTypeCode.
OBJECTS = {
    "Point": "point", "MultiPoint": "point", "LineString": "curve", "MultiLineString": "curve",
    "Polygon": "surface", "MultiPolygon": "surface", "Geometry": "complex",
}  # fmt: skip
