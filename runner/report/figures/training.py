"""Losses and validation scores against the training step."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from runner.report.figures.canvas import FLOOR, FLOOR_NAME, GENERATED, REAL, blank, drawable, label, lengths
from runner.report.figures.styles import styled
from runner.report.judgement import LIMIT
from runner.run_directory import ValidationRow

_SMOOTHED = 100  # steps; fewer are a line that is read as it is

MOST_STEPS = 2000
"""Steps whose losses are worth drawing; the picture has fewer columns of pixels."""


@styled
def loss_curves(steps: NDArray[np.int64], losses: Mapping[str, NDArray[np.floating]]) -> Figure:
    """Each loss against the training step: the values, and from 100 steps on a running mean over 2 %.

    Args:
        steps: (steps,).
        losses: By name, (steps,) each; they have no unit.
    """
    rows = max(len(losses), 1)
    smoothed = len(steps) >= _SMOOTHED
    window = len(steps) // 50
    height = 0.65 + 1.5 * rows
    figure = blank(8, height)
    figure.subplots_adjust(left=0.11, right=0.98, top=1 - 0.15 / height, bottom=0.5 / height, hspace=0.12)
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a loss that is infinite is drawn as a gap
        for axis, (name, values) in zip(axes, losses.items(), strict=False):
            finite = drawable(values)
            axis.plot(steps, finite, color=REAL, alpha=0.3 if smoothed else 1, linewidth=0.6 if smoothed else 1)
            if smoothed:
                smooth = np.convolve(finite, np.full(window, 1 / window), "valid")
                axis.plot(steps[window // 2 :][: len(smooth)], smooth, color=REAL, linewidth=1.5)
                axis.set_ylim(*robust_range(finite))
            axis.set_ylabel(f"{label(name, '')} [1]")
            axis.grid(alpha=0.3)
    figure.align_ylabels(axes)
    axes[-1].set_xlabel("training step")
    return figure


def robust_range(values: NDArray[np.float64]) -> tuple[float, float]:
    """Limits that a wild start does not set."""
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, (0.005, 0.995)) if len(finite) else (0.0, 1.0)
    margin = 0.1 * (high - low) or max(1.0, 0.1 * abs(high))
    return float(low - margin), float(high + margin)


@styled
def validation_curves(rows: Sequence[ValidationRow]) -> Figure:
    """The main score on validation events against the training step, with the best one and the floor.

    The best one is that of the step which is nearest to the ideal value, as for ``training.keep_best``.

    Args:
        rows: Scores of any number of checkpoints; those that are not main scores are left out.
    """
    main = [row for row in rows if row.headline]
    names = list(dict.fromkeys((row.metric, row.score) for row in main))
    height = 0.8 + 2.8 * max(len(names), 1)
    figure = blank(8, height)
    figure.subplots_adjust(left=0.11, right=0.98, top=1 - 0.2 / height, bottom=0.5 / height, hspace=0.12)
    axes = figure.subplots(max(len(names), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axis, name in zip(axes, names, strict=False):
        own = sorted((row for row in main if (row.metric, row.score) == name), key=lambda row: row.step)
        steps, values = np.array([row.step for row in own]), drawable(np.array([row.value for row in own]))
        errors = lengths(np.array([row.error or 0 for row in own]))
        axis.errorbar(steps, values, errors, color=GENERATED, marker="o", markersize=4, linewidth=1, label="model")
        ranked = [(row.shortfall, row) for row in own if row.shortfall is not None and np.isfinite(row.value)]
        if ranked:
            _, best = min(ranked, key=lambda pair: pair[0])
            text = f"best: step {best.step:,}"
            axis.plot(best.step, best.value, "*", color="black", markersize=11, zorder=3, label=text)
        floor, sd = own[-1].floor, own[-1].floor_sd
        if floor is not None:
            axis.axhline(floor, color=REAL, linewidth=1, linestyle="--", label="floor: real against real")
            if sd is not None:
                low, high = floor - LIMIT * sd, floor + LIMIT * sd
                axis.axhspan(low, high, color=FLOOR, linewidth=0, zorder=0, label=FLOOR_NAME.format(f"{LIMIT:.0f}"))
        if _spans_decades(values, (floor or 0) - (sd or 0)):
            axis.set_yscale("log")
        axis.set_ylabel(label(" ".join(name), own[-1].unit))
        axis.legend()
    axes[-1].set_xlabel("training step")
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _spans_decades(values: NDArray[np.float64], floor: float) -> bool:
    """Whether scores fall from far above the floor, so that their end is not seen on a linear axis."""
    finite = values[np.isfinite(values)]
    return len(finite) > 0 and floor > 0 and bool((finite > 0).all()) and float(finite.max()) > 10 * floor
