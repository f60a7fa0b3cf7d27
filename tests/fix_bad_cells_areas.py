"""Bad inputs of the other pipelines: radio, fibre, air, meters, land."""

from processing.errors import BadGeometry, BadParameter, BadValue, EmptyInput, RepeatedId
from tests.fix_bad_cells import (
    AMOUNTS,
    NO_KEYS,
    POINT,
    SIZELESS,
    Cells,
    Refused,
    Same,
    Told,
    each,
    unplaced,
)

# --- Radio ----------------------------------------------------------------------------------------

OUTDOOR, WHY = "rows/radio_coverage/outdoor", "rows/radio_coverage/reason"
SHARES = "figures/technologies/*/share_buildings_outdoor"
NO_MAST = Told({"quality/not_computable/gsm": "^no_station$"})
NO_HEIGHT = Told({"quality/buildings_without_height_known": 24,
                  "figures/technologies/*/share_residents_outdoor": None})  # fmt: skip


def nothing_heard(reason: str) -> Told:
    """No place can be computed, for one reason."""
    return Told({SHARES: None, OUTDOOR: {"not_computable"}, WHY: {reason}})


def silent(technology: str, number: int, reason: str) -> Told:
    """One technology cannot be computed."""
    return Told({
        f"figures/technologies/{number}/share_buildings_outdoor": None,
        f"figures/technologies/{number}/share_residents_indoor": None,
        f"quality/cells_not_computable/{technology}": reason,
    })  # fmt: skip


RADIO: dict[str, Cells] = {
    "buildings": {
        "no_texts": Same("no text of a building is read"),
        **each("no_columns no_numbers zeros", NO_HEIGHT),
        "one_placeless": Told({"quality/buildings": 23}),
        "one_without_size": Told({"quality/buildings": 24}),
        "far": nothing_heard("off_terrain"),
        **NO_KEYS,
    },
    "base_stations": {
        **each("absent empty placeless no_texts", NO_MAST),
        **each("no_numbers infinite", silent("gsm", 0, "power")),
        **each("zeros negative", silent("gsm", 0, "frequency")),
        "one_placeless": Told({"figures/technologies/0/stations": 2}),
        "far": silent("gsm", 0, "off_terrain"),
        **NO_KEYS,
        **POINT,
    },
    "wifi_access_points": {
        **each("absent empty placeless", Told({"quality/not_computable/wifi": "^no_station$"})),
        "no_texts": Same("a point of unknown state works"),
        **each("no_columns no_numbers infinite", silent("wifi", 1, "power")),
        **each("zeros negative", silent("wifi", 1, "power|frequency")),
        "one_placeless": Told({"figures/technologies/1/stations": 1}),
        "far": silent("wifi", 1, "off_terrain"),
        **NO_KEYS,
        **POINT,
    },
    "lorawan_gateways": {
        **each(
            "absent empty placeless one_placeless",
            Told({"quality/not_computable/lorawan": "^no_station$"}),
        ),
        "no_texts": Same("no text of a gateway is read"),
        **each("no_columns no_numbers infinite", silent("lorawan", 2, "power")),
        **each("zeros negative", silent("lorawan", 2, "frequency")),
        "far": silent("lorawan", 2, "off_terrain"),
        **NO_KEYS,
        **POINT,
    },
    "dem": {
        "absent": Told({"quality/terrain": "^flat$"}),
        **each("void infinite strange", nothing_heard("terrain_void")),
        "hole": Told({"quality/cells_not_computable/*": "terrain_void",
                      "figures/technologies/0/not_computable_outdoor": 1}),
        **each("one_cell no_cells away", nothing_heard("off_terrain")),
    },
    "clutter": {
        "absent": Told({"quality/clutter": "^none$", "quality/clutter_known_share": None}),
        **each(
            "void infinite strange one_cell no_cells away",
            Told({"quality/clutter_known_share": 0.0}),
        ),
        "hole": Told({"quality/clutter_known_share": 0.9714}),
    },
}  # fmt: skip

# --- Fibre ----------------------------------------------------------------------------------------

COVERAGE = "rows/fibre_coverage/coverage"
FED_BY_NONE = Refused(EmptyInput, "^splitters: none has a known loss_db and a terminal of known")
UNREACHED = Told({COVERAGE: {"unreachable"}})

