"""Features and conditions as inputs, against loops."""

import math

import numpy as np
import pytest

from plugins.fidelity import runner_metrics
from plugins.fidelity.bootstrap import estimate
from plugins.fidelity.comparable import comparable
from plugins.fidelity.conditions import phi
from plugins.fidelity.features import described, features, usable
from runner.api import Axis, Condition, DataError, DataInfo, Metric, Sample
from tests.plugins.fidelity_samples import broken, empty, measured, part, with_responses, without_conditions

SAMPLE = part(0).take(slice(0, 40))


def by_loops(image: np.ndarray) -> list[float]:
    """The definitions, pixel by pixel."""
    total = sum(float(a) for a in image.ravel())
    hits = [(i, j, float(image[i, j])) for i in range(len(image)) for j in range(len(image[0])) if image[i, j] > 0]
    mean_i = sum(a * i for i, _, a in hits) / total
    mean_j = sum(a * j for _, j, a in hits) / total
    pads = [sum(a for i, _, a in hits if i == pad) for pad in range(len(image))]
    times = [sum(a for _, j, a in hits if j == time) for time in range(len(image[0]))]
    largest = max(a for _, _, a in hits)
    return [
        mean_i,
        mean_j,
        math.sqrt(sum(a * (i - mean_i) ** 2 for i, _, a in hits) / total),
        math.sqrt(sum(a * (j - mean_j) ** 2 for _, j, a in hits) / total),
        sum(a * (i - mean_i) * (j - mean_j) for i, j, a in hits) / total,
        math.log10(total),
        len(hits),
        sum(pad > 0 for pad in pads),
        sum(time > 0 for time in times),
        math.log10(largest),
        largest / total,
        max(pads) / total,
        max(times) / total,
    ]


def test_features_are_those_of_a_loop_over_pixels() -> None:
    expected = [by_loops(image) for image in SAMPLE.responses]
    np.testing.assert_allclose(features(SAMPLE), expected, rtol=1e-9, atol=1e-9)
    assert len(described(SAMPLE.info)) == features(SAMPLE).shape[1] == 13


def test_names_follow_the_axes_and_are_unique() -> None:
    names = [column.name for column in described(SAMPLE.info)]
    assert names[:3] == ["mean_pad", "mean_time", "width_pad"]
    assert len(set(names)) == 13


def test_a_response_without_a_hit_has_features_of_0() -> None:
    assert (features(empty(SAMPLE)) == 0).all()


def test_one_hit_has_no_width() -> None:
    responses = np.zeros_like(SAMPLE.responses[:1])
    responses[0, 2, 5] = 100
    one = with_responses(SAMPLE.take([0]), responses)
    np.testing.assert_allclose(features(one)[0], [2, 5, 0, 0, 0, 2, 1, 1, 1, 2, 1, 1, 1], atol=1e-12)


def test_responses_that_are_no_images_are_refused() -> None:
    info = DataInfo((Axis("pad", 8),), "amplitude", "ADC", 1.0)
    line = Sample(info, np.ones((2, 8), np.float32), np.empty((2, 0), np.float32), np.arange(2))
    with pytest.raises(DataError, match=r"two axes, these have shape \(8,\)"):
        features(line)


def test_responses_that_are_not_finite_or_negative_are_left_out_with_a_note() -> None:
    kept, notes = usable(broken(SAMPLE))
    np.testing.assert_array_equal(kept.event_ids, SAMPLE.event_ids[3:])
    assert notes == ("3 responses with a NaN, infinite or negative amplitude are left out",)
    assert usable(SAMPLE) == (SAMPLE, ())


def test_too_few_real_responses_are_an_error_and_too_few_generated_ones_a_note() -> None:
    with pytest.raises(DataError, match="1 of 4 real responses"):
        comparable(broken(SAMPLE).take(slice(0, 4)), SAMPLE)
    found = comparable(SAMPLE, SAMPLE.take([0]))
    assert not found.enough
    assert found.notes[-1] == "1 usable generated responses are too few to compare: the scores are undefined"


