import pytest

from processing.errors import BadParameter
from processing.provision import provision


def test_places_against_the_norm():
    found = provision(280, 4_000, 110)
    assert (found.per_1000_persons, found.needed, found.deficit) == (70, 440, 160)
    assert found.share == pytest.approx(280 / 440)


def test_more_than_enough_leaves_no_deficit():
    assert provision(500, 4_000, 110).deficit == 0


@pytest.mark.parametrize("given", [(None, 4_000, 110), (280, None, 110), (280, 4_000, None)])
def test_what_is_not_known_is_never_nought(given):
    found = provision(*given)
    assert found.deficit is None
    assert found.share is None


def test_nobody_to_serve_has_no_rate():
    found = provision(280, 0, 110)
    assert (found.per_1000_persons, found.share, found.deficit) == (None, None, 0)


@pytest.mark.parametrize("given", [(-1, 5, 1), (1, -5, 1), (float("nan"), 5, 1)])
def test_negative_numbers_are_refused(given):
    with pytest.raises(BadParameter, match="0 or more"):
        provision(*given)
