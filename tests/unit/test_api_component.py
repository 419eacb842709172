import pytest
from pydantic import BaseModel

from runner.api import Architecture, Field, Metric, Params


def measure(self, params, real, generated, rng):
    raise AssertionError("not called here")


GOOD = {"name": "charge", "unit": "ADC", "better": "lower", "measure": measure, "__doc__": "A metric."}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "MeanCharge"}, "snake_case"),
        ({"name": 3}, "snake_case"),
        ({"unit": ""}, "unit must be a text"),
        ({"better": "smaller"}, "better must be one of lower, higher"),
        ({"__doc__": ""}, "needs a docstring"),
        ({"measure": Metric.measure}, r"must define measure\(self, params"),
        ({"Params": BaseModel}, "must be a subclass of runner.api.Params"),
    ],
)
def test_a_mistake_shows_when_the_class_is_made(change: dict, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        type("Charge", (Metric,), {**GOOD, **change})


def test_a_parameter_may_not_be_called_name() -> None:
    named = type("Named", (Params,), {"__annotations__": {"name": str}, "__module__": __name__})
    with pytest.raises(TypeError, match="may not have a field 'name'"):
        type("Charge", (Metric,), {**GOOD, "Params": named})


def test_parameters_must_stay_frozen() -> None:
    class Loose(Params, frozen=False):
        size: int = Field(1, description="size")

    with pytest.raises(TypeError, match="frozen"):
        type("Charge", (Metric,), {**GOOD, "Params": Loose})


def test_an_architecture_needs_a_role() -> None:
    body = {"name": "net", "__doc__": "A network.", "signature": measure, "build": measure}
    with pytest.raises(TypeError, match="role must be a text"):
        type("Net", (Architecture,), body)


def test_the_help_is_the_first_line_of_the_docstring() -> None:
    assert type("Charge", (Metric,), {**GOOD, "__doc__": "First.\n\n    More."}).help() == "First."
