"""Pictures of a run, as PNG."""

from __future__ import annotations

from pathlib import Path

from runner.api import Figure, Histogram, Scatter
from runner.report.figures.clouds import scatter
from runner.report.figures.curves import MOST_STEPS, loss_curves
from runner.report.figures.distributions import histogram
from runner.report.figures.responses import gallery, mean_response

__all__ = ["MOST_STEPS", "draw", "gallery", "histogram", "loss_curves", "mean_response", "scatter"]


def draw(path: Path, data: Figure) -> Path:
    """The figure of a metric.

    Args:
        path: The PNG.
        data: What to draw.
    """
    if isinstance(data, Histogram):
        return histogram(path, data)
    if isinstance(data, Scatter):
        return scatter(path, data)
    raise TypeError(f"no way to draw {type(data).__name__}")
