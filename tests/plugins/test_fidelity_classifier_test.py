"""Classifier two-sample test: areas and weights against their definitions, and which faults it sees."""

import numpy as np
import pytest
import threadpoolctl

from plugins.fidelity.classifier_test import CLASSIFIERS, ClassifierTest, Verdict
from plugins.fidelity.density_ratio import effective_share, log_weights
from plugins.fidelity.roc import auc, curve, null_band, null_error
from runner.api import Curves, DataError, Histogram, Measurement, Sample
from tests.plugins.fidelity_samples import (
    EVENTS,
    blurred,
    broken,
    empty,
    half_a_time_bin_off,
    part,
    shuffled,
    values,
    with_dead_pixel,
    with_responses,
    without_conditions,
)

METRIC = ClassifierTest()
FAST = METRIC.Params(folds=3, repeats=1, trees=40)
FASTEST = METRIC.Params(folds=2, repeats=2, trees=5, epochs=2)


def measured(real: Sample, generated: Sample, params: ClassifierTest.Params = FAST, seed: int = 0) -> Measurement:
    return METRIC.measure(params, real, generated, np.random.default_rng(seed))


def z(found: Measurement) -> dict[str, float]:
    """Standard deviations of guesses between 0.5 and each AUC."""
    of = values(found)
    return {name: (of[name] - 0.5) / null_error(EVENTS, EVENTS) for name in ("largest", *CLASSIFIERS)}


def leaking(sample: Sample) -> Sample:
    """2 % of the empty pixels have an amplitude below the detection threshold."""
    rng, responses = np.random.default_rng(3), sample.responses.copy()
    leaks = (responses == 0) & (rng.random(responses.shape) < 0.02)
    responses[leaks] = rng.uniform(0, sample.info.threshold, leaks.sum())
    return with_responses(sample, responses)


def with_higher_threshold(sample: Sample) -> Sample:
    """Hits below 2 detection thresholds are lost."""
    return with_responses(sample, np.where(sample.responses < 2 * sample.info.threshold, 0, sample.responses))


def smeared(sample: Sample) -> Sample:
    """Each amplitude has an error of 15 %."""
    factors = 1 + 0.15 * np.random.default_rng(3).standard_normal(sample.responses.shape)
    return with_responses(sample, np.abs(sample.responses * factors))


def pairs(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """1 where the real one scores more, 1/2 where both score the same, (n, m)."""
    return np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in generated] for a in real])


def test_area_and_error_are_those_of_all_pairs() -> None:
    rng = np.random.default_rng(1)
    real, generated = rng.integers(2, 12, 70) / 10, rng.integers(0, 10, 50) / 10  # with many ties
    of = pairs(real, generated)
    variance = of.mean(axis=1).var(ddof=1) / 70 + of.mean(axis=0).var(ddof=1) / 50
    assert auc(real, generated) == pytest.approx((of.mean(), np.sqrt(variance)), rel=1e-12)
    assert auc(np.ones(5), np.ones(4)) == (0.5, 0)
    assert auc(np.array([2.0, 3]), np.array([0.0, 1])) == (1, 0)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_errors_are_how_areas_of_many_samples_scatter(shift: float) -> None:
    rng = np.random.default_rng(2)
    found = np.array([auc(rng.normal(shift, 1, 100), rng.normal(0, 2, 60)) for _ in range(1500)])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.08)


def test_null_error_and_band_are_how_equal_samples_scatter() -> None:
    rng = np.random.default_rng(3)
    drawn = [(rng.random(100), rng.random(60)) for _ in range(1500)]
    assert null_error(100, 60) == pytest.approx(np.std([auc(*pair)[0] for pair in drawn]), rel=0.08)
    band = null_band(100, 60)
    middle = len(band) // 2
    assert band[middle, 0] == 0.5
    assert band[[0, -1], 1:].tolist() == [[0, 0], [1, 1]]
    at_half = [(real >= np.quantile(generated, 0.5)).mean() for real, generated in drawn]
    assert band[middle, 2] - band[middle, 1] == pytest.approx(4 * np.std(at_half), rel=0.08)


