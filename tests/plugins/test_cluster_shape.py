import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from plugins.cluster_shape import ClusterShape
from plugins.cluster_shape.measures import REPRESENTATIONS, measures
from plugins.cluster_shape.two_sample import differences, distances, means, ratios, standard_deviations
from runner import testing
from runner.api import Axis, DataError, DataInfo, Histogram, Measurement, Sample, Scatter

INFO = DataInfo(testing.INFO.axes, "amplitude", "ADC", threshold=1.0)
NAMES = (
    "centre_pad",
    "centre_time",
    "max_amplitude",
    "mean_amplitude",
    "width_pad",
    "width_time",
    "physgan_covariance",
)


def sample(responses: np.ndarray, info: DataInfo = INFO) -> Sample:
    events = len(responses)
    return Sample(info, responses.astype(np.float32), np.zeros((events, 0), np.float32), np.arange(events))


def clusters(events: int, seed: int) -> Sample:
    """Gaussian clusters of log-normal size, at least two pixels from the border."""
    rng = np.random.default_rng(seed)
    pixels = np.arange(8)
    pad, time = (
        np.exp(-(((pixels - rng.normal(3.3, 0.3, (events, 1))) / rng.normal(width, 0.05, (events, 1))) ** 2) / 2)
        for width in (0.6, 0.9)
    )
    size = rng.lognormal(5.0, 1.0, events)
    responses = size[:, None, None] * pad[:, :, None] * time[:, None, :]
    responses[:, [0, 1, -2, -1]] = 0
    return sample(np.where(responses < 1, 0, responses))


def measure(real: Sample, generated: Sample, *representations: str) -> Measurement:
    params = ClusterShape.Params(representations=representations or ("log", "linear"))
    return ClusterShape().measure(params, real, generated, np.random.default_rng(5))


def by_hand(amplitudes: np.ndarray, representation: str) -> list[float]:
    """The seven measures of one response, pixel by pixel."""
    hits = [
        (i, j, math.log(amplitude) if representation == "log" else float(amplitude))
        for (i, j), amplitude in np.ndenumerate(amplitudes)
        if amplitude > 0
    ]
    total = sum(w for _, _, w in hits)

    def average(quantity: Callable[[int, int], float]) -> float:
        return sum(w * quantity(i, j) for i, j, w in hits) / total

    x, y = average(lambda i, j: i), average(lambda i, j: j)
    product = average(lambda i, j: (i - x) * (j - y))
    return [
        x,
        y,
        max(w for _, _, w in hits),
        total / amplitudes.size,
        math.sqrt(average(lambda i, j: (i - x) ** 2)),
        math.sqrt(average(lambda i, j: (j - y) ** 2)),
        math.sqrt(average(lambda i, j: ((i - x) * (j - y) - product) ** 2)),
    ]


@pytest.mark.parametrize("representation", ["log", "linear"])
@pytest.mark.parametrize("shape", [(8, 8), (5, 3), (1, 4)])
def test_measures_pixel_by_pixel(representation: str, shape: tuple[int, int]) -> None:
    axes = tuple(Axis(name, size) for name, size in zip(("pad", "time"), shape, strict=True))
    responses = testing.sample(DataInfo(axes, "amplitude", "ADC", 1.0), events=100).responses
    responses = responses[responses.any(axis=(1, 2))]
    found = measures(REPRESENTATIONS[representation].weights(responses))
    np.testing.assert_allclose(found, [by_hand(one, representation) for one in responses], rtol=1e-9, atol=1e-7)