FIBRE: dict[str, Cells] = {
    "buildings": {
        "no_texts": Same("no text of a building is read"),
        **each("no_columns no_numbers zeros", Told({"figures/share_residents": None})),
        "one_placeless": Told({"figures/buildings_total": 23}),
        "far": Told({COVERAGE: {"no_duct"}}),
        **NO_KEYS,
        **SIZELESS,
    },
    "ducts": {
        **each(f"no_columns no_texts no_numbers {AMOUNTS}", Same("only lines of ducts are read")),
        **each("one_placeless one_without_size", UNREACHED),  # the only way from the terminal
        "apart": UNREACHED,
        "far": Told({COVERAGE: {"no_duct"}}),
        **NO_KEYS,
    },
    "splitters": {
        "no_texts": Same("no text of a splitter but its terminal is read"),
        **each("no_numbers no_keys", FED_BY_NONE),
        "zeros": Same("a splitter that loses nothing feeds the same buildings"),
        "one_placeless": Told({"quality/splitters": 1}),
        "far": UNREACHED,
        **POINT,
    },
    "line_terminals": {
        "no_texts": Same("no text of a terminal but its id is read"),
        **each("no_numbers no_keys", FED_BY_NONE),
        "zeros": Told({COVERAGE: {"over_budget", "unreachable"}}),
        "one_placeless": Refused(EmptyInput, "^line_terminals in area orsha: there are none; load"),
        "far": UNREACHED,
        **POINT,
    },
}  # fmt: skip

# --- Air ------------------------------------------------------------------------------------------

BLIND = Told({"rows/monitoring_coverage/state": {"blind"}})
SILENT = Told(BLIND | {
    "rows/monitoring_coverage/distance_m": {None},
    "quality/variogram_not_computable": "^no station is continuous in the window$",
})  # fmt: skip

AIR: dict[str, Cells] = {
    "air_sensors": {
        **each(f"no_texts no_numbers {AMOUNTS}", Same("only ids and places of sensors are read")),
        "no_keys": SILENT,
        "one_placeless": Refused(EmptyInput, "^air_sensors in area orsha: there are none; load"),
        "far": BLIND,
        **POINT,
    },
    "air_sensor_readings": {
        "no_texts": Same("no text of a reading is read"),
        "no_numbers": Refused(EmptyInput, "^air_sensor_readings of a known time: .*; load their"),
        **each("no_keys negative infinite", SILENT),
        "zeros": Same("0 ug/m3 is a reading"),
        **unplaced("a reading lies where its sensor stands"),
        "repeated_id": Same("several readings of an hour count once"),
    },
    "buildings": {
        "no_texts": Refused(EmptyInput, "^buildings of the chosen kinds .*choose other"),
        "no_numbers": Told({"figures/residents": None,
                            "figures/share_residents_within_reach": None}),
        "zeros": Told({"figures/share_residents_within_reach": None}),
        "one_placeless": Told({"figures/residents": 2676}),
        "far": BLIND,
        **NO_KEYS,
        **SIZELESS,
    },
}  # fmt: skip

# --- Meters ---------------------------------------------------------------------------------------

DISCLOSURE = "rows/metering_coverage/disclosure"
NO_UNITS = Refused(EmptyInput, "^buildings with dwellings in census_units: .*; load the units")
NO_USE = {
    "figures/resources/*/consumption": None,
    "figures/resources/*/share_gaps": None,
    "rows/metering_coverage/consumption": {None},
    DISCLOSURE: {"not_computed", "no_meters", "no_dwellings"},
}
NO_READINGS = Told({"quality/not_computed": "^no readings: gaps, consumption$"} | NO_USE)
NOT_COUNTED = Told({"quality/not_computed": "^no reading of known meter, month, unit:"} | NO_USE)

METERS: dict[str, Cells] = {
    "buildings": {
        "no_texts": Same("no text of a building is read"),
        "no_numbers": Refused(EmptyInput, "^buildings of known dwellings: there are none; load"),
        "zeros": Told({DISCLOSURE: {"no_dwellings"},
                       "figures/resources/*/share_dwellings_live": None}),
        "one_placeless": Told({"quality/meters_without_building": 4}),
        "far": NO_UNITS,
        **NO_KEYS,
        **SIZELESS,
    },
    "utility_meters": {
        "no_texts": Refused(EmptyInput, "^utility_meters of a known resource: .*; load the column"),
        "no_numbers": Refused(EmptyInput, "^utility_meters .* of which `live` is known: .*; load"),
        "no_keys": Refused(EmptyInput, "^utility_meters in these buildings: .*; look at building"),
        **each(AMOUNTS, Same("no number of a meter is read")),
        **unplaced("a meter is where its building stands"),
        "repeated_id": Refused(RepeatedId, "^utility_meters: a meter_id must be there once"),
    },
    "census_units": {
        **each(f"no_texts no_numbers {AMOUNTS}", Same("only ids and outlines of units are read")),
        "no_keys": Refused(BadValue, "^census_units: unit_id of ids .* is not known; load it"),
        "one_placeless": Told({"quality/buildings_outside_units": 0}),
        "far": NO_UNITS,
        **SIZELESS,
    },
    "meter_readings": {
        **each("absent empty", NO_READINGS),
        **each("no_texts no_numbers no_keys negative infinite", NOT_COUNTED),
        "zeros": Told({"figures/resources/heat/consumption": 0.0}),  # that nothing is used is known
        **unplaced("a reading is of its meter"),
        "repeated_id": Refused(RepeatedId, "^meter_readings: a meter has one reading a month"),
    },
}  # fmt: skip