def test_points_of_the_curve_are_shares_above_a_threshold() -> None:
    rng = np.random.default_rng(4)
    real, generated = rng.integers(2, 12, 300) / 10, rng.integers(0, 10, 200) / 10
    expected = {((generated >= cut).mean(), (real >= cut).mean()) for cut in np.arange(0, 13) / 10}
    points = curve(real, generated)
    np.testing.assert_allclose(np.unique(points.round(9), axis=0), sorted(expected), atol=1e-9)
    assert (np.diff(points, axis=0) >= 0).all()
    assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(auc(real, generated)[0])


def test_effective_share_is_kishs_and_its_error_how_it_scatters() -> None:
    rng = np.random.default_rng(5)
    weights = rng.exponential(size=50)
    assert effective_share(weights)[0] == pytest.approx(sum(weights) ** 2 / sum(weights**2) / 50)
    assert effective_share(7 * weights) == pytest.approx(effective_share(weights))
    assert effective_share(np.full(9, 0.3)) == pytest.approx((1, 0))
    found = np.array([effective_share(rng.uniform(0, 2, 400)) for _ in range(1000)])
    assert found[:, 0].mean() == pytest.approx(0.75, abs=0.005)  # 1 / (4/3)
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.08)


def test_weights_are_the_ratio_of_densities_of_a_classifier_that_is_too_sure() -> None:
    """Two Gaussians 1 apart have ln w = 1/2 - x; a classifier gives twice the log odds it should."""
    rng = np.random.default_rng(6)
    x_real, x_generated = rng.normal(0, 1, 20_000), rng.normal(1, 1, 10_000)
    ratio = [0.5 - x for x in (x_real, x_generated)]
    sure = [1 / (1 + np.exp(-2 * (of + np.log(2)))) for of in ratio]
    for found, expected in zip(log_weights(*sure, seed=0), ratio, strict=True):
        seldom = np.abs(expected) > 4  # nothing is known better than 1 in 30,000
        np.testing.assert_allclose(found[~seldom], expected[~seldom], atol=0.2)
        assert (np.abs(found[seldom]) > 3.8).all()
    assert np.exp(log_weights(*sure, seed=0)[1]).mean() == pytest.approx(1, abs=0.05)


def test_real_against_real_is_not_told_apart() -> None:
    found = measured(part(0), part(1))
    assert all(abs(value) < 3 for value in z(found).values())
    assert values(found)["effective_share"] > 0.97
    assert values(found)["mean_weight"] == pytest.approx(1, abs=0.02)


def test_shuffled_conditions_are_seen_by_all_and_only_with_conditions() -> None:
    real, other = part(0), shuffled(part(1))
    assert min(z(measured(real, other)).values()) > 15
    assert z(measured(without_conditions(real), without_conditions(other)))["largest"] < 3


def test_half_a_time_bin_is_seen_by_all() -> None:
    assert min(z(measured(part(0), half_a_time_bin_off(part(1)))).values()) > 5


def test_blur_and_a_dead_pixel_are_seen_by_all() -> None:
    for fault in (blurred, with_dead_pixel):
        assert min(z(measured(part(0), fault(part(1)))).values()) > 15


def test_each_family_sees_what_another_hardly_does() -> None:
    """A higher threshold shows to trees on pixels, leaks to the perceptron, smeared amplitudes in features."""
    cut, leaks, smear = (z(measured(part(0), f(part(1)))) for f in (with_higher_threshold, leaking, smeared))
    assert cut["trees_pixels"] > 2 * cut["mlp_pixels"]
    assert leaks["mlp_pixels"] > 2 * leaks["trees_pixels"]
    assert smear["trees_features"] > 2 * smear["mlp_pixels"]
    assert min(of["largest"] for of in (cut, leaks, smear)) > 5


def test_the_headline_is_the_largest_and_named() -> None:
    found = measured(part(0), smeared(part(1)))
    of = values(found)
    assert list(of) == ["largest", "trees_pixels", "mlp_pixels", "trees_features", "effective_share", "mean_weight"]
    assert of["largest"] == of["trees_features"] == max(of[name] for name in CLASSIFIERS)
    assert found.scores["largest"].error == found.scores["trees_features"].error
    assert found.notes == (
        "the largest AUC is that of boosted trees on features",
        "guesses have an AUC of 0.500 ± 0.014",
    )