def test_scores_are_those_of_the_measures() -> None:
    real, generated = clusters(300, 1), clusters(200, 2)
    scores = measure(real, generated).scores
    for name in ("log", "linear"):
        a, b = (np.array([by_hand(one, name) for one in events.responses]) for events in (real, generated))
        for k, column in enumerate(NAMES):
            found = {row: scores[f"{name}_{column}_{row}"] for row in ("ks", "ks_p", "mean_difference", "sd_ratio")}
            test = stats.ks_2samp(a[:, k], b[:, k], method="asymp")
            assert found["ks"].value == pytest.approx(test.statistic * math.sqrt(300 * 200 / 500))
            assert found["ks_p"].value == pytest.approx(test.pvalue)
            assert found["mean_difference"].value == pytest.approx(b[:, k].mean() - a[:, k].mean(), abs=1e-9)
            standard_error = math.sqrt(a[:, k].var(ddof=1) / 300 + b[:, k].var(ddof=1) / 200)
            assert found["mean_difference"].error == pytest.approx(standard_error)
            assert found["sd_ratio"].value == pytest.approx(b[:, k].std(ddof=1) / a[:, k].std(ddof=1))
            assert scores[f"{name}_{column}_real_mean"].error == pytest.approx(a[:, k].std(ddof=1) / math.sqrt(300))
            assert scores[f"{name}_{column}_generated_sd"].value == pytest.approx(b[:, k].std(ddof=1))


def test_units_directions_and_headline() -> None:
    metric, found = ClusterShape(), measure(clusters(50, 1), clusters(50, 2))
    assert metric.headline == next(iter(found.scores)) == "largest_ks"
    assert found.scores["largest_ks"].value == max(found.scores[f"log_{name}_ks"].value for name in NAMES)
    linear_first = measure(clusters(50, 1), clusters(50, 2), "linear", "log").scores
    assert linear_first["largest_ks"].value == max(linear_first[f"linear_{name}_ks"].value for name in NAMES)

    expected = {"largest_ks": ("1", "lower"), "empty_responses": ("1", "zero")}
    for name, weight in (("log", "ln ADC"), ("linear", "ADC")):
        units = ("pad", "time bin", weight, weight, "pad", "time bin", "pad x time bin")
        for column, unit in zip(NAMES, units, strict=True):
            expected |= {
                f"{name}_{column}_ks": ("1", "lower"),
                f"{name}_{column}_ks_p": ("1", "none"),
                f"{name}_{column}_mean_difference": (unit, "zero"),
                f"{name}_{column}_sd_ratio": ("1", "one"),
            }
            rows = ("real_mean", "generated_mean", "real_sd", "generated_sd")
            expected |= {f"{name}_{column}_{row}": (unit, "none") for row in rows}
    assert {name: (score.unit, score.better) for name, score in found.scores.items()} == expected
    assert {name for name, score in found.scores.items() if score.error is None} == {
        name for name in expected if name.endswith("_ks_p")
    }
    assert metric.version == 2
    assert {figure.name: figure.unit for figure in found.figures if isinstance(figure, Histogram)} == {
        name.removesuffix("_real_mean"): unit for name, (unit, _) in expected.items() if name.endswith("real_mean")
    } | {"amplitude_spectrum": "ln ADC", "amplitude_spectrum_linear": "ADC"}
    assert {figure.name: figure.units for figure in found.figures if isinstance(figure, Scatter)} == {
        f"{name}_centres": ("pad", "time bin") for name in ("log", "linear")
    }


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_errors_are_the_spread_of_repeated_experiments(draw: str) -> None:
    rng = np.random.default_rng(0)
    real, generated = (9 * getattr(rng, f"standard_{draw}")((events, 3000)) for events in (400, 600))
    for found in (
        means(real),
        standard_deviations(real),
        differences(means(real), means(generated)),
        ratios(standard_deviations(real), standard_deviations(generated)),
    ):
        assert np.sqrt((found.error**2).mean()) == pytest.approx(found.value.std(ddof=1), rel=0.06)


def test_error_of_a_standard_deviation_of_few_events() -> None:
    """For 0, 0, 0, 0, 5: s^2 = 5, m4 = 52, var(s^2) = (52 - 25 * 2 / 4) / 5 = 7.9."""
    found = standard_deviations(np.array([[0.0], [0], [0], [0], [5]]))
    assert found.value == pytest.approx(math.sqrt(5))
    assert found.error == pytest.approx(math.sqrt(7.9) / (2 * math.sqrt(5)))


