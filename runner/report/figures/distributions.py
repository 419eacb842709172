"""Distributions of one quantity in both samples."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.api import Histogram
from runner.report.figures.canvas import FLOOR, FLOOR_NAME, GENERATED, REAL, drawable, label, two_panels

Values = NDArray[np.float64]

_BINS = 40
_FEWEST = 8  # events of both samples in a bin whose ratio says something


def histogram(data: Histogram) -> Figure:
    """Densities of one quantity in both samples with their statistical errors, and their ratio below.

    The band around a ratio of 1 is what as many real events scatter by in the place of the generated ones, ±1 standard
    deviation: with k of n real events in a bin and m generated ones, sqrt((1/k - 1/n) (1 + n/m)), as the counts of bins
    are multinomial. Bars of the ratio are the errors of the generated events alone.

    Args:
        data: What to draw.
    """
    samples = [drawable(values) for values in (data.real, data.generated)]
    real, generated = [values[np.isfinite(values)] for values in samples]
    edges = _edges(real, generated, tails=data.log_y)
    beyond = any(((values < edges[0]) | (values > edges[-1])).any() for values in (real, generated))
    x = label(data.label, data.unit) + "\n(the outermost bins hold what lies beyond them)" * beyond
    y = label("density", "" if data.unit in ("", "1") else f"1/{data.unit}")
    figure, top, bottom = two_panels(data.title, x, y, "gen. / real", bottom=0.15)
    counts = [_counts(values, edges) for values in (real, generated)]
    lines = (("real", REAL, "-", 0.15), ("generated", GENERATED, "--", 0.0))
    for count, (name, colour, line, filled) in zip(counts, lines, strict=True):
        scale = max(count.sum(), 1) * np.diff(edges)
        if filled:
            top.stairs(count / scale, edges, color=colour, fill=True, alpha=filled, linewidth=0)
        top.stairs(count / scale, edges, color=colour, linewidth=1.3, linestyle=line, label=name)
        top.errorbar(_centres(edges), count / scale, np.sqrt(count) / scale, fmt="none", ecolor=colour, elinewidth=1)
    if data.log_y and any(count.any() for count in counts):
        top.set_yscale("log")
        low, high = top.get_ylim()
        top.set_ylim(low, high * (high / low) ** 0.22)
    else:
        top.set_ylim(0, 1.18 * top.get_ylim()[1])
    _ratio(bottom, edges, *counts)
    low, high = edges[0], edges[-1]
    if data.mark is not None and np.isfinite(drawable(np.array(data.mark))):
        margin = 0.02 * (high - low)
        low, high = min(low, data.mark - margin), max(high, data.mark + margin)
        for axis in (top, bottom):
            axis.axvline(data.mark, color="black", linewidth=1, linestyle=":", label="detection threshold")
    handles, names = top.get_legend_handles_labels()
    band, band_names = bottom.get_legend_handles_labels()
    top.legend(handles + band[:1], names + band_names[:1], loc="upper center", ncols=2)  # above the data
    bottom.set_xlim(low, high)
    return figure


def _edges(real: Values, generated: Values, *, tails: bool = False) -> Values:
    """Bins over the bulk of both samples, or with their tails; whole numbers stand in the middle of theirs."""
    both = [_bulk(values, tails) for values in (real, generated) if len(values)]
    low, high = (min(b[0] for b in both), max(b[1] for b in both)) if both else (0.0, 1.0)
    largest = max(abs(low), abs(high))
    if high - low <= 1e-9 * largest or high == low:
        margin = max(0.5, 1e-3 * largest)
        low, high = low - margin, high + margin
    elif all((values == np.round(values)).all() for values in (real, generated)):
        low, high = np.floor(low), np.ceil(high)
        width = np.ceil((high - low + 1) / _BINS)
        whole: Values = low - 0.5 + width * np.arange(np.ceil((high - low + 1) / width) + 1)
        return whole
    return np.linspace(low, high, _BINS + 1)


def _bulk(values: Values, tails: bool) -> tuple[float, float]:
    """The central 99.8%; unless tails are wanted, no farther out than five interquartile ranges, to show the rest."""
    low, first, third, high = np.quantile(values, (0.001, 0.25, 0.75, 0.999))
    reach = 5 * (third - first)
    return (max(low, first - reach), min(high, third + reach)) if reach > 0 and not tails else (low, high)


def _centres(edges: Values) -> Values:
    centres: Values = (edges[1:] + edges[:-1]) / 2
    return centres


def _counts(values: Values, edges: Values) -> Values:
    """Events per bin; the outermost bins hold those beyond."""
    return np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].astype(np.float64)


def floor_band(real: Values, generated: float) -> Values:
    """Standard deviation of the ratio of two samples of real events, NaN where there is none.

    Args:
        real: Real events per bin, (bins,).
        generated: How many events there are in the other sample.

    Returns:
        (bins,).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        n = real.sum()
        return np.where(real > 0, np.sqrt((1 / real - 1 / n) * (1 + n / generated)), np.nan)


def _ratio(axis: Axes, edges: Values, real: Values, generated: Values) -> None:
    """Ratio of the densities; triangles at the edge stand for what lies beyond."""
    axis.axhline(1, color=REAL, linewidth=1)
    if not (real.any() and generated.any()):
        axis.set_ylim(0, 2)
        return
    band = floor_band(real, generated.sum())
    axis.stairs(
        1 + band, edges, baseline=1 - band, fill=True, color=FLOOR, linewidth=0, zorder=0, label=FLOOR_NAME.format(1)
    )
    told = real + generated >= _FEWEST
    places, a, b = _centres(edges)[told], generated[told], real[told]
    with np.errstate(divide="ignore"):
        ratio = a / b * (real.sum() / generated.sum())
    error = np.divide(ratio, np.sqrt(a), out=np.zeros_like(a), where=(a > 0) & (b > 0))
    reach = _reach(ratio[b > 0] - 1, band[told][b > 0])
    inside = np.abs(ratio - 1) <= reach
    axis.errorbar(places[inside], ratio[inside], error[inside], fmt="o", color=GENERATED, markersize=2.5, elinewidth=1)
    for beyond, marker, edge in ((ratio > 1 + reach, "^", 0.94), (ratio < 1 - reach, "v", -0.94)):
        ends = np.full(beyond.sum(), 1 + edge * reach)
        axis.plot(places[beyond], ends, marker, color=GENERATED, markersize=4)
    axis.set_ylim(1 - reach, 1 + reach)


def _reach(deviations: Values, band: Values) -> float:
    """How far from 1 the axis reaches: as far as all but a few ratios and most of the band, but not below 0."""
    if not len(deviations):
        return 1.0
    wanted = max(np.quantile(np.abs(deviations), 0.95), 2 * np.median(band))
    return float(np.clip(1.3 * wanted, 0.1, 1.0))