def test_weights_say_how_little_is_left_of_a_bad_model() -> None:
    good, bad = (values(measured(part(0), sample)) for sample in (smeared(part(1)), blurred(part(1))))
    assert bad["effective_share"] < 0.3 < 0.8 < good["effective_share"]


def test_figures_are_of_all_classifiers_and_of_the_strongest() -> None:
    found = measured(part(0), smeared(part(1)), FASTEST)
    roc, probability, weight = found.figures
    assert isinstance(roc, Curves)
    assert list(roc.curves) == [classifier.label for classifier in CLASSIFIERS.values()]
    assert roc.band is not None
    for figure in (probability, weight):
        assert isinstance(figure, Histogram)
        assert len(figure.real) == len(figure.generated) == EVENTS
    areas = [np.trapezoid(curve[:, 1], curve[:, 0]) for curve in roc.curves.values()]
    np.testing.assert_allclose(areas, [values(found)[name] for name in CLASSIFIERS], atol=0.01)
    assert auc(probability.real, probability.generated)[0] == values(found)["largest"]
    weights = 10**weight.generated
    assert values(found)["effective_share"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum() / EVENTS)
    assert values(found)["mean_weight"] == pytest.approx(weights.mean())


def test_classifiers_of_other_seeds_add_to_the_error() -> None:
    rng = np.random.default_rng(7)
    real, generated = rng.normal(1, 1, (4, 300)), rng.normal(0, 1, (4, 200))
    areas = [auc(a, b)[0] for a, b in zip(real, generated, strict=True)]
    area, error = auc(real.mean(axis=0), generated.mean(axis=0))
    score = Verdict(real, generated).area()
    assert score.value == area
    assert score.error == pytest.approx(np.sqrt(error**2 + np.var(areas, ddof=1) / 4))
    assert Verdict(real[:1], generated[:1]).area().error == auc(real[0], generated[0])[1]


def test_the_same_random_numbers_give_the_same_scores_on_any_number_of_threads() -> None:
    def scores(threads: int, seed: int = 0) -> dict[str, float]:
        with threadpoolctl.threadpool_limits(threads, "openmp"), threadpoolctl.threadpool_limits(1, "blas"):
            return values(measured(part(0), part(1), FASTEST, seed))

    assert scores(1) == scores(2)
    assert scores(1) != scores(1, seed=1)


def test_unconditional_responses_are_told_apart_too() -> None:
    found = z(measured(part(0, conditional=False), blurred(part(1, conditional=False))))
    assert min(found.values()) > 15


def test_broken_responses_are_left_out_and_empty_ones_told_apart() -> None:
    found = measured(part(0), broken(part(1)), FASTEST)
    assert values(found) == values(measured(part(0), part(1).take(slice(3, None)), FASTEST))
    assert found.notes[0].startswith("3 responses")
    nothing = measured(part(0), empty(part(1)))
    assert values(nothing)["largest"] == pytest.approx(1, abs=1e-3)
    assert values(nothing)["mean_weight"] < 0.1
    assert "of the real distribution is out of reach" in nothing.notes[-1]


@pytest.mark.parametrize("count", [2, 3, 11])
def test_few_responses_have_scores(count: int) -> None:
    found = values(measured(part(0).take(slice(0, count + 1)), part(1).take(slice(0, count)), METRIC.Params(trees=5)))
    assert np.isfinite(list(found.values())).all()


def test_of_one_usable_response_nothing_can_be_said() -> None:
    for count in (0, 1):
        few = part(1).take(slice(0, count))
        found = measured(part(0), few, FASTEST)
        assert list(found.scores) == list(measured(part(0), part(1), FASTEST).scores)
        assert np.isnan(list(values(found).values())).all()
        assert found.notes[-1].startswith(f"{count} usable generated responses are too few")
        assert not found.figures
    nothing = with_responses(part(0), np.full_like(part(0).responses, np.nan))
    with pytest.raises(DataError, match="0 of 800 real responses"):
        measured(nothing, part(1), FASTEST)