# --- Land -----------------------------------------------------------------------------------------

NOT_COMPUTED = "quality/not_computed"
NO_STOREYS = Told({"quality/buildings_storeys_not_known": 24})
NO_ZONES = Told({NOT_COMPUTED: "zone balance", "figures/zones": None,
                 "rows/land_coverage/zone": {None}})  # fmt: skip
NO_PEOPLE = Told({
    NOT_COMPUTED: "residents", "figures/population": None, "figures/residents_placed": None,
    "rows/land_coverage/residents": {None}, "rows/placed_residents/residents_placed": {None},
})  # fmt: skip
NO_LINES = Told({NOT_COMPUTED: "red line conflicts", "figures/red_line_conflicts": None,
                 "rows/placed_residents/crosses_red_line": {"unknown"}})  # fmt: skip
NO_GREEN = Told({NOT_COMPUTED: "green areas overlay", "figures/green_areas_share": None})
NO_COVER = Told({NOT_COMPUTED: "land cover shares", "figures/built_share": None,
                 "rows/land_coverage/green_share": {None}})  # fmt: skip
NO_GROUND = "ids \\d+.* have no area; correct"
NO_SITES = Refused(EmptyInput, "^functional_zones and smart_quarters .*: there are none; load one")
OUTSIDE = Told({"quality/buildings_outside_sites": 24, "figures/built_share": None})
OUTLINES = Same("only outlines are read")

LAND: dict[str, Cells] = {
    "buildings": {
        "no_texts": Refused(EmptyInput, "^buildings of a known kind: there are none; load"),
        **each("no_numbers zeros", NO_STOREYS),
        **each("one_placeless one_without_size", Told({"figures/population": 3767})),
        "far": Told({"quality/buildings_outside_sites": 24, "quality/buildings_outside_units": 24,
                     "figures/residents_unplaced": 3767,
                     "rows/placed_residents/residents_placed": {None}}),
        **NO_KEYS,
    },
    "functional_zones": {
        **each("absent empty placeless no_texts", NO_ZONES),
        **each(f"no_numbers {AMOUNTS}", Same("no number of a zone is read")),
        "one_placeless": Told({"quality/buildings_outside_sites": 4}),
        "one_without_size": Refused(BadGeometry, f"^functional_zones: {NO_GROUND}"),
        "far": OUTSIDE,
        **NO_KEYS,
    },
    "smart_quarters": {
        **each("absent empty placeless one_placeless", NO_SITES),
        **each(f"no_columns no_texts no_numbers {AMOUNTS}", OUTLINES),
        "one_without_size": Refused(BadGeometry, f"^smart_quarters: {NO_GROUND}"),
        "far": OUTSIDE,
        **NO_KEYS,
    },
    "census_units": {
        **each("absent empty placeless no_numbers", NO_PEOPLE),
        "no_texts": Same("no text of a unit but its id is read"),
        "no_keys": Refused(BadValue, "^census_units: unit_id of ids .* is not known; load it"),
        "zeros": Told({"figures/population": 0}),  # that nobody lives there is known
        **each("one_placeless one_without_size", Told({NOT_COMPUTED: []})),
        "far": Told({"figures/residents_unplaced": 3767, "quality/buildings_outside_units": 24,
                     "rows/placed_residents/unit_id": {None}}),
    },
    "red_lines": {
        **each("absent empty placeless no_texts", NO_LINES),
        **each(f"no_numbers {AMOUNTS}", Same("no number of a line is read")),
        **each("one_placeless one_without_size far", Same("no building crosses the others")),
        **NO_KEYS,
    },
    "green_areas": {
        **each("absent empty placeless", NO_GREEN),
        **each(f"no_columns no_texts no_numbers {AMOUNTS}", OUTLINES),
        **each("one_placeless one_without_size", Told({NOT_COMPUTED: []})),
        "far": Told({"rows/land_coverage/green_areas_share": {0.0}}),  # they lie elsewhere
        **NO_KEYS,
    },
    "land_cover": {
        **each("absent void infinite one_cell no_cells away", NO_COVER),
        "hole": Told({"quality/sites_partly_without_land_cover": 4}),
        "strange": Refused(BadParameter, "^land cover: the raster holds -9999, which is no class"),
    },
}  # fmt: skip