def with_nan(share: float) -> Sample:
    responses = part(1).responses.copy()
    responses[: round(share * len(responses)), 0, 0] = np.nan
    return with_responses(part(1), responses)


def test_more_than_one_percent_of_unusable_responses_are_too_many() -> None:
    kept = comparable(part(0), with_nan(0.01))
    assert kept.enough
    assert len(kept.generated) == 792
    found = comparable(part(0), with_nan(0.01125))
    assert not found.enough
    assert found.notes == (
        "9 responses with a NaN, infinite or negative amplitude are left out",
        "these are more than 1% of the generated responses: the scores are undefined",
    )
    assert comparable(with_nan(0.2), part(0)).enough  # real responses are no model's


@pytest.mark.parametrize("metric", [m for m in runner_metrics() if "model" not in m.uses], ids=lambda m: m.name)
def test_a_model_that_has_diverged_is_scored_by_none(metric: Metric) -> None:
    used = {"training": part(2)} if metric.uses else {}
    found = measured(metric, part(0), with_nan(0.2), **used)
    main = metric.headline or next(iter(found.scores))
    assert np.isnan(found.scores[main].value)
    assert any("more than 1% of the generated responses" in note for note in found.notes)


def test_phi_is_standardised_with_the_real_events() -> None:
    real, other = SAMPLE, part(1).take(slice(0, 30))
    found = phi(other, real)
    expected = []
    for event in range(len(other)):
        row = []
        for k, condition in enumerate(real.info.conditions):
            known = [float(c) for c in real.conditions[:, k]]
            value = float(other.conditions[event, k])
            for power in (1, 2):
                powers = [c**power for c in known]
                mean = sum(powers) / len(powers)
                sd = math.sqrt(sum((p - mean) ** 2 for p in powers) / len(powers))
                row.append((value**power - mean) / sd)
            bin_ = {"crossing_angle": None, "drift_length": 0.545, "pad_coordinate": 1.0}[condition.name]
            if bin_:
                row += [math.sin(2 * math.pi * value / bin_), math.cos(2 * math.pi * value / bin_)]
        expected.append(row)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert found.shape == (30, 10)


def test_phi_leaves_out_constants_and_is_empty_without_conditions() -> None:
    info = DataInfo(SAMPLE.info.axes, "amplitude", "ADC", 1.0, (Condition("angle", "deg", 7, 7),))
    constant = Sample(info, SAMPLE.responses, np.full((len(SAMPLE), 1), 7, np.float32), SAMPLE.event_ids)
    assert phi(constant, constant).shape == (len(SAMPLE), 0)
    assert phi(without_conditions(SAMPLE), without_conditions(SAMPLE)).shape == (len(SAMPLE), 0)


def test_the_bootstrap_finds_the_error_of_a_difference_of_means() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, (400, 1)), rng.normal(0, 3, (900, 1))
    found = estimate(lambda x, y: y.mean(axis=0) - x.mean(axis=0), a, b, 400, rng)
    assert found.value[0] == pytest.approx(b.mean() - a.mean())
    assert found.error[0] == pytest.approx(math.hypot(1 / 20, 3 / 30), rel=0.15)


def test_the_bootstrap_draws_events_whole() -> None:
    rows = np.arange(50.0)[:, None] * [1, 2]

    def whole(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.array([np.abs(x[:, 1] - 2 * x[:, 0]).max() + np.abs(y[:, 1] - 2 * y[:, 0]).max()])

    assert not estimate(whole, rows, rows, 5, np.random.default_rng(0)).replicas.any()


def test_too_few_rows_are_undefined() -> None:
    found = estimate(lambda x, y: y.mean(axis=0), np.ones((5, 3)), np.ones((1, 3)), 5, np.random.default_rng(0))
    assert np.isnan(found.value).all()
    assert np.isnan(found.error).all()
    assert found.value.shape == found.error.shape == (3,)
