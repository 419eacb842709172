"""Losses against the training step."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runner.report.figures.canvas import REAL, figure_at

MOST_STEPS = 2000
"""Steps whose losses are worth drawing; the picture has fewer columns of pixels."""


def loss_curves(path: Path, steps: NDArray[np.int64], losses: Mapping[str, NDArray[np.floating]]) -> Path:
    """Each loss against the training step: the values, and a running mean over 2% of the training.

    Args:
        path: The PNG.
        steps: (steps,).
        losses: By name, (steps,) each.
    """
    rows = max(len(losses), 1)
    window = max(1, len(steps) // 50)
    with figure_at(path, 8, 0.6 + 1.7 * rows) as figure, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a loss that is infinite is drawn as a gap
        axes = np.atleast_1d(figure.subplots(rows, 1, sharex=True))
        for axis, (name, values) in zip(axes, losses.items(), strict=False):
            shown = np.where(np.isfinite(values), values, np.nan)
            axis.plot(steps, shown, color=REAL, alpha=0.3, linewidth=0.6)
            if len(steps) > window > 1:
                smooth = np.convolve(shown, np.full(window, 1 / window), "valid")
                axis.plot(steps[window // 2 :][: len(smooth)], smooth, color=REAL, linewidth=1.5)
                axis.set_ylim(*_robust_range(shown))
            axis.set_ylabel(name)
            axis.grid(alpha=0.3)
        axes[-1].set_xlabel("training step")
    return path


def _robust_range(values: NDArray[np.floating]) -> tuple[float, float]:
    """Limits that a wild start does not set."""
    finite = values[np.isfinite(values)].astype(np.float64)
    low, high = np.quantile(finite, (0.005, 0.995)) if len(finite) else (0.0, 1.0)
    margin = 0.1 * (high - low) or max(1.0, 0.1 * abs(high))
    return float(low - margin), float(high + margin)
