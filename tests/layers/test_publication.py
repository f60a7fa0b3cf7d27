"""Published definitions as the server reads them."""

from layers.publication import Publication
from layers.registry import load_layers

LAYER = load_layers()["buildings"]


def row(definition: str) -> tuple[object, ...]:
    return LAYER.id, definition, "{}", 1, None, None


def test_a_definition_that_stays_is_the_same_layer() -> None:
    text = LAYER.model_dump_json()
    first, again = (Publication.from_row(row(text[:1] + text[1:])).layer for _ in range(2))
    assert first is again
    assert first == LAYER
    changed = LAYER.model_copy(update={"order": LAYER.order + 1})
    other = Publication.from_row(row(changed.model_dump_json())).layer
    assert other == changed
    assert other is not first
