"""Bad inputs of the pipelines along streets: service, accessibility, site selection, lighting."""

from processing.errors import BadGeometry, EmptyInput
from tests.fix_bad_cells import (
    AMOUNTS,
    NO_KEYS,
    POINT,
    SIZELESS,
    Cell,
    Cells,
    Refused,
    Same,
    Told,
    each,
)

NO_HOME = "^no building is near a walkable street$"
NO_FACILITY = "^no facility of the class is near a walkable street$"
SHARES = ("share_buildings", "share_residents", "share_dwellings", "buildings_covered")
UNSNAPPED = {f"figures/classes/*/{name}": None for name in SHARES} | {
    "rows/service_coverage/coverage": {"unsnapped"}
}
NOBODY = Told({"figures/classes/*/share_residents": None})
HOMES: dict[str, Cell] = {
    "no_texts": Refused(EmptyInput, "^buildings of the chosen kinds .*choose other building_kinds"),
    **NO_KEYS,
    **SIZELESS,
}
WAYS: dict[str, Cell] = {
    **each(f"no_texts {AMOUNTS}", Same("neither texts nor numbers of streets are read")),
    "no_numbers": Refused(EmptyInput, "^walkable streets: there are none; load"),
    "no_keys": Refused(BadGeometry, "^streets: a street without node_from or node_to"),
    "placeless": Refused(EmptyInput, "^walkable streets: there are none; load"),
    "one_without_size": Same("a street of no length joins its two junctions"),
}
FACILITIES: dict[str, Cell] = {
    "no_texts": Refused(EmptyInput, "^service_points of a known service_class .* load the column"),
    **NO_KEYS,
    **POINT,
}

SERVICE: dict[str, Cells] = {
    "buildings": HOMES | {
        "no_columns": Told({"quality/buildings": 24} | NOBODY),
        **each("no_numbers zeros", NOBODY),
        "one_placeless": Told({"quality/buildings_unsnapped": 1}),
        **each("placeless far", Told(UNSNAPPED | {"quality/not_computable/*": NO_HOME})),
    },
    "streets": WAYS | {
        "one_placeless": Told({"quality/streets": 34}),
        "one_without_size": Told({"quality/streets": 35}),
        "apart": Told({
            "quality/network_parts": 35,
            "rows/service_coverage/coverage": {"covered", "unreachable"},
        }),
        "far": Told(UNSNAPPED | {"quality/not_computable/*": NO_HOME}),
    },
    "service_points": FACILITIES | {
        **each("no_numbers zeros", Same("no number of a facility is read")),
        "one_placeless": Told({"quality/facilities_unsnapped": 1}),
        **each("placeless far", Told(UNSNAPPED | {"quality/not_computable/*": NO_FACILITY})),
    },
}  # fmt: skip

NO_PERSONS = Told({
    "figures/green/share_residents": None,
    "figures/score_15min/mean_of_residents": None,
    "quality/not_computable/provision.clinic": "^the residents of no building are known$",
})  # fmt: skip
OFF_NETWORK = Told({
    "figures/green/share_buildings": None,
    "figures/school_without_crossing/share_buildings": None,
    "figures/score_15min/mean_of_buildings": None,
    "rows/accessibility/green": {"unsnapped"},
    "rows/accessibility/school": {"unsnapped"},
    "rows/service_provision/reach": {"unsnapped"},
    **{f"quality/not_computable/{name}": NO_HOME for name in ("green", "school", "score_15min")},
})  # fmt: skip
NO_GREEN = {"figures/green": None, "rows/accessibility/green": {"not_computable"}}
GREEN = "quality/not_computable/green"
NO_AGES = Told({"figures/provision/*/demand_group": "^residents$"})

ACCESS: dict[str, Cells] = {
    "buildings": HOMES | {
        "no_columns": Told({"quality/buildings": 24} | NO_PERSONS),
        **each("no_numbers zeros", NO_PERSONS),
        "one_placeless": Told({"quality/buildings_unsnapped": 1}),
        **each("placeless far", OFF_NETWORK),
    },
    "streets": WAYS | {
        "one_placeless": Same("the others lead there as well"),
        "apart": Told({"rows/accessibility/school": {"unreachable"}}),
        "far": OFF_NETWORK,
    },
    "service_points": FACILITIES | {
        "no_numbers": Told({
            "figures/provision/*/supply": None,
            "quality/not_computable/provision.school": "^the places of no facility of the class",
            "quality/not_computable/provision.clinic": "^the doctors of no facility of the class",
        }),
        "zeros": Told({"figures/provision/*/supply": 0.0}),  # that there are none is known
        "one_placeless": Same("there are other stops"),
        **each("placeless far", Told({
            "figures/score_15min/mean_of_buildings": None,
            "figures/school_without_crossing/share_buildings": None,
            "rows/accessibility/school": {"unsnapped"},
            "quality/not_computable/score_15min.shop": NO_FACILITY,
            "quality/not_computable/school": NO_FACILITY,
        })),
    },
    "green_areas": {
        "absent": Told(NO_GREEN | {GREEN: "^the layer green_areas is not loaded$"}),
        **each("empty placeless", Told(NO_GREEN | {GREEN: "^no green area with a place is"})),
        **each("no_columns no_numbers", Told(NO_GREEN | {GREEN: "^which green areas are public"})),
        **each(f"no_texts {AMOUNTS}", Same("only outlines and `public` are read")),
        **each("one_placeless one_without_size", Same("there are other green areas")),
        "far": Told({"figures/green/areas_without_entry": 3,
                     "rows/accessibility/green": {"unreachable"}}),
        **NO_KEYS,
    },
    "census_units": {
        **each("absent empty placeless no_numbers zeros far", NO_AGES),
        **each("no_texts no_keys", Same("neither names nor ids of units are read")),
        **each("one_placeless one_without_size", Same("no home stands in the first unit")),
    },
}  # fmt: skip

