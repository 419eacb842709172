"""Mean and spread of a quantity against a condition."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from runner.api import Profile
from runner.report.figures.canvas import FLOOR, GENERATED, REAL, drawable, label, two_panels


def profile(data: Profile) -> Figure:
    """Means and standard deviations of both samples in bins of a condition, and the pulls of the means below.

    Real responses are a line in a band of ±1 standard deviation, generated ones points with bars of that length. A
    pull is (generated - real) / sqrt(sum of the squares of both standard errors), with a band from -1 to 1.

    Args:
        data: What to draw.
    """
    edges, real, generated = drawable(data.edges), drawable(data.real), drawable(data.generated)
    centres = (edges[1:] + edges[:-1]) / 2
    x, y = (label(name, unit) for name, unit in zip(data.labels, data.units, strict=True))
    figure, top, bottom = two_panels(data.title, x, y, "pull of mean")
    mean, _, sd = real
    top.stairs(mean + sd, edges, baseline=mean - sd, fill=True, color=REAL, alpha=0.2, linewidth=0, label="real, ±1 sd")
    top.stairs(mean, edges, baseline=None, color=REAL, linewidth=1.3, label="real, mean")
    points, bars = generated[0], generated[2]
    top.errorbar(
        centres, points, bars, fmt="o", color=GENERATED, markersize=4, elinewidth=1, label="generated, mean ±1 sd"
    )
    top.legend()
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = drawable((generated[0] - mean) / np.hypot(generated[1], real[1]))
    bottom.axhspan(-1, 1, color=FLOOR, linewidth=0, zorder=0)
    bottom.axhline(0, color=REAL, linewidth=1)
    bottom.plot(centres, pull, "o", color=GENERATED, markersize=4)
    reach = 1.15 * max(np.nanmax(np.abs(pull), initial=0), 3.5)
    bottom.set_ylim(-reach, reach)
    if len(edges) > 1 and np.isfinite(edges).all() and edges[-1] > edges[0]:
        bottom.set_xlim(edges[0], edges[-1])
    return figure
