"""What is in the figure of each kind: labels with units, the floor's band, and no data that cannot be drawn."""

from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.patches import StepPatch

from runner.api import Axis, Bars, Curves, Figure, Histogram, Maps, Matrices, Profile, Scatter
from runner.report import figures
from runner.report.figures import distributions, maps, training
from runner.run_directory import ValidationRow

RNG = np.random.default_rng(5)
NORMAL = RNG.normal(size=400)
AXES = (Axis("pad", 4, "pad", 40.0), Axis("time", 5, "time bin", 267.0))
MAP = RNG.uniform(1, 9, (4, 5))
BINS = np.stack([np.arange(6.0), np.full(6, 0.1), np.full(6, 0.5)])
NAMES = ("mean pad", "width in time", "pixels hit")
LINE = np.stack([np.linspace(0, 1, 9)] * 2, axis=1)
BAND = np.stack([LINE[:, 0], LINE[:, 0] - 0.05, LINE[:, 0] + 0.05], axis=1)

HISTOGRAM = Histogram("width", "Width of responses", "width", "pad", NORMAL, NORMAL + 0.2)
SCATTER = Scatter(
    "cloud", "Cloud", ("angle", "width"), ("deg", "pad"), NORMAL.reshape(-1, 2), -NORMAL.reshape(-1, 2), trend=True
)
PROFILE = Profile("profile", "Profile", ("crossing_angle", "width"), ("deg", "pad"), np.arange(7.0), BINS, BINS + 0.1)
MAPS = Maps("map", "Occupancy", "mean amplitude", "ADC", AXES, MAP, 1.1 * MAP)
MATRICES = Matrices("matrix", "Correlations", NAMES, NAMES, np.eye(3), np.eye(3) / 2)
CURVES = Curves("roc", "ROC", ("false rate", "true rate"), ("", "%"), {"trees": LINE, "network": LINE**0.5}, BAND)
BARS = Bars("time", "Time", "time per response", "ms", ("batch 1", "batch 100"), np.array([3.0, 0.1]), np.full(2, 0.01))
USUAL: tuple[Figure, ...] = (HISTOGRAM, SCATTER, PROFILE, MAPS, MATRICES, CURVES, BARS)


def nothing(data: Figure) -> Figure:
    """As few numbers as there can be."""
    match data:
        case Histogram():
            return replace(data, real=NORMAL[:0], generated=NORMAL[:0], mark=0.0, log_y=True)
        case Scatter():
            return replace(data, real=np.empty((0, 2)), generated=np.empty((0, 2)))
        case Profile():
            return replace(data, edges=np.zeros(1), real=np.empty((3, 0)), generated=np.empty((3, 0)))
        case Maps():
            return replace(data, real=0 * MAP, generated=0 * MAP, log=True)
        case Matrices():
            return replace(data, names=("one",), columns=("two",), real=np.zeros((1, 1)), generated=np.zeros((1, 1)))
        case Curves():
            return replace(data, curves={}, band=np.empty((0, 3)))
        case Bars():
            return replace(data, names=(), values=np.empty(0), errors=None)


def filled(data: Figure, value: float) -> Figure:
    """The same number everywhere."""
    match data:
        case Curves():
            return replace(data, curves={"a": np.full((3, 2), value)}, band=np.full((2, 3), value))
        case Bars():
            return replace(data, values=np.full(2, value), errors=np.full(2, value), log=value == 7)
        case Profile():
            return replace(data, edges=np.full(7, value), real=np.full((3, 6), value), generated=np.full((3, 6), value))
    return replace(data, real=np.full_like(data.real, value), generated=np.full_like(data.generated, value))


def texts(figure: matplotlib.figure.Figure) -> set[str]:
    return {line for text in figure.findobj(matplotlib.text.Text) for line in text.get_text().split("\n")}


@pytest.mark.parametrize("data", USUAL, ids=lambda data: data.name)
def test_labels_name_quantity_and_unit(data: Figure) -> None:
    expected = {
        "width": {"width [pad]", "density [1/pad]", "gen. / real", "real", "generated"},
        "cloud": {"angle [deg]", "width [pad]"},
        "profile": {"crossing angle [deg]", "width [pad]", "pull of mean"},
        "map": {"pad", "time bin", "mean amplitude [ADC]", "generated / real"},
        "matrix": {*NAMES, "correlation", "difference of correlations"},
        "roc": {"false rate", "true rate [%]", "trees", "network", "real against real"},
        "time": {"time per response [ms]", "batch 1", "3.000 ± 0.010"},
    }
    assert {data.title, *expected[data.name]} <= texts(figures.draw(data))


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
@pytest.mark.parametrize("data", USUAL, ids=lambda data: data.name)
def test_the_same_data_give_the_same_bytes(data: Figure, form: str) -> None:
    content = figures.encoded(figures.draw(data), form)
    assert figures.encoded(figures.draw(data), form) == content
    assert content.startswith({"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[form])


@pytest.mark.parametrize("data", USUAL, ids=lambda data: data.name)
@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 7.0, -1.0, 1e-300, 1e300], ids=str)
def test_numbers_that_say_nothing_do_not_end_a_figure(data: Figure, value: float) -> None:
    assert figures.encoded(figures.draw(filled(data, value)), "png")


