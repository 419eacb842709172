"""Chi2 of profiles, against a loop over features, conditions and bins."""

import itertools
import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from plugins.fidelity.features import described, features
from plugins.fidelity.moments import Moments, moments, squared_pulls
from plugins.fidelity.profiles import Profiles
from plugins.tpc_digits import TpcDigits
from runner.api import Condition, Profile, Sample
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
    with_responses,
    without_conditions,
    without_tail,
)

METRIC = Profiles()


def by_loops(numbers: np.ndarray) -> tuple[float, float, float, float]:
    """Mean and standard deviation with their errors, from sums over events."""
    n = len(numbers)
    mean = sum(numbers) / n
    variance = sum((x - mean) ** 2 for x in numbers) / (n - 1)
    fourth = sum((x - mean) ** 4 for x in numbers) / n
    of_variance = math.sqrt((fourth - variance**2 * (n - 3) / (n - 1)) / n)
    return mean, math.sqrt(variance / n), math.sqrt(variance), of_variance / (2 * math.sqrt(variance))


def with_hits_below_threshold(sample: Sample) -> Sample:
    """A tenth of the empty pixels at half a threshold."""
    leaking = (sample.responses == 0) & (np.random.default_rng(8).random(sample.responses.shape) < 0.1)
    return with_responses(sample, np.where(leaking, sample.info.threshold / 2, sample.responses))


def constant(mean: float, events: int) -> Moments:
    return moments(np.full((events, 1), mean), np.zeros(events, np.int64), 1)


def test_scores_are_those_of_a_loop_over_features_conditions_and_bins() -> None:
    real, generated = part(0).take(slice(0, 400)), blurred(part(1)).take(slice(0, 300))
    found = values(METRIC.measure(METRIC.Params(bins=4, bootstrap=2), real, generated, np.random.default_rng(0)))
    a, b = features(real), features(generated)
    columns, conditions = described(real.info), real.info.conditions
    terms = np.zeros((2, len(columns), len(conditions), 4))
    for c in range(len(conditions)):
        ends = [-np.inf, *np.quantile(real.conditions[:, c].astype(float), [0.25, 0.5, 0.75]), np.inf]
        for k, (low, high) in enumerate(itertools.pairwise(ends)):
            inside = [(s.conditions[:, c] >= low) & (s.conditions[:, c] < high) for s in (real, generated)]
            for f in range(len(columns)):
                mean_r, error_r, sd_r, sd_error_r = by_loops(a[inside[0], f])
                mean_g, error_g, sd_g, sd_error_g = by_loops(b[inside[1], f])
                terms[0, f, c, k] = (mean_r - mean_g) ** 2 / (error_r**2 + error_g**2)
                terms[1, f, c, k] = (sd_r - sd_g) ** 2 / (sd_error_r**2 + sd_error_g**2)
    assert found.pop("chi2_ndf") == pytest.approx(terms.mean())
    assert found.pop("means") == pytest.approx(terms[0].mean())
    assert found.pop("deviations") == pytest.approx(terms[1].mean())
    for f, column in enumerate(columns):
        assert found.pop(column.name) == pytest.approx(terms[:, f].mean())
    for c, condition in enumerate(conditions):
        assert found.pop(f"at_{condition.name}") == pytest.approx(terms[:, :, c].mean())
    assert not found


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_errors_are_the_scatter_of_samples_whatever_their_distribution(draw: str) -> None:
    samples = getattr(np.random.default_rng(4), draw)(size=(4000, 100))
    found = moments(samples.ravel()[:, None], np.repeat(np.arange(4000), 100), 4000)
    means, deviations = samples.mean(axis=1), samples.std(axis=1, ddof=1)
    np.testing.assert_allclose(found.mean[:, 0], means)
    np.testing.assert_allclose(found.sd[:, 0], deviations)
    assert np.sqrt((found.mean_error**2).mean()) == pytest.approx(means.std(), rel=0.04)
    # the fourth moment of 100 events of an exponential is a little too small in the mean
    assert np.sqrt((found.sd_error**2).mean()) == pytest.approx(deviations.std(), rel=0.08)


def test_constants_agree_or_count_as_many_as_there_are_events() -> None:
    real = constant(0.3, 30)
    assert real.sd[0, 0] == real.sd_error[0, 0] == 0  # although a sum of 30 times 0.3 is not 9
    for other, expected in ((0.3, 0), (0.4, 50)):
        generated = constant(other, 20)
        pooled = np.repeat([0.3, other], [30, 20])
        assert squared_pulls(generated.mean - real.mean, np.zeros((1, 1)), real, generated)[0, 0] == expected
        if expected:
            variance = pooled.var() * (1 / 30 + 1 / 20)
            assert (other - 0.3) ** 2 / variance == pytest.approx(expected)


def test_bins_with_few_events_are_left_out_and_counted() -> None:
    real, generated = part(0), part(1)
    low = generated.conditions[:, 0] < np.quantile(real.conditions[:, 0], 0.1)
    found = measured(METRIC, real, generated.take(~low))
    assert found.notes[0] == "1 of 30 bins have fewer than 10 events and are left out"
    assert np.isfinite(values(found)["chi2_ndf"])


