import pytest

from layers.seed import ServiceNorm, service_norms
from processing.errors import BadParameter
from processing.limits import Limit, choose

ORDER = ("school", "shop", "library")


def norm(name: str, measured: str = "network") -> ServiceNorm:
    return ServiceNorm.model_validate(
        {
            "service_class": name,
            "facility": name,
            "limit_multi_storey_m": 500,
            "limit_low_rise_m": 750,
            "measured": measured,
            "multi_storey_status": "verified",
            "low_rise_status": "recalled",
            "status": "partly_verified",
            "note": "",
            "source": "test",
        }
    )


NORMS = {"school": norm("school"), "shop": norm("shop", "minutes")}


def test_the_norm_of_the_form_in_the_order_of_the_codes():
    assert choose(["school"], {}, NORMS, form="multi_storey", order=ORDER) == (
        Limit("school", 500, "verified"),
    )
    found = choose(["school", "shop"], {"shop": 9}, NORMS, form="low_rise", order=ORDER)
    assert found == (Limit("school", 750, "recalled"), Limit("shop", 9, "user"))


def test_no_classes_are_all_with_a_norm_along_the_way_or_a_limit():
    found = choose([], {"library": 800}, NORMS, form="multi_storey", order=ORDER)
    assert [limit.service_class for limit in found] == ["school", "library"]


def test_a_class_without_norm_needs_a_limit_and_a_limit_needs_its_class():
    with pytest.raises(BadParameter, match=r"shop has no norm; give .* limits_m\.shop"):
        choose(["shop"], {}, NORMS, form="multi_storey", order=ORDER)
    with pytest.raises(BadParameter, match=r"limits_m\.shop"):
        choose(["school"], {"shop": 100}, NORMS, form="multi_storey", order=ORDER)


def test_the_norms_of_the_seed_table():
    found = choose([], {}, service_norms(), form="multi_storey", order=("kindergarten", "clinic"))
    assert [limit.limit_m for limit in found] == [300, 1000]