@pytest.mark.parametrize("data", [nothing(data) for data in USUAL], ids=lambda data: data.name)
def test_no_number_does_not_end_a_figure(data: Figure) -> None:
    assert figures.encoded(figures.draw(data), "png")


def test_what_is_no_figure_is_refused() -> None:
    with pytest.raises(TypeError, match="no way to draw dict"):
        figures.draw({})  # type: ignore[arg-type]


def test_no_text_is_taken_for_a_formula() -> None:
    data = replace(HISTOGRAM, title=r"$\frac$ and $", label=r"$x^{$", unit="$")
    assert b"frac" in figures.encoded(figures.draw(data), "svg")


def band_of(axis: Axes) -> StepPatch:
    (band,) = [patch for patch in axis.patches if patch.get_label() == "real against real, ±1 sd"]
    assert isinstance(band, StepPatch)
    return band


def test_the_band_of_a_ratio_is_what_real_responses_scatter_by() -> None:
    """Against 2,000 pairs of samples drawn from one distribution."""
    rng, edges = np.random.default_rng(1), np.linspace(0, 1, 6)
    ratios, bands = [], []
    for _ in range(2000):
        a, b = (np.histogram(rng.beta(2, 3, size), edges)[0] for size in (3000, 1500))
        ratios.append(b / a * 2)
        bands.append(distributions.floor_band(a.astype(float), 1500))
    np.testing.assert_allclose(np.mean(bands, axis=0), np.std(ratios, axis=0), rtol=0.1)


def test_the_band_is_drawn_around_one_and_named_in_the_legend() -> None:
    top, bottom = figures.draw(HISTOGRAM).axes
    values, edges, baseline = band_of(bottom).get_data()
    real = distributions._counts(NORMAL, edges)
    known = real > 0
    np.testing.assert_allclose(values[known] - 1, np.sqrt(2 / real[known] - 2 / 400))
    np.testing.assert_allclose(values[known] + baseline[known], 2)
    assert "real against real, ±1 sd" in {text.get_text() for text in top.get_legend().get_texts()}


def test_ratios_beyond_the_axis_are_triangles_at_its_edge() -> None:
    real = np.repeat([0.1, 0.5, 0.9], [100, 100, 100])
    generated = np.repeat([0.1, 0.5, 0.9], [4, 100, 196])
    _, bottom = figures.draw(replace(HISTOGRAM, real=real, generated=np.append(generated, [0.3] * 20))).axes
    low, high = bottom.get_ylim()
    ends = {line.get_marker(): line.get_xydata() for line in bottom.lines if line.get_marker() in ("^", "v")}
    assert len(ends["^"]) == 1  # where there is no real response
    assert low < ends["^"][0, 1] < high
    assert 0.25 < ends["^"][0, 0] < 0.35


def test_the_threshold_is_marked_and_named() -> None:
    figure = figures.draw(replace(HISTOGRAM, mark=-5.0))
    for axis in figure.axes:
        (line,) = [line for line in axis.lines if line.get_label() == "detection threshold"]
        assert list(line.get_xdata()) == [-5, -5]
        assert axis.get_xlim()[0] < -5
    assert "detection threshold" in texts(figure)


