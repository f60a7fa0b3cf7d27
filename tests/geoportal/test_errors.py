import pytest

from geoportal.errors import ANSWERS, UNEXPECTED, NotFound, answer_of
from geoportal.problem import problem_document
from layers.errors import LayersError, UnknownLayer
from processing.errors import BadParameter, ProcessingError


class Nested(UnknownLayer):
    """An error that the table does not know itself."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("x"), 404),
        (UnknownLayer("x"), 404),
        (Nested("x"), 404),
        (BadParameter("x"), 400),
        (ProcessingError("x"), 422),
        (LayersError("x"), 500),
        (ValueError("x"), 500),
    ],
)
def test_status_is_of_the_nearest_class_in_the_table(error: Exception, status: int) -> None:
    assert answer_of(error).status == status


def test_an_unexpected_error_shows_nothing_of_its_inside() -> None:
    document = problem_document(ValueError("password=secret"), "1")
    assert document["status"] == UNEXPECTED.status
    assert "secret" not in str(document)


def test_the_table_has_only_client_errors_and_503() -> None:
    assert {a.status for a in ANSWERS.values()} <= {*range(400, 500), 503}