def test_errors_of_a_gaussian() -> None:
    values = np.random.default_rng(1).normal(7, 9, (200_000, 1))
    assert means(values).error == pytest.approx(9 / math.sqrt(200_000), rel=0.01)
    assert standard_deviations(values).error == pytest.approx(9 / math.sqrt(2 * 200_000), rel=0.01)


def test_a_constant_measure_has_no_ratio() -> None:
    constant = np.full((5, 1), 2.0)
    assert standard_deviations(constant).value == standard_deviations(constant).error == 0
    ratio = ratios(standard_deviations(constant), standard_deviations(np.arange(5.0)[:, None]))
    assert np.isnan([ratio.value, ratio.error]).all()


def test_equal_samples_exceed_the_critical_value_in_one_of_twenty() -> None:
    rng = np.random.default_rng(2)
    found = distances(rng.normal(size=(1500, 500)), rng.normal(size=(1000, 500)), rng)
    # 500 experiments: 25 +- 5
    assert 0.02 < (found.value > 1.358).mean() < 0.08
    assert 0.02 < (found.p_value < 0.05).mean() < 0.08
    np.testing.assert_allclose(found.p_value, special.kolmogorov(found.value), atol=0.015)


def test_bootstrap_replicas_are_distances_of_resampled_events() -> None:
    rng = np.random.default_rng(3)
    real, generated = rng.integers(6, size=(40, 2)) / 1.0, rng.integers(1, 8, size=(30, 2)) / 1.0  # with ties
    found = distances(real, generated, np.random.default_rng(4))
    again = np.random.default_rng(4)
    rows = [again.integers(events, size=(len(found.replicas), events)) for events in (40, 30)]
    expected = [
        [stats.ks_2samp(real[a, k], generated[b, k], method="asymp").statistic for k in range(2)]
        for a, b in zip(*rows, strict=True)
    ]
    np.testing.assert_allclose(found.replicas, math.sqrt(40 * 30 / 70) * np.array(expected))
    assert found.error == pytest.approx(found.replicas.std(axis=0, ddof=1))
    assert found.largest == (found.value.max(), pytest.approx(found.replicas.max(axis=1).std(ddof=1)))


def test_bootstrap_error_is_the_spread_of_repeated_experiments() -> None:
    rng = np.random.default_rng(6)
    found = distances(rng.normal(size=(300, 400)), rng.normal(0.7, size=(200, 400)), rng)
    assert found.error.mean() == pytest.approx(found.value.std(ddof=1), rel=0.2)


def assert_at_the_floor(found: Measurement) -> None:
    assert found.scores["largest_ks"].value < 2
    for name, score in found.scores.items():
        if name.endswith("mean_difference"):
            assert abs(score.value) < 4 * score.error, name
        elif name.endswith("_ks"):
            assert score.value < 2, name
        elif name.endswith("sd_ratio"):
            assert abs(score.value - 1) < 5 * score.error, name


def test_halves_of_one_sample_stay_at_the_floor() -> None:
    events = clusters(3000, 7)
    assert_at_the_floor(measure(events.take(slice(0, None, 2)), events.take(slice(1, None, 2))))


def blur(responses: np.ndarray) -> np.ndarray:
    for axis in (1, 2):
        responses = (np.roll(responses, -1, axis) + 2 * responses + np.roll(responses, 1, axis)) / 4
    return np.where(responses < 1, 0, responses)


