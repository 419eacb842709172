"""PhysGAN's measures against a rewriting of its formulae, and against what it published."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from plugins.cluster_shape import PhysganClusterShape
from plugins.keras_file import KerasGenerator
from plugins.tpc_digits import TpcDigits
from runner import testing
from runner.api import Axis, Condition, DataError, DataInfo, Measurement, Sample

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
ALL_EVENTS = 9999  # of the public file
REAL_LOG_MEANS = (3.19991, 3.37208, 6.86341, 1.32840, 0.90426, 1.33011, 1.11401)  # of the first 9,000
BEST_UNPARAMETERIZED_LOG_KS = (0.90, 0.69, 2.85, 1.95, 0.67, 1.65, 1.96)


def clusters(events: int, seed: int, info: DataInfo = INFO) -> Sample:
    """Gaussian clusters of log-normal size, wider in pads with the condition where there is one."""
    rng = np.random.default_rng(seed)
    conditions = rng.uniform(*info.condition_ranges, (events, len(info.conditions))).astype(np.float32)
    width = 0.7 + 0.04 * conditions.sum(axis=1, keepdims=True)
    pixels = np.arange(8)
    in_pad = np.exp(-(((pixels - rng.normal(3.3, 0.3, (events, 1))) / width) ** 2) / 2)
    in_time = np.exp(-(((pixels - rng.normal(3.5, 0.5, (events, 1))) / 0.9) ** 2) / 2)
    responses = rng.lognormal(6.0, 1.0, (events, 1, 1)) * in_pad[:, :, None] * in_time[:, None, :]
    return Sample(info, np.where(responses < 1, 0, responses).astype(np.float32), conditions, np.arange(events))


def measure(real: Sample, generated: Sample) -> Measurement:
    return PhysganClusterShape().measure(PhysganClusterShape.Params(), real, generated, np.random.default_rng(5))


def notebook(responses: np.ndarray, name: str) -> np.ndarray:
    """The measures of each image, image by image: ln A and 0, or exp() of that."""
    i, j = np.indices(responses.shape[1:])
    rows = []
    for amplitudes in responses.astype(np.float64):
        x = np.log(np.where(amplitudes > 0, amplitudes, 1))
        image = x if name == "log" else np.exp(x)
        p = image / image.sum()
        di, dj = i - (p * i).sum(), j - (p * j).sum()
        q = di * dj - (p * di * dj).sum()
        widths = [math.sqrt((p * square).sum()) for square in (di**2, dj**2, q**2)]
        rows.append([(p * i).sum(), (p * j).sum(), image.max(), image.mean(), *widths])
    return np.array(rows)


def test_scores_are_those_of_the_notebooks() -> None:
    real, generated = clusters(70, 1), clusters(50, 2)
    scores = measure(real, generated).scores
    for name in ("log", "linear"):
        a, b = notebook(real.responses[:50], name), notebook(generated.responses, name)
        for k, column in enumerate(NAMES):
            test = stats.ks_2samp(a[:, k], b[:, k], method="asymp")
            s = a[:, k].std(ddof=1)
            expected = {
                "ks": test.statistic * math.sqrt(50 / 2),
                "ks_p": test.pvalue,
                "mean_difference": b[:, k].mean() - a[:, k].mean(),
                "real_mean": a[:, k].mean(),
                "generated_mean": b[:, k].mean(),
                "real_sd": s,
                "generated_sd": b[:, k].std(ddof=1),
                "physgan_error": math.sqrt(s) / math.sqrt(50),
            }
            prefix = f"{name}_{column}_"
            found = {key.removeprefix(prefix): score for key, score in scores.items() if key.startswith(prefix)}
            assert {key: score.value for key, score in found.items()} == pytest.approx(expected, rel=1e-6, abs=1e-7)
            assert found["real_mean"].error == pytest.approx(s / math.sqrt(50), rel=1e-6)
            propagated = found["real_sd"].error / (2 * math.sqrt(50 * s))  # of sqrt(s / n)
            assert found["physgan_error"].error == pytest.approx(propagated, rel=1e-6)
            assert found["ks_p"].error is None
            assert found["ks"].error > 0


def test_what_it_declares() -> None:
    metric, scores = PhysganClusterShape(), measure(clusters(50, 1), clusters(50, 2)).scores
    assert (metric.judged_on, metric.version, metric.unit) == ("all", 1, "1")
    assert metric.headline == next(iter(scores)) == "largest_ks"
    assert scores["largest_ks"].value == max(scores[f"log_{name}_ks"].value for name in NAMES)
    assert scores["log_max_amplitude_physgan_error"].unit == "sqrt(ln ADC)"
    assert scores["linear_mean_amplitude_real_mean"].unit == "ADC"
    rows = ("ks", "ks_p", "mean_difference", "real_mean", "generated_mean", "real_sd", "generated_sd", "physgan_error")
    expected = {f"{name}_{column}_{row}" for name in ("log", "linear") for column in NAMES for row in rows}
    assert set(scores) == expected | {"largest_ks"}
    good = {"largest_ks": "lower", "ks": "lower", "mean_difference": "zero"}
    for name, score in scores.items():
        last = next((row for row in good if name.endswith(row)), None)
        assert score.better == (good[last] if last else "none"), name


def test_the_first_events_of_the_larger_sample_are_compared() -> None:
    real, generated = clusters(60, 1), clusters(40, 2)
    cut = measure(real.take(slice(0, 40)), generated)
    found = measure(real, generated)
    assert found.scores == cut.scores
    assert not cut.notes
    assert found.notes == ("the first 40 of 60 real responses are compared, as many as there are generated ones",)
    assert measure(generated, real).notes == (
        "the first 40 of 60 generated responses are compared, as many as there are real ones",
    )


def test_responses_without_hits_have_no_shape_in_log_and_are_ones_in_linear_amplitude() -> None:
    real, generated = clusters(60, 1), clusters(60, 2)
    spoilt = generated.responses.copy()
    spoilt[::6] = 0
    found = measure(real, Sample(INFO, spoilt, generated.conditions, generated.event_ids))
    assert found.notes == (
        "0 of 60 real and 10 of 60 generated responses have no hit; "
        "they are left out of the shapes in log, and images of ones in linear amplitude",
    )
    a, b = notebook(real.responses, "log"), notebook(spoilt[spoilt.any(axis=(1, 2))], "log")
    assert len(b) == 50
    distance = stats.ks_2samp(a[:, 4], b[:, 4]).statistic
    assert found.scores["log_width_pad_generated_mean"].value == pytest.approx(b[:, 4].mean())
    assert found.scores["log_width_pad_ks"].value == pytest.approx(distance * math.sqrt(60 * 50 / 110))
    linear = notebook(spoilt, "linear")
    assert linear[0, :4] == pytest.approx([3.5, 3.5, 1, 1])
    for k, column in enumerate(NAMES):
        assert found.scores[f"linear_{column}_generated_mean"].value == pytest.approx(linear[:, k].mean(), rel=1e-6)


@pytest.mark.parametrize("events", [0, 1, 20])
def test_a_generator_of_nothing_is_scored(events: int) -> None:
    real = clusters(20, 1)
    nothing = Sample(INFO, np.zeros((events, 8, 8), np.float32), np.zeros((events, 0), np.float32), np.arange(events))
    scores = measure(real, nothing).scores
    assert np.isnan(scores["largest_ks"].value)
    for name, score in scores.items():
        assert np.isfinite(score.value) == (name.startswith("linear") and events == 20), name


def test_correlations_with_conditions() -> None:
    info = DataInfo(INFO.axes, "amplitude", "ADC", 1.0, (Condition("angle", "deg", 0.0, 15.0),))
    real, generated = clusters(300, 1, info), clusters(200, 2, info)
    found = measure(real, generated)
    scores = found.scores
    for name in ("log", "linear"):
        for k, column in enumerate(NAMES):
            a, b = (
                np.corrcoef(sample.conditions[:200, 0], notebook(sample.responses[:200], name)[:, k])[0, 1]
                for sample in (real, generated)
            )
            prefix = f"{name}_{column}_correlation_angle"
            values = [scores[f"{prefix}_{row}"].value for row in ("real", "generated", "difference")]
            assert values == pytest.approx([a, b, b - a], rel=1e-6, abs=1e-7)
            assert scores[f"{prefix}_difference"].better == ("zero" if name == "log" else "none")
    assert scores["log_width_pad_correlation_angle_real"].value > 0.5


def test_what_has_no_logarithm_is_refused() -> None:
    weak = clusters(20, 2).responses
    weak[3, 3, 3] = 0.25
    events = Sample(INFO, weak, np.zeros((20, 0), np.float32), np.arange(20))
    with pytest.raises(DataError, match=r"amplitude of 0\.25 has a negative logarithm.*threshold at 1 or more"):
        measure(clusters(20, 1), events)
    line = DataInfo((Axis("x", 4),), "energy", "GeV", 1.0)
    flat = testing.sample(line, events=5)
    with pytest.raises(DataError, match=r"have 1 \(x\); take .*physgan_cluster_shape out of evaluation\.metrics"):
        measure(flat, flat)


@pytest.fixture(scope="module")
def mpd(mpd_data: Path) -> Sample:
    data = TpcDigits()
    params = data.Params(path=mpd_data / "mpd" / "digits_unconditional.csv")
    return data.load(params, np.random.default_rng(0))


@pytest.mark.data
def test_published_means_of_real_responses(mpd: Sample) -> None:
    """To the last digit on the public file, whose rows follow the event numbers; within errors on a part of it."""
    first = mpd.take(slice(0, 9000))
    scores = measure(first, first).scores
    for name, published in zip(NAMES, REAL_LOG_MEANS, strict=True):
        found = scores[f"log_{name}_real_mean"]
        tolerance = 1e-5 if len(mpd) == ALL_EVENTS else 4 * found.error
        assert found.value == pytest.approx(published, abs=tolerance), f"{name}, of {len(mpd):,} events"


@pytest.mark.data
def test_published_correlation_of_angle_and_width(mpd_data: Path) -> None:
    """0.259, of 9,982 events."""
    data = TpcDigits()
    params = data.Params(
        path=mpd_data / "mpd" / "digits_crossing_angle.csv",
        conditions=[
            {"name": "crossing_angle", "unit": "deg", "range": (0.0, 15.0)},
            {"name": "dip_angle", "unit": "deg", "use": False},
        ],
    )
    events = data.load(params, np.random.default_rng(0))
    found = measure(events, events).scores["log_width_pad_correlation_crossing_angle_real"]
    assert abs(found.value - 0.259) < 3 * found.error
    assert found.error < 0.02


def generate(file: Path, info: DataInfo, events: int) -> Sample:
    """Responses of an unconditional network of PhysGAN's, whose output is ln A."""
    from runner import backend  # noqa: F401

    reader = KerasGenerator()
    network = reader.build(reader.Params(path=file), info)
    latent = np.random.default_rng(0).standard_normal((events, 32), np.float32)
    logarithms = np.asarray(network({"latent": latent}))
    responses = np.where(logarithms > 0, np.exp(logarithms), 0)
    return Sample(info, responses, np.zeros((events, 0), np.float32), np.arange(events))


