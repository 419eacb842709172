import math

import numpy as np
import pytest

from plugins.cluster_shape import ClusterShape
from plugins.cluster_shape.correlation import correlations
from plugins.cluster_shape.measures import REPRESENTATIONS, measures
from runner import testing
from runner.api import Condition, DataInfo, Measurement, Sample, Scatter

ANGLE, OFFSET = Condition("angle", "deg", 0.0, 15.0), Condition("dip_angle", "", 16.0, 17.0)
NAMES = (
    "centre_pad",
    "centre_time",
    "max_amplitude",
    "mean_amplitude",
    "width_pad",
    "width_time",
    "physgan_covariance",
)


def clusters(events: int, seed: int, slope: float = 0.05, conditions: tuple[Condition, ...] = (ANGLE,)) -> Sample:
    """Gaussian clusters whose width in pads grows with the first condition."""
    rng = np.random.default_rng(seed)
    low, high = DataInfo((), "", "", 1.0, conditions).condition_ranges
    values = rng.uniform(low, high, (events, len(conditions))).astype(np.float32)
    pixels = np.arange(8)
    in_pad = np.exp(-(((pixels - rng.normal(3.3, 0.3, (events, 1))) / (0.6 + slope * values[:, :1])) ** 2) / 2)
    in_time = np.exp(-(((pixels - rng.normal(3.5, 0.5, (events, 1))) / 0.9) ** 2) / 2)
    responses = rng.lognormal(6.0, 1.0, (events, 1, 1)) * in_pad[:, :, None] * in_time[:, None, :]
    info = DataInfo(testing.INFO.axes, "amplitude", "ADC", 1.0, conditions)
    return Sample(info, np.where(responses < 1, 0, responses).astype(np.float32), values, np.arange(events))


def measure(real: Sample, generated: Sample, *representations: str) -> Measurement:
    params = ClusterShape.Params(representations=representations or ("log", "linear"))
    return ClusterShape().measure(params, real, generated, np.random.default_rng(5))


def pearson(sample: Sample, representation: str) -> np.ndarray:
    """Of each condition with each measure, (conditions, measures)."""
    found = measures(REPRESENTATIONS[representation].weights(sample.responses))
    both = np.corrcoef(np.concatenate([sample.conditions, found], axis=1).T)
    return both[: sample.conditions.shape[1], sample.conditions.shape[1] :]


def skewed(events: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two conditions and three measures, none of them Gaussian, correlated by 0, a little and much."""
    x = np.stack([rng.uniform(0, 15, events), rng.exponential(2, events)], axis=1)
    noise = rng.exponential(1, (3, events))
    return x, np.stack([noise[0], x[:, 0] + 20 * noise[1], x[:, 1] ** 1.5 + x[:, 0] * noise[2]], axis=1)


def test_values_are_numpys_and_errors_those_of_the_bootstrap() -> None:
    rng = np.random.default_rng(1)
    x, y = skewed(3000, rng)
    found = correlations(x, y)
    np.testing.assert_allclose(found.value, np.corrcoef(x.T, y.T)[:2, 2:], rtol=1e-10, atol=1e-12)
    replicas = []
    for _ in range(1500):  # fix the error to 2%
        drawn = rng.integers(3000, size=3000)
        replicas.append(np.corrcoef(x[drawn].T, y[drawn].T)[:2, 2:])
    np.testing.assert_allclose(found.error, np.std(replicas, axis=0, ddof=1), rtol=0.1)


def test_errors_are_the_spread_of_repeated_experiments() -> None:
    rng = np.random.default_rng(2)
    experiments = [correlations(*skewed(1000, rng)) for _ in range(1000)]
    spread = np.std([found.value for found in experiments], axis=0, ddof=1)
    mean_error = np.sqrt(np.mean([found.error**2 for found in experiments], axis=0))
    np.testing.assert_allclose(mean_error, spread, rtol=0.12)


def test_error_of_a_gaussian() -> None:
    """(1 - r^2) / sqrt(n), the textbook's."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(100_000, 1))
    found = correlations(x, 0.6 * x + 0.8 * rng.normal(size=x.shape))
    assert found.value == pytest.approx(0.6, abs=0.01)
    assert found.error == pytest.approx((1 - 0.6**2) / math.sqrt(100_000), rel=0.02)


@pytest.mark.parametrize("constant", [0.0, 16.941, 1e20])
def test_a_constant_has_no_correlation(constant: float) -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(300, 2)), rng.normal(size=(300, 2))
    x[:, 1] = np.float32(constant)
    found = correlations(x, y)
    assert np.isfinite(found.value[0]).all()
    assert np.isnan(found.value[1]).all()
    assert np.isnan(found.error[1]).all()
    assert np.isnan(correlations(y, x).value[:, 1]).all()


def test_two_points_have_no_correlation() -> None:
    found = correlations(np.array([[1.0], [2]]), np.array([[1.0], [3]]))
    assert np.isnan([found.value, found.error]).all()