@pytest.mark.parametrize(
    ("fault", "score", "expected"),
    [
        (blur, "log_width_pad_mean_difference", (0.1, 1.0)),
        (blur, "linear_width_time_mean_difference", (0.1, 1.0)),
        (lambda r: np.roll(r, 1, axis=1), "log_centre_pad_mean_difference", (0.95, 1.05)),
        (lambda r: np.roll(r, -1, axis=2), "linear_centre_time_mean_difference", (-1.05, -0.95)),
        (lambda r: 2 * r, "log_max_amplitude_mean_difference", (0.6, 0.8)),  # ln 2
        (lambda r: 2 * r, "linear_mean_amplitude_mean_difference", (10.0, 17.0)),
        (lambda r: np.minimum(r, 500), "linear_max_amplitude_sd_ratio", (0.1, 0.8)),
        (lambda r: np.where(r > 5, r, 0), "log_mean_amplitude_mean_difference", (-1.0, -0.02)),
    ],
    ids=["blur-log", "blur-linear", "shift-pad", "shift-time", "gain-log", "gain-linear", "tail", "threshold"],
)
def test_sees_the_fault(fault: Callable[[np.ndarray], np.ndarray], score: str, expected: tuple[float, float]) -> None:
    real, faulty = clusters(1500, 8), sample(fault(clusters(1500, 9).responses))
    found = measure(real, faulty).scores
    low, high = expected
    assert low < found[score].value < high
    good = 1 if score.endswith("ratio") else 0
    assert abs(found[score].value - good) > 5 * found[score].error
    assert found[score.removesuffix("_mean_difference").removesuffix("_sd_ratio") + "_ks"].value > 2


def test_figures_hold_the_values_of_both_samples() -> None:
    real, generated = clusters(30, 1), clusters(20, 2)
    figures = {figure.name: figure for figure in measure(real, generated).figures}
    for name in ("log", "linear"):
        a, b = (np.array([by_hand(one, name) for one in events.responses]) for events in (real, generated))
        for k, column in enumerate(NAMES):
            figure = figures[f"{name}_{column}"]
            np.testing.assert_allclose(figure.real, a[:, k], rtol=1e-6, atol=1e-7)
            np.testing.assert_allclose(figure.generated, b[:, k], rtol=1e-6, atol=1e-7)
            assert not figure.log_y
        centres = figures[f"{name}_centres"]
        np.testing.assert_allclose(centres.real, a[:, :2], rtol=1e-6)
        np.testing.assert_allclose(centres.generated, b[:, :2], rtol=1e-6)
        assert not centres.trend
    spectrum, linear = figures["amplitude_spectrum"], figures["amplitude_spectrum_linear"]
    assert spectrum.log_y
    assert linear.log_y
    for logarithms, amplitudes, events in (
        (spectrum.real, linear.real, real),
        (spectrum.generated, linear.generated, generated),
    ):
        hits = [float(amplitude) for amplitude in events.responses.flat if amplitude > 0]
        np.testing.assert_allclose(amplitudes, hits)
        np.testing.assert_allclose(logarithms, np.log(hits), rtol=1e-5, atol=1e-6)


def test_empty_and_broken_responses_are_counted_and_left_out() -> None:
    real, generated = clusters(60, 1), clusters(40, 2)
    spoilt = generated.responses.copy()
    spoilt[:10] = 0
    spoilt[10, 3, 3], spoilt[11, 3, 3] = np.nan, np.inf
    found, clean = measure(real, sample(spoilt)), measure(real, generated.take(slice(12, None)))
    assert {n: s for n, s in found.scores.items() if n != "empty_responses"} == {
        n: s for n, s in clean.scores.items() if n != "empty_responses"
    }
    assert [note.split(";")[0] for note in found.notes] == [
        "0 of 60 real and 10 of 40 generated responses have no hit",
        "0 of 60 real and 2 of 40 generated responses hold NaN or infinite amplitudes",
    ]
    empty = found.scores["empty_responses"]
    assert empty.value == 0.25
    variances = [(k + 1) * (n - k + 1) / ((n + 2) ** 2 * (n + 3)) for k, n in ((0, 60), (10, 40))]
    assert empty.error == pytest.approx(math.sqrt(sum(variances)))
    assert not clean.notes


