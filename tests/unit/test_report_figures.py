"""Pictures are made of anything a run can produce, without a warning, and are the same for the same data."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from runner import testing
from runner.api import Axis, Condition, DataInfo, Histogram, Sample, Scatter
from runner.report import figures
from runner.report.figures import clouds, distributions, responses

EMPTY = testing.sample(events=4)
EMPTY = Sample(EMPTY.info, np.zeros_like(EMPTY.responses), EMPTY.conditions, EMPTY.event_ids)
NOTHING = EMPTY.take(slice(0, 0))
TRACE = DataInfo((Axis("time", 8, "time bin"),), "amplitude", "ADC", 1.0)


def is_picture(path: Path) -> bool:
    pixels = matplotlib.image.imread(path)
    return pixels.ndim == 3 and min(pixels.shape[:2]) > 300 and float(pixels[..., :3].std()) > 0.01


@pytest.mark.parametrize(
    ("real", "generated"),
    [
        (testing.sample(), testing.sample(seed=1)),
        (testing.sample(events=2), testing.sample(events=40)),
        (EMPTY, EMPTY),
        (testing.sample(), NOTHING),
        (NOTHING, NOTHING),
        (testing.sample(events=1), testing.sample(events=1)),
        (testing.sample(), EMPTY),
        (testing.sample(TRACE), testing.sample(TRACE, seed=1)),
    ],
    ids=["usual", "few", "empty", "no event generated", "no event", "one event", "nothing generated", "one axis"],
)
def test_galleries_and_averages_of_any_sample(tmp_path: Path, real: Sample, generated: Sample) -> None:
    assert is_picture(figures.save(figures.gallery(real, generated), tmp_path / "a" / "gallery.png"))
    assert is_picture(figures.save(figures.mean_response(real, generated), tmp_path / "mean.png"))


NORMAL = np.random.default_rng(0).normal(size=500)


@pytest.mark.parametrize(
    ("real", "generated"),
    [
        (NORMAL, NORMAL + 1),
        (NORMAL, NORMAL[:0]),
        (NORMAL[:0], NORMAL[:0]),
        (np.ones(5), np.ones(5)),
        (np.array([np.nan, 1.0, np.inf]), NORMAL),
        (np.array([1.0]), np.array([1.0 + 1e-15])),
        (np.full(3, 1e17), np.full(3, 1e17)),
    ],
    ids=["usual", "nothing generated", "nothing", "constant", "not finite", "almost constant", "large constant"],
)
@pytest.mark.parametrize("log_y", [False, True])
def test_histograms_of_any_values(tmp_path: Path, real: np.ndarray, generated: np.ndarray, log_y: bool) -> None:
    data = Histogram("width", "Width", "width", "pad", real, generated, log_y)
    assert is_picture(figures.save(figures.draw(data), tmp_path / "histogram.png"))


def test_nothing_is_lost_beyond_the_edges() -> None:
    values = np.array([0.1, 0.2, 0.9, 5.0, -7.0])
    np.testing.assert_array_equal(distributions._counts(values, np.array([0.0, 0.5, 1.0])), [3, 2])


def test_infinite_amplitudes_do_not_end_a_picture(tmp_path: Path) -> None:
    sample = testing.sample(events=20)
    wild = Sample(sample.info, sample.responses.copy(), sample.conditions, sample.event_ids)
    wild.responses[3, 2, 2], wild.responses[4, 1, 1] = np.inf, np.nan
    assert is_picture(figures.save(figures.gallery(sample, wild), tmp_path / "gallery.png"))
    assert is_picture(figures.save(figures.mean_response(wild, wild), tmp_path / "mean.png"))


PAIRS = np.stack([NORMAL, 2 * NORMAL], axis=1)
CONSTANT = np.ones((50, 2))


@pytest.mark.parametrize(
    ("real", "generated"),
    [
        (PAIRS, PAIRS + 1),
        (PAIRS, PAIRS[:0]),
        (PAIRS[:0], PAIRS[:0]),
        (CONSTANT, CONSTANT),
        (PAIRS[:2], CONSTANT),
        (np.where(PAIRS > 1, np.nan, PAIRS), PAIRS),
    ],
    ids=["usual", "nothing generated", "nothing", "constant", "too few for a trend", "not finite"],
)
@pytest.mark.parametrize("trend", [False, True])
def test_scatters_of_any_values(tmp_path: Path, real: np.ndarray, generated: np.ndarray, trend: bool) -> None:
    data = Scatter("centres", "Centres", ("angle", "width"), ("deg", "pad"), real, generated, trend)
    assert is_picture(figures.save(figures.draw(data), tmp_path / "scatter.png"))


def test_a_trend_is_the_mean_in_bins_with_its_error() -> None:
    x = np.repeat([0.5, 1.5, 2.5], [4, 5, 2])
    y = np.array([1.0, 2, 3, 4, 0, 0, 0, 0, 5, 7, 7])
    centres, means, errors = clouds.profile(x, y, np.arange(4.0))
    np.testing.assert_allclose(centres, [0.5, 1.5])  # the last bin has too few
    np.testing.assert_allclose(means, [2.5, 1.0])
    np.testing.assert_allclose(errors, [np.std([1, 2, 3, 4], ddof=1) / 2, np.std([0, 0, 0, 0, 5], ddof=1) / 5**0.5])


def test_tails_are_shown_where_counts_are_logarithmic() -> None:
    values = np.concatenate([NORMAL, np.linspace(50, 100, 40)])
    assert distributions._edges(values, values)[-1] < 10
    assert distributions._edges(values, values, tails=True)[-1] > 90


@pytest.mark.parametrize("steps", [0, 1, 7, 400])
def test_loss_curves_of_any_length(tmp_path: Path, steps: int) -> None:
    losses = {"critic": np.linspace(1, 2, steps), "generator": np.full(steps, np.nan)}
    assert is_picture(figures.save(figures.loss_curves(np.arange(steps) + 1, losses), tmp_path / "losses.png"))


def test_whole_numbers_have_bins_of_their_own() -> None:
    counts = np.array([3.0, 4.0, 4.0, 9.0])
    edges = distributions._edges(counts, counts + 1)
    np.testing.assert_array_equal(edges, np.arange(2.5, 11))
    wide = distributions._edges(np.arange(1000.0), counts)
    assert set(np.diff(wide)) == {25.0}
    assert wide[0] % 1 == 0.5


def test_a_long_tail_does_not_flatten_the_bulk() -> None:
    values = np.concatenate([NORMAL, [1e6, 2e6, 3e6]])
    edges = distributions._edges(values, values)
    assert edges[-1] < 10
    assert distributions._counts(values, edges).sum() == len(values)


def test_captions_fit_above_their_tiles() -> None:
    conditions = tuple(Condition(name, "cm", 0.0, 1.0) for name in "abcd")
    sample = testing.sample(DataInfo(TRACE.axes, "amplitude", "ADC", 1.0, conditions), events=3)
    captions = responses.captions(sample, 2)
    assert len(captions) == 2
    assert all(len(line) <= 18 for caption in captions for line in caption.splitlines())
    assert responses.conditions_above(sample.info) == "above each: a [cm], b [cm], c [cm], d [cm]"


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    sample = testing.sample()
    paths = [figures.save(figures.gallery(sample, sample), tmp_path / f"{number}.png") for number in range(2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_real_and_generated_share_one_colour_scale() -> None:
    small, large = np.array([2.0, 5.0], np.float32), np.array([900.0], np.float32)
    norm = responses.amplitude_norm(small, large)
    assert (norm.vmin, norm.vmax) == (2.0, 900.0)