def test_pulls_of_a_profile_are_in_standard_errors() -> None:
    top, bottom = figures.draw(PROFILE).axes
    (points,) = [line for line in bottom.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(points.get_ydata(), 0.1 / np.hypot(0.1, 0.2))
    (spread,) = [patch for patch in top.patches if patch.get_label() == "real, ±1 sd"]
    assert isinstance(spread, StepPatch)
    values, _, baseline = spread.get_data()
    np.testing.assert_allclose(values - baseline, 1)


def test_maps_share_a_scale_and_have_their_ratio_beside_them() -> None:
    real, generated, ratio, *bars = figures.draw(replace(MAPS, log=True)).axes
    (first,), (second,), (third,) = real.images, generated.images, ratio.images
    assert first.norm is second.norm
    assert isinstance(first.norm, LogNorm)
    assert first.norm.vmin == pytest.approx(MAP.min())
    assert first.norm.vmax == pytest.approx(1.1 * MAP.max())
    np.testing.assert_allclose(third.get_array(), 1.1)
    assert len(bars) == 2
    assert first.get_extent() == [39.5, 43.5, 266.5, 271.5]


def test_pixels_that_only_one_sample_hits_are_told_apart_from_those_of_none() -> None:
    hit, missed = np.full((4, 5), 2.0), np.full((4, 5), 2.0)
    hit[0, 0], missed[1, 1] = 0, 0
    hit[2, 2] = missed[2, 2] = 0
    ratio = figures.draw(replace(MAPS, real=hit, generated=missed)).axes[2].images[0]
    shown = ratio.get_array()
    assert shown.mask.T.nonzero() == ([2], [2])
    assert shown.T[0, 0] > ratio.norm.vmax
    assert shown.T[1, 1] < ratio.norm.vmin or shown.T[1, 1] == pytest.approx(1 - 2 * maps._reach(np.zeros(3)))


def test_matrices_have_one_scale_and_their_difference_its_own() -> None:
    real, generated, difference, *_ = figures.draw(MATRICES).axes
    norms = [axis.images[0].norm for axis in (real, generated, difference)]
    assert [(norm.vmin, norm.vmax) for norm in norms] == [(-1, 1), (-1, 1), (-0.5, 0.5)]
    np.testing.assert_allclose(difference.images[0].get_array(), -np.eye(3) / 2)


def test_curves_lie_on_the_band_of_the_floor_and_differ_in_more_than_colour() -> None:
    (axis,) = figures.draw(CURVES).axes
    (band,) = [found for found in axis.collections if isinstance(found, PolyCollection)]
    assert band.get_label() == "real against real"
    trees, network = axis.lines
    assert band.get_zorder() < trees.get_zorder()
    assert trees.get_linestyle() != network.get_linestyle()
    assert trees.get_color() != network.get_color()
    (alone,) = figures.draw(replace(CURVES, band=None)).axes
    assert not alone.collections


def test_real_and_generated_differ_in_more_than_colour() -> None:
    top, _ = figures.draw(HISTOGRAM).axes
    lines = {
        patch.get_label(): patch.get_linestyle() for patch in top.patches if patch.get_label() in ("real", "generated")
    }
    assert len(set(lines.values())) == 2


def test_bars_begin_at_zero_or_at_the_edge_of_a_logarithmic_axis() -> None:
    for log in (False, True):
        (axis,) = figures.draw(replace(BARS, log=log)).axes
        low, high = axis.get_xlim()
        ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axis.patches]
        np.testing.assert_allclose([end for _, end in ends], [3, 0.1])
        assert {start for start, _ in ends} == {low if log else 0}
        assert high > 3.01
        assert axis.get_xscale() == ("log" if log else "linear")


ROWS = [
    ValidationRow(
        step=step, metric="wasserstein", score=score, value=value, error=0.01, unit="sd", better="lower",
        headline=score == "distance", floor=0.1, floor_sd=0.02,
    )
    for score in ("distance", "hits") for step, value in ((30, 0.4), (10, 0.9), (20, 0.3), (40, np.nan))
]  # fmt: skip


def test_validation_curves_show_main_score_floor_and_best_step() -> None:
    (axis,) = figures.validation_curves(ROWS).axes
    lines = {line.get_label(): line.get_xydata() for line in axis.lines}
    np.testing.assert_array_equal(lines["best: step 20"], [[20, 0.3]])
    assert {y for _, y in lines["floor: real against real"]} == {0.1}
    (band,) = [patch for patch in axis.patches if patch.get_label() == "real against real, ±3 sd"]
    assert (band.get_y(), band.get_height()) == (pytest.approx(0.04), pytest.approx(0.12))
    assert axis.get_ylabel() == "wasserstein distance [sd]"
    assert {"training step", "best: step 20"} <= texts(axis.figure)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        ROWS[:1],
        [replace(row, value=np.nan, floor=None, floor_sd=None, error=None) for row in ROWS],
        [replace(row, better="none") for row in ROWS],
        [replace(row, value=1e200 if row.step == 10 else row.value) for row in ROWS],
    ],
    ids=["none", "one", "nothing known", "not ranked", "diverging"],
)
def test_validation_curves_of_any_rows(rows: list[ValidationRow]) -> None:
    assert figures.encoded(figures.validation_curves(rows), "png")


def test_scores_that_fall_from_far_above_the_floor_are_on_a_logarithmic_axis() -> None:
    assert training._spans_decades(np.array([50.0, 0.3]), 0.1)
    assert not training._spans_decades(np.array([0.5, 0.3]), 0.1)
    assert not training._spans_decades(np.array([50.0, -0.3]), 0.1)
    assert not training._spans_decades(np.array([50.0, 0.3]), -0.1)