def test_hits_of_one_weigh_nothing_in_log() -> None:
    ones = clusters(20, 1).responses
    ones[:5] = ones[:5] > 0
    found = measure(sample(ones), clusters(20, 2))
    (note,) = found.notes
    assert "5 of 20 real and 0 of 20 generated responses have only hits of amplitude 1" in note
    figures = {figure.name: len(figure.real) for figure in found.figures}
    assert (figures["log_width_pad"], figures["linear_width_pad"]) == (15, 20)


def test_one_row_of_pixels_has_no_width() -> None:
    """Exactly 0, so that a constant is seen as one."""
    responses = clusters(200, 1).responses
    responses[:, [i for i in range(8) if i != 3]] = 0
    found = measures(REPRESENTATIONS["log"].weights(responses[responses.any(axis=(1, 2))]))
    assert (found[:, 0] == 3).all()
    assert (found[:, [4, 6]] == 0).all()
    assert (found[:, 5] > 0).any()


@pytest.mark.parametrize(("real_hits", "generated_hits"), [(20, 0), (0, 20), (20, 1), (1, 1), (0, 0)])
def test_too_few_responses_leave_the_scores_undefined(real_hits: int, generated_hits: int) -> None:
    real, generated = clusters(20, 1).responses, clusters(20, 2).responses
    real[real_hits:], generated[generated_hits:] = 0, 0
    found = measure(sample(real), sample(generated))
    assert np.isfinite(found.scores["empty_responses"].value)
    for name, score in found.scores.items():
        if name != "empty_responses":
            assert np.isnan(score.value), name
            assert score.error is None, name
    undefined = [note for note in found.notes if note.endswith("its scores are undefined")]
    counts = f"{real_hits} real and {generated_hits} generated responses have a shape"
    assert [note.split(":")[0] for note in undefined] == ["ln amplitude", "linear amplitude"]
    assert all(counts in note for note in undefined)


def test_samples_without_events() -> None:
    found = measure(clusters(5, 1).take(slice(0, 0)), clusters(5, 1))
    assert all(np.isnan(score.value) for score in found.scores.values())


def test_amplitudes_below_one_have_no_weight_in_log() -> None:
    real, weak = clusters(20, 1), clusters(20, 2).responses
    weak[3, 3, 3] = 0.25
    with pytest.raises(DataError, match=r"amplitude of 0\.25 .* 'representations: \[linear\]'"):
        measure(real, sample(weak))
    assert np.isfinite(measure(real, sample(weak), "linear").scores["largest_ks"].value)


@pytest.mark.parametrize("representation", ["log", "linear"])
def test_negative_amplitudes_are_refused(representation: str) -> None:
    negative = clusters(20, 2).responses
    negative[3, 3, 3] = -2
    with pytest.raises(DataError, match=r"amplitude of -2 is no weight.*threshold"):
        measure(clusters(20, 1), sample(negative), representation)


@pytest.mark.parametrize("names", ["x", "xyz"])
def test_only_images_are_measured(names: str) -> None:
    info = DataInfo(tuple(Axis(name, 4) for name in names), "energy", "GeV", 1.0)
    events = sample(np.ones((3, *info.shape)), info)
    with pytest.raises(DataError, match=rf"have {len(names)} \({', '.join(names)}\).*evaluation\.metrics"):
        measure(events, events)


@pytest.fixture(scope="module")
def mpd(mpd_data: Path) -> Sample:
    table = np.loadtxt(mpd_data / "mpd" / "digits_unconditional.csv", delimiter=",", skiprows=1)
    numbers, event = np.unique(table[:, 0], return_inverse=True)
    responses = np.zeros((len(numbers), *INFO.shape), np.float32)
    responses[event, table[:, 1].astype(int) - 40, table[:, 2].astype(int) - 267] = table[:, 3]
    return sample(responses)


@pytest.mark.data
def test_halves_of_the_real_sample_stay_at_the_floor(mpd: Sample) -> None:
    assert_at_the_floor(measure(mpd.take(slice(0, None, 2)), mpd.take(slice(1, None, 2))))
