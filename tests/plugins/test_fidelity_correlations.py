"""Correlations of features and conditions, against NumPy's own."""

import numpy as np
import pytest

from plugins.fidelity.correlations import Correlations, correlations, differences
from plugins.fidelity.features import features
from runner.api import Sample
from tests.plugins.fidelity_samples import (
    blurred,
    broken,
    empty,
    excess,
    measured,
    part,
    shuffled,
    unchanged,
    values,
    with_dead_pixel,
    with_responses,
    without_conditions,
)

METRIC = Correlations()


def expected(sample: Sample) -> np.ndarray:
    rows = np.column_stack([features(sample), sample.conditions.astype(float)])
    return np.corrcoef(rows, rowvar=False)[:13]


def test_scores_are_those_of_numpys_matrices() -> None:
    real, generated = part(0), blurred(part(1))
    difference = expected(generated) - expected(real)
    assert values(measured(METRIC, real, generated)) == pytest.approx(
        {
            "difference": np.sqrt((difference**2).sum()),
            "features": np.sqrt((difference[:, :13] ** 2).sum()),
            "largest_feature": np.abs(difference[:, :13]).max(),
            "conditions": np.sqrt((difference[:, 13:] ** 2).sum()),
            "largest_condition": np.abs(difference[:, 13:]).max(),
        }
    )


def test_figures_are_the_matrices_of_both_samples() -> None:
    square, with_conditions = measured(METRIC, part(0), part(1)).figures
    np.testing.assert_allclose(square.real, expected(part(0))[:, :13], atol=1e-12)
    np.testing.assert_allclose(with_conditions.generated, expected(part(1))[:, 13:], atol=1e-12)
    assert square.names == square.columns
    assert len(square.names) == 13
    assert list(with_conditions.columns) == ["crossing angle", "drift length", "pad coordinate"]


def test_the_headline_sees_shuffled_conditions_and_a_dead_pixel() -> None:
    same, conditions, dead = excess(METRIC, [unchanged, shuffled, with_dead_pixel])
    assert abs(same) < 3
    assert conditions > 10
    assert dead > 10


def test_features_alone_are_blind_to_shuffled_conditions() -> None:
    same, conditions = excess(METRIC, [unchanged, shuffled], "features")
    assert conditions == pytest.approx(same)


def test_the_condition_that_is_followed_least_is_named() -> None:
    (note,) = measured(METRIC, part(0), shuffled(part(1))).notes
    assert note.startswith("the correlation with a condition that differs most is that of mean pad with pad coordinate")


def test_without_conditions_there_are_only_features() -> None:
    found = measured(METRIC, without_conditions(part(0)), without_conditions(part(1)))
    of = values(found)
    assert list(of) == ["difference", "features", "largest_feature"]
    assert of["difference"] == of["features"]
    assert [figure.name for figure in found.figures] == ["features"]


def test_a_constant_has_no_correlation_and_counts_as_none_against_one() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3))
    b = a.copy()
    b[:, 1] = 0.1
    real, generated = correlations(a, 2), correlations(b, 2)
    assert np.isnan(generated[1]).all()
    assert np.isnan(generated[:, 1]).all()
    found = differences(real, generated)
    np.testing.assert_allclose(found, [[0, -real[0, 1], 0], [-real[1, 0], 0, -real[1, 2]]], atol=1e-12)
    assert not differences(generated, generated).any()


def test_empty_responses_are_as_far_as_can_be_and_named() -> None:
    found = measured(METRIC, part(0), empty(part(1)))
    full = expected(part(0))
    assert values(found)["difference"] == pytest.approx(np.sqrt((full**2).sum() - 13))
    assert found.notes[0].startswith("constant in the generated responses, without a correlation: mean pad, mean time")
    assert "crossing angle" not in found.notes[0]


def test_a_constant_condition_is_named() -> None:
    samples = []
    for sample in (part(0), part(1)):
        conditions = sample.conditions.copy()
        conditions[:, 0] = 7
        samples.append(Sample(sample.info, sample.responses, conditions, sample.event_ids))
    found = measured(METRIC, *samples)
    assert found.notes[0] == "constant in the real responses, without a correlation: crossing angle"
    assert np.isfinite(list(values(found).values())).all()


def test_broken_responses_are_left_out() -> None:
    found = measured(METRIC, part(0), broken(part(1)))
    assert values(found) == pytest.approx(values(measured(METRIC, part(0), part(1).take(slice(3, None)))))
    assert found.notes[0].startswith("3 responses")
    nothing = with_responses(part(1), np.full_like(part(1).responses, np.nan))
    assert np.isnan(list(values(measured(METRIC, part(0), nothing)).values())).all()
