from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner import testing
from runner.api import Field, Params, Sample, Transform
from runner.errors import PluginError, RunDirectoryError
from runner.plan import Choice
from runner.transforms import FittedTransform


class Scale(Transform):
    """Divides by the largest amplitude of the training events, and turns conditions round."""

    name = "scale"

    class Params(Params):
        """One factor."""

        factor: float = Field(1.0, description="factor of the result")

    def fit(self, params: Any, sample: Sample) -> dict[str, Any]:
        return {"largest": sample.responses.max()}

    def forward(self, params: Any, state: Any, responses: Any, ops: Any) -> Any:
        return params.factor * responses / state["largest"]

    def inverse(self, params: Any, state: Any, responses: Any, ops: Any) -> Any:
        return responses * state["largest"] / params.factor

    def forward_conditions(self, params: Any, state: Any, conditions: Any, declared: Any, ops: Any) -> Any:
        return -conditions


def fitted(transform: Transform | None = None) -> tuple[FittedTransform, Sample]:
    sample = testing.sample()
    chosen = transform or Scale()
    return FittedTransform.fit(Choice(chosen.name, chosen, chosen.Params(), "test"), sample), sample


def test_the_state_is_learned_from_the_training_events() -> None:
    transform, sample = fitted()
    assert transform.forward(sample.responses).max() == pytest.approx(1)
    np.testing.assert_allclose(transform.inverse(transform.forward(sample.responses)), sample.responses, rtol=1e-6)


def test_ranges_of_conditions_are_told_in_network_units() -> None:
    transform, _ = fitted()
    info = transform.describe()
    assert [(c.name, c.unit, c.low, c.high) for c in info.conditions] == [
        ("crossing_angle", "network units", -15.0, 0.0)
    ]
    assert (info.unit, info.threshold, info.shape) == ("network units", 0.0, (8, 8))


def test_it_is_saved_with_its_state(tmp_path: Path) -> None:
    transform, sample = fitted()
    path = tmp_path / "model" / "transform.h5"
    transform.save(path)
    loaded = FittedTransform.load(path, transform.choice, sample.info)
    np.testing.assert_array_equal(loaded.forward(sample.responses), transform.forward(sample.responses))


def test_another_transforms_file_is_refused(tmp_path: Path) -> None:
    transform, sample = fitted()
    path = tmp_path / "transform.h5"
    transform.save(path)
    other = type("Other", (Scale,), {"name": "other", "__doc__": "Other."})()
    with pytest.raises(RunDirectoryError, match="holds the transform scale, but the run uses other"):
        FittedTransform.load(path, Choice("other", other, other.Params(), "test"), sample.info)
    with pytest.raises(RunDirectoryError, match="cannot be read"):
        FittedTransform.load(tmp_path / "absent.h5", transform.choice, sample.info)


def test_a_transform_may_not_change_the_number_of_conditions() -> None:
    def doubled(self: Any, params: Any, state: Any, conditions: Any, declared: Any, ops: Any) -> Any:
        return np.concatenate([conditions, conditions], axis=1)

    broken = type("Broken", (Scale,), {"forward_conditions": doubled, "__doc__": "Broken."})()
    with pytest.raises(PluginError, match="must keep their number"):
        fitted(broken)[0].describe()
