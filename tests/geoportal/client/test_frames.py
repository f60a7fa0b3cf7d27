"""What becomes of the values of features in a frame."""

from geoportal.client.frames import frame_of


def test_lists_stay_lists_whatever_their_lengths() -> None:
    schema = {"tags": {"type": "array", "items": {"type": "string"}}}
    for lists in ([["a", "b"], ["c", "d"]], [["a"], [], None], [["a", "b"]]):
        features = [
            {"id": n, "geometry": None, "properties": {"tags": one}}
            for n, one in enumerate(lists, start=1)
        ]
        assert frame_of(features, schema)["tags"].tolist() == lists
