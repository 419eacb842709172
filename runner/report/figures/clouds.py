"""Two quantities against each other, in both samples."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.api import Scatter
from runner.report.figures.canvas import GENERATED, REAL, blank, drawable, label, shown

Points = NDArray[np.float64]

_MOST_POINTS = 2000  # more hide each other, and the file grows
_TREND_BINS = 15


def scatter(data: Scatter) -> Figure:
    """Points of the real and of the generated sample side by side, on common axes.

    The first 2,000 events of each are drawn; the trend is that of all events: means of y in bins of x with their
    standard errors, and the straight line through the points (least squares), both samples in both pictures.

    Args:
        data: What to draw.
    """
    samples = [_finite(points) for points in (data.real, data.generated)]
    both = np.concatenate(samples)
    limits = [_limits(both[:, k]) for k in (0, 1)]
    low, high = (both[:, 0].min(), both[:, 0].max()) if len(both) else (0.0, 1.0)
    edges = np.linspace(low, high, _TREND_BINS + 1)
    figure = blank(11, 4.8)
    figure.subplots_adjust(left=0.07, right=0.985, top=0.87, bottom=0.11, wspace=0.04)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for axis, title, points, colour in zip(axes, ("real", "generated"), samples, (REAL, GENERATED), strict=True):
        axis.scatter(*points[:_MOST_POINTS].T, s=5, alpha=0.25, color=colour, linewidths=0, rasterized=True)
        axis.set_title(title)
        axis.set_xlabel(label(data.labels[0], data.units[0]))
        if data.trend:
            lines = (("real", REAL, "o", "-"), ("generated", GENERATED, "s", "--"))
            for other, line in zip(samples, lines, strict=True):
                _trend(axis, other, edges, *line)
            if axis.get_legend_handles_labels()[0]:
                axis.legend(loc="upper right")
    axes[0].set_ylabel(label(data.labels[1], data.units[1]))
    axes[0].set_xlim(*limits[0])
    axes[0].set_ylim(*limits[1])
    figure.suptitle(shown(data.title), y=0.98)
    return figure


def _finite(points: NDArray[np.floating]) -> Points:
    values = drawable(points)
    return values[np.isfinite(values).all(axis=1)]


def _limits(values: Points) -> tuple[float, float]:
    """The range of all but the outermost values, which would leave the rest in a corner."""
    low, high = np.quantile(values, (0.001, 0.999)) if len(values) else (0.0, 1.0)
    margin = 0.05 * (high - low) or max(0.5, 1e-3 * abs(high))
    return float(low - margin), float(high + margin)


def _trend(axis: Axes, points: Points, edges: Points, name: str, colour: str, marker: str, line: str) -> None:
    x, y = points.T
    if len(points) < 3 or x.std() <= 1e-9 * max(1.0, np.abs(x).max()):
        return  # nothing varies, so there is no trend
    centres, means, errors = profile(x, y, edges)
    axis.errorbar(centres, means, errors, fmt=marker, color=colour, markersize=4, markeredgecolor="white", elinewidth=1)
    slope, offset = np.polyfit(x - x.mean(), y, 1)
    ends = np.array([x.min(), x.max()])
    text = f"{name}: slope {slope:.3g}"
    axis.plot(ends, offset + slope * (ends - x.mean()), line, color=colour, linewidth=1.5, label=text)


def profile(x: Points, y: Points, edges: Points) -> tuple[Points, Points, Points]:
    """Means of y in bins of x with their standard errors, where a bin holds at least three events.

    Args:
        x: (events,).
        y: (events,).
        edges: (bins + 1,).

    Returns:
        Mean x, mean y and standard error of each bin that is filled.
    """
    bins = np.clip(np.digitize(x, edges) - 1, 0, len(edges) - 2)
    filled = [y[bins == b] for b in range(len(edges) - 1)]
    enough = [b for b, values in enumerate(filled) if len(values) >= 3]
    centres = np.array([x[bins == b].mean() for b in enough])
    means = np.array([filled[b].mean() for b in enough])
    errors = np.array([filled[b].std(ddof=1) / np.sqrt(len(filled[b])) for b in enough])
    return centres, means, errors
