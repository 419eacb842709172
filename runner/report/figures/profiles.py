"""Mean and spread of a quantity against a condition."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from runner.api import Profile
from runner.report.figures.canvas import FLOOR, GENERATED, REAL, blank, drawable, label, shown


def profile(data: Profile) -> Figure:
    """Means and standard deviations of both samples in bins of a condition, and the pulls of the means below.

    Real responses are a line in a band of ±1 standard deviation, generated ones points with bars of that length. A
    pull is (generated - real) / sqrt(sum of the squares of both standard errors), with a band from -1 to 1.

    Args:
        data: What to draw.
    """
    edges, real, generated = drawable(data.edges), drawable(data.real), drawable(data.generated)
    centres = (edges[1:] + edges[:-1]) / 2
    figure = blank(6, 5)
    figure.subplots_adjust(left=0.14, right=0.97, top=0.93, bottom=0.11, hspace=0.06)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.1))
    mean, _, sd = real
    top.stairs(mean + sd, edges, baseline=mean - sd, fill=True, color=REAL, alpha=0.2, linewidth=0, label="real, ±1 sd")
    top.stairs(mean, edges, baseline=None, color=REAL, linewidth=1.3, label="real, mean")
    spread = {"fmt": "o", "color": GENERATED, "markersize": 4, "elinewidth": 1}
    top.errorbar(centres, generated[0], generated[2], **spread, label="generated, mean ±1 sd")
    top.set_title(shown(data.title))
    top.set_ylabel(label(data.labels[1], data.units[1]))
    top.legend()
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = drawable((generated[0] - mean) / np.hypot(generated[1], real[1]))
    bottom.axhspan(-1, 1, color=FLOOR, linewidth=0, zorder=0)
    bottom.axhline(0, color=REAL, linewidth=1)
    bottom.plot(centres, pull, "o", color=GENERATED, markersize=4)
    reach = 1.15 * max(np.nanmax(np.abs(pull), initial=0), 3.5)
    bottom.set_ylim(-reach, reach)
    bottom.set_ylabel("pull of mean")
    bottom.set_xlabel(label(data.labels[0], data.units[0]))
    if len(edges) > 1 and np.isfinite(edges).all() and edges[-1] > edges[0]:
        bottom.set_xlim(edges[0], edges[-1])
    return figure