OFF_STREETS = Refused(EmptyInput, "^service_points: none of class clinic is within 150 m of a walk")
UNREACHED = Refused(EmptyInput, "^no resident can reach any candidate site; look at streets")

SITES: dict[str, Cells] = {
    "buildings": HOMES | {
        **each(
            "no_columns no_numbers zeros",
            Refused(EmptyInput, "^the residents of no building are known; load them"),
        ),
        "one_placeless": Told({
            "quality/buildings_not_computable": 1,
            "quality/not_computable/residents": "^no way leads from their homes",
        }),
        "one_without_size": Told({"quality/buildings_not_computable": 0}),
        **each("placeless far", UNREACHED),
    },
    "streets": WAYS | {
        "one_placeless": Told({"quality/candidates_unsnapped": 0}),
        "apart": Told({"quality/not_computable/residents": "^no way leads from their homes"}),
        "far": OFF_STREETS,
    },
    "service_points": FACILITIES | {
        **each("no_numbers zeros", Same("no number of a facility is read")),
        "one_placeless": Same("the first facility is no clinic"),
        **each("placeless far", OFF_STREETS),
    },
    "parcels": {
        "absent": Refused(EmptyInput, "^parcels: none are loaded .* or choose other candidates"),
        **each(
            f"no_columns no_texts no_numbers {AMOUNTS}", Same("only outlines of parcels are read")
        ),
        "one_placeless": Same("it is built on"),
        "one_without_size": Told({"quality/candidate_source": "^parcel$"}),
        "far": Refused(EmptyInput, "^candidate sites: none is within 150.0 m of a walkable street"),
        **NO_KEYS,
    },
}  # fmt: skip

# --- Light ----------------------------------------------------------------------------------------

LAMPS_FAULT = "quality/lamps_not_computable"
WALKS = "quality/walks_not_computable"
LOST = {"figures/walks/share_lit": None, "rows/street_lighting/residents": {None}}
NO_WAY = Told({WALKS: "^no building has a way along the streets"} | LOST)
NO_ONE = Told({WALKS: "^the residents of no building with a walk are known$"} | LOST)

LIGHTING: dict[str, Cells] = {
    "street_lights": {
        "no_texts": Told({LAMPS_FAULT: "no_luminaire", "quality/lamps_of_unknown_state": 50}),
        **each(f"no_numbers {AMOUNTS}", Told({LAMPS_FAULT: "no_height"})),
        "no_keys": Told({"figures/cabinets": []}),
        "one_placeless": Told({"quality/lamps": 49}),
        "far": Told({"quality/lamps_off_any_street": 50}),
        **POINT,
    },
    "streets": WAYS | {
        "no_texts": Told({"figures/share_lit": None,
                          "rows/street_lighting/verdict": {"no_class"}}),
        **each(AMOUNTS, Told({"figures/share_lit": None,
                              "rows/street_lighting/reason": {"no_width"}})),
        **each("one_placeless one_without_size", Told({"quality/sections": 122})),
        "no_numbers": Told({WALKS: "^no street is walkable$", "figures/walks": None}),
        "placeless": Refused(EmptyInput, "^streets with a place: there are none; load"),
        "apart": Told({"figures/walks/homes_without_walk": 12}),
        "far": Told({"quality/lamps_off_any_street": 50}),
    },
    "buildings": HOMES | {
        "absent": Told({WALKS: "^buildings not loaded$", "figures/walks": None}),
        **each("empty no_texts", Told({WALKS: "^there are no buildings", "figures/walks": None})),
        **each("no_numbers zeros", NO_ONE),
        "one_placeless": Told({"figures/walks/homes_without_walk": 4}),
        "one_without_size": Told({"figures/walks/homes": 14}),
        **each("placeless far", NO_WAY),
    },
    "service_points": {
        "absent": Told({WALKS: "^service_points not loaded$", "figures/walks": None}),
        **each("empty placeless no_texts far", NO_WAY),
        **each(f"no_numbers {AMOUNTS}", Same("no number of a facility is read")),
        "one_placeless": Same("there are other stops there"),
        **NO_KEYS,
        **POINT,
    },
}  # fmt: skip
