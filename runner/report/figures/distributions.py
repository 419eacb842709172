"""Distributions of one quantity in both samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from runner.api import Histogram
from runner.report.figures.canvas import GENERATED, REAL, figure_at, label

_BINS = 40


def histogram(path: Path, data: Histogram) -> Path:
    """Densities of one quantity in both samples with their statistical errors, and the ratio below.

    Args:
        path: The PNG.
        data: What to draw.
    """
    samples = [np.asarray(values, np.float64) for values in (data.real, data.generated)]
    samples = [values[np.isfinite(values)] for values in samples]
    edges = _edges(*samples, tails=data.log_y)
    with figure_at(path, 6, 5, layout=None) as figure:  # a layout by measuring takes as long as the drawing
        figure.subplots_adjust(left=0.14, right=0.97, top=0.93, bottom=0.15, hspace=0.08)
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        densities = [_density(values, edges) for values in samples]
        for (density, error), name, colour in zip(densities, ("real", "generated"), (REAL, GENERATED), strict=True):
            top.stairs(density, edges, color=colour, label=name)
            top.errorbar(_centres(edges), density, error, fmt="none", ecolor=colour, elinewidth=1)
        _ratio(bottom, edges, *densities)
        top.set_title(data.title)
        top.set_ylabel(f"density [1/{data.unit}]" if data.unit not in ("", "1") else "density")
        if data.log_y and any(density.any() for density, _ in densities):
            top.set_yscale("log")
        top.legend(frameon=False)
        beyond = any(((values < edges[0]) | (values > edges[-1])).any() for values in samples)
        bottom.set_xlabel(label(data.label, data.unit) + "\n(the outermost bins hold what lies beyond them)" * beyond)
        bottom.set_ylabel("gen. / real")
    return path


def _edges(real: NDArray[np.float64], generated: NDArray[np.float64], *, tails: bool = False) -> NDArray[np.float64]:
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
        whole: NDArray[np.float64] = low - 0.5 + width * np.arange(np.ceil((high - low + 1) / width) + 1)
        return whole
    return np.linspace(low, high, _BINS + 1)


def _bulk(values: NDArray[np.float64], tails: bool) -> tuple[float, float]:
    """The central 99.8%; unless tails are wanted, no farther out than five interquartile ranges, to show the rest."""
    low, first, third, high = np.quantile(values, (0.001, 0.25, 0.75, 0.999))
    reach = 5 * (third - first)
    return (max(low, first - reach), min(high, third + reach)) if reach > 0 and not tails else (low, high)


def _centres(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    centres: NDArray[np.float64] = (edges[1:] + edges[:-1]) / 2
    return centres


def _density(
    values: NDArray[np.float64], edges: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density and its Poisson error per bin."""
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].astype(np.float64)
    scale = max(len(values), 1) * np.diff(edges)
    return counts / scale, np.sqrt(counts) / scale


def _ratio(
    axis: Axes,
    edges: NDArray[np.float64],
    real: tuple[NDArray[np.float64], NDArray[np.float64]],
    generated: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    filled = (real[0] > 0) & (generated[0] > 0)
    a, b = generated[0][filled], real[0][filled]
    ratio = a / b
    error = ratio * np.hypot(generated[1][filled] / a, real[1][filled] / b)
    known = error < 1  # a bin with two or three events says nothing
    places = _centres(edges)[filled][known]
    axis.axhline(1, color="0.6", linewidth=1)
    axis.errorbar(places, ratio[known], error[known], fmt=".", color=GENERATED, markersize=4, elinewidth=1)
    axis.set_ylim(0, 2)