@pytest.fixture(scope="module")
def scored(mpd: Sample, mpd_data: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """KS in log amplitude with errors, (measures,), of two of PhysGAN's networks."""
    found = {}
    for name in ("best_unparameterized", "generator_500"):
        scores = measure(mpd, generate(mpd_data / "physgan_models" / f"{name}.h5", mpd.info, ALL_EVENTS)).scores
        ks = [scores[f"log_{column}_ks"] for column in NAMES]
        found[name] = np.array([score.value for score in ks]), np.array([score.error for score in ks])
    return found


@pytest.mark.data
@pytest.mark.training
def test_published_distances_of_best_unparameterized(scored: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Value by value within errors, and so that another network of the same layers would not pass."""
    value, error = scored["best_unparameterized"]
    combined = math.sqrt(2) * error  # the published ones are of one random sample, as ours are
    assert (np.abs(value - BEST_UNPARAMETERIZED_LOG_KS) < 3 * combined).all()
    value, error = scored["generator_500"]
    pulls = np.abs(value - BEST_UNPARAMETERIZED_LOG_KS) / (math.sqrt(2) * error)
    assert (pulls > 3).sum() >= 3


@pytest.mark.data
@pytest.mark.training
def test_published_ranking_of_the_measures(scored: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    value, error = scored["best_unparameterized"]
    assert NAMES[value.argmax()] == "max_amplitude"
    checked = 0
    for a, b in itertools.permutations(range(len(NAMES)), 2):
        combined = math.hypot(error[a], error[b])
        if BEST_UNPARAMETERIZED_LOG_KS[a] - BEST_UNPARAMETERIZED_LOG_KS[b] > 3 * combined:
            checked += 1
            assert value[a] > value[b], (NAMES[a], NAMES[b])
    assert checked >= 3