def test_scores_are_the_correlations_of_each_sample() -> None:
    real, generated = (clusters(events, seed, conditions=(ANGLE, OFFSET)) for events, seed in ((300, 1), (200, 2)))
    scores = measure(real, generated).scores
    for name in ("log", "linear"):
        a, b = pearson(real, name), pearson(generated, name)
        for c, condition in enumerate(("angle", "dip_angle")):
            for k, column in enumerate(NAMES):
                rows = [
                    scores[f"{name}_{column}_correlation_{condition}_{row}"]
                    for row in ("real", "generated", "difference")
                ]
                values = a[c, k], b[c, k], b[c, k] - a[c, k]
                assert [row.value for row in rows] == pytest.approx(list(values), abs=1e-9)
                assert rows[2].error == pytest.approx(math.hypot(rows[0].error, rows[1].error))
                assert [row.unit for row in rows] == ["1"] * 3
                assert [row.better for row in rows] == ["none", "none", "zero" if name == "log" else "none"]
    linear_first = measure(real, generated, "linear", "log").scores
    for name, better in (("linear", "zero"), ("log", "none")):
        assert linear_first[f"{name}_width_pad_correlation_angle_difference"].better == better


def test_unconditional_data_have_no_correlations() -> None:
    events = clusters(50, 1)
    info = DataInfo(events.info.axes, "amplitude", "ADC", 1.0)
    bare = Sample(info, events.responses, np.zeros((50, 0), np.float32), events.event_ids)
    found = measure(bare, bare)
    assert not [name for name in found.scores if "correlation" in name]
    assert not [figure.name for figure in found.figures if "against" in figure.name]


def test_sees_that_a_generator_ignores_the_condition() -> None:
    real, follows, ignores = clusters(1500, 1), clusters(1500, 2), clusters(1500, 3, slope=0.0)
    good = measure(real, follows).scores["log_width_pad_correlation_angle_difference"]
    bad = measure(real, ignores).scores["log_width_pad_correlation_angle_difference"]
    assert abs(good.value) < 3 * good.error
    assert bad.value < -0.5
    assert abs(bad.value) > 10 * bad.error


def test_conditions_are_cut_with_the_responses() -> None:
    """Wherever the responses that have no shape stand."""
    real, generated = clusters(120, 1), clusters(80, 2)
    spoilt = generated.responses.copy()
    spoilt[::5] = 0
    spoilt[1::5] = np.where(spoilt[1::5] > 0, 1, 0)  # a shape in linear amplitude only
    spoilt[2, 3, 3], spoilt[3, 3, 3] = np.nan, np.inf
    found = measure(real, Sample(generated.info, spoilt, generated.conditions, generated.event_ids))
    number = np.arange(80)
    finite = (number % 5 != 0) & ~np.isin(number, (2, 3))
    kept = {"log": finite & (number % 5 != 1), "linear": finite}
    trends = {figure.name: figure for figure in found.figures if isinstance(figure, Scatter) and figure.trend}
    np.testing.assert_array_equal(
        trends["log_width_pad_against_angle"].generated[:, 0], generated.conditions[kept["log"], 0]
    )
    for name, mask in kept.items():
        sample = Sample(generated.info, spoilt, generated.conditions, generated.event_ids).take(mask)
        expected = pearson(sample, name)[0]
        values = [found.scores[f"{name}_{column}_correlation_angle_generated"].value for column in NAMES]
        assert values == pytest.approx(expected, abs=1e-9)


def test_a_constant_condition_is_noted() -> None:
    constant = Condition("dip_angle", "deg", 16.941, 16.941)
    real, generated = (clusters(50, seed, conditions=(ANGLE, constant)) for seed in (1, 2))
    found = measure(real, generated)
    for name, score in found.scores.items():
        if "correlation_dip_angle" in name:
            assert np.isnan(score.value), name
            assert score.error is None, name
        else:
            assert np.isfinite(score.value), name
    assert [note.split(",")[0] for note in found.notes] == [
        f"{title}: the correlation of dip_angle with every measure is undefined in the {sample} sample"
        for title in ("ln amplitude", "linear amplitude")
        for sample in ("real", "generated")
    ]


def test_a_constant_measure_is_noted() -> None:
    real, generated = clusters(50, 1), clusters(50, 2)
    column = generated.responses.copy()
    column[:, [0, 1, 2, 4, 5, 6, 7]] = 0
    column[:, 3, 3] = 5
    found = measure(real, Sample(generated.info, column, generated.conditions, generated.event_ids), "log")
    undefined = {name for name, score in found.scores.items() if np.isnan(score.value)}
    assert undefined == {
        f"log_{name}_correlation_angle_{row}"
        for name in ("centre_pad", "width_pad", "physgan_covariance")
        for row in ("generated", "difference")
    }
    (note,) = found.notes
    assert "angle with centre in pad, width in pad, PhysGAN's covariance of pad and time is undefined" in note


def test_trends_are_drawn_in_the_first_representation() -> None:
    real, generated = clusters(40, 1), clusters(30, 2)
    for name, other in (("log", "linear"), ("linear", "log")):
        figures = {figure.name: figure for figure in measure(real, generated, name, other).figures}
        trends = {key: figure for key, figure in figures.items() if getattr(figure, "trend", False)}
        assert set(trends) == {f"{name}_{column}_against_angle" for column in NAMES}
        for k, column in enumerate(NAMES):
            trend = trends[f"{name}_{column}_against_angle"]
            for drawn, sample in ((trend.real, real), (trend.generated, generated)):
                values = measures(REPRESENTATIONS[name].weights(sample.responses))[:, k]
                np.testing.assert_allclose(drawn, np.stack([sample.conditions[:, 0], values], axis=1))
            assert trend.labels[0] == "angle"
            assert trend.units == ("deg", figures[f"{name}_{column}"].unit)