def test_it_sees_shuffled_conditions_a_blur_a_lost_tail_and_hits_below_threshold() -> None:
    faults = [unchanged, shuffled, blurred, partial(without_tail, share=0.2), with_hits_below_threshold]
    same, *seen = excess(METRIC, faults)
    assert abs(same) < 3
    assert min(seen) > 3
    assert min(seen[0], seen[1], seen[3]) > 30


def test_the_largest_contributions_are_named() -> None:
    note = measured(METRIC, part(0), shuffled(part(1))).notes[-1]
    assert note.startswith("largest contributions to chi2, of two terms each: mean pad at pad coordinate ")
    assert len(note.split("; ")) == 10
    contributions = [float(one.rsplit(": ", 1)[1]) for one in note.split("; ")]
    assert contributions == sorted(contributions, reverse=True)


def test_figures_are_the_profiles_with_the_largest_chi2() -> None:
    real, generated = part(0), shuffled(part(1))
    found = METRIC.measure(METRIC.Params(figures=2, bootstrap=2), real, generated, np.random.default_rng(0))
    first, second = found.figures
    assert isinstance(first, Profile)
    assert isinstance(second, Profile)
    assert first.name == "mean_pad_against_pad_coordinate"
    assert (first.labels, first.units) == (("pad coordinate", "mean pad"), ("pad", "pad"))
    assert pulls(first) > pulls(second) > 3
    column = [condition.name for condition in real.info.conditions].index("pad_coordinate")
    assert first.edges[[0, -1]].tolist() == [40, 41]
    inside = (real.conditions[:, column] >= first.edges[3]) & (real.conditions[:, column] < first.edges[4])
    mean, error, sd, _ = by_loops(features(real)[inside, 0])
    np.testing.assert_allclose(first.real[:, 3], [mean, error, sd])
    assert not METRIC.measure(METRIC.Params(figures=0), real, generated, np.random.default_rng(0)).figures


def pulls(figure: Profile) -> float:
    return float((np.abs(figure.real[0] - figure.generated[0]) / np.hypot(figure.real[1], figure.generated[1])).mean())


@pytest.mark.parametrize(("share", "edges"), [(2, [23, 28, 33]), (3, [23, 33, 43])])
def test_a_condition_of_two_values_has_two_bins_of_some_width(share: int, edges: list[float]) -> None:
    real, generated = (in_two_rows(part(number), share) for number in (0, 1))
    found = METRIC.measure(METRIC.Params(bootstrap=2), real, generated, np.random.default_rng(0))
    figure = found.figures[0]
    assert isinstance(figure, Profile)
    np.testing.assert_array_equal(figure.edges, edges)
    assert np.isfinite(figure.real).all()
    assert len(found.notes) == 1


def in_two_rows(sample: Sample, share: int) -> Sample:
    """One event of `share` in row 23."""
    info = replace(sample.info, conditions=(Condition("row", "", 23, 33),))
    rows = np.where(np.arange(len(sample)) % share, 33, 23).astype(np.float32)
    return Sample(info, sample.responses, rows[:, None], sample.event_ids)


def test_without_conditions_all_events_are_one_bin() -> None:
    real, generated = without_conditions(part(0)), without_conditions(blurred(part(1)))
    found = measured(METRIC, real, generated)
    assert found.notes[0] == "the data have no conditions: means and spreads of all events are compared, in one bin"
    assert "width in pad of all events: " in found.notes[1]
    assert not found.figures
    of = values(found)
    assert len(of) == 16
    mean_r, error_r, sd_r, sd_error_r = by_loops(features(real)[:, 2])
    mean_g, error_g, sd_g, sd_error_g = by_loops(features(generated)[:, 2])
    terms = (mean_r - mean_g) ** 2 / (error_r**2 + error_g**2), (sd_r - sd_g) ** 2 / (sd_error_r**2 + sd_error_g**2)
    assert of["width_pad"] == pytest.approx(np.mean(terms))


def test_empty_broken_and_few_responses() -> None:
    assert values(measured(METRIC, part(0), empty(part(1))))["chi2_ndf"] > 100
    assert values(measured(METRIC, empty(part(0)), empty(part(1))))["chi2_ndf"] == 0
    found = measured(METRIC, part(0), broken(part(1)))
    assert values(found) == values(measured(METRIC, part(0), part(1).take(slice(3, None))))
    assert found.notes[0].startswith("3 responses")
    for few in (1, 5):
        found = measured(METRIC, part(0), part(1).take(slice(0, few)))
        assert np.isnan(list(values(found).values())).all()
        assert not found.figures
        assert "few" in found.notes[0]


@pytest.mark.data
def test_real_responses_that_do_not_follow_the_crossing_angle(mpd_data: Path) -> None:
    dataset = TpcDigits()
    angles = [{"name": "crossing_angle", "range": (0, 15)}, {"name": "dip_angle", "use": False}]
    path = mpd_data / "mpd" / "digits_crossing_angle.csv"
    events = dataset.load(dataset.Params(path=path, conditions=angles), np.random.default_rng(0))
    events = events.take(np.random.default_rng(1).permutation(len(events)))
    half = len(events) // 2
    real, other = events.take(slice(0, half)), events.take(slice(half, 2 * half))
    same, wrong = (measured(METRIC, real, generated).scores["chi2_ndf"] for generated in (other, shuffled(other)))
    assert same.error is not None
    assert abs(same.value - 1) < 3 * same.error
    assert wrong.value > 3
