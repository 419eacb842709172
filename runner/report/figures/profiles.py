"""Mean and spread of a quantity against a condition."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from runner.api import Profile
from runner.report.figures.canvas import FLOOR, GENERATED, REAL, drawable, label, lengths, two_panels


def profile(data: Profile) -> Figure:
    """Means and standard deviations of both samples in bins of a condition, and the pulls of the means below.

    Real responses are a line in a band of ±1 standard deviation, generated ones points with bars of that length. A
    pull is (generated - real) / sqrt(sum of the squares of both standard errors), with a band from -1 to 1.

    Args:
        data: What to draw.
    """
    edges = drawable(data.edges)
    (mean, error, sd), (generated, generated_error, generated_sd) = (
        (drawable(row[0]), lengths(row[1]), lengths(row[2])) for row in (data.real, data.generated)
    )
    centres = (edges[1:] + edges[:-1]) / 2
    x, y = (label(name, unit) for name, unit in zip(data.labels, data.units, strict=True))
    figure, top, bottom = two_panels(data.title, x, y, "pull of mean")
    if len(edges) < 2 or not np.isfinite(edges).all():
        return figure
    top.stairs(mean + sd, edges, baseline=mean - sd, fill=True, color=REAL, alpha=0.2, linewidth=0, label="real, ±1 sd")
    top.stairs(mean, edges, baseline=None, color=REAL, linewidth=1.3, label="real, mean")
    name = "generated, mean ±1 sd"
    top.errorbar(centres, generated, generated_sd, fmt="o", color=GENERATED, markersize=4, elinewidth=1, label=name)
    top.legend()
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = drawable((generated - mean) / np.hypot(generated_error, error))
    bottom.axhspan(-1, 1, color=FLOOR, linewidth=0, zorder=0)
    bottom.axhline(0, color=REAL, linewidth=1)
    bottom.plot(centres, pull, "o", color=GENERATED, markersize=4)
    reach = 1.15 * max(np.nanmax(np.abs(pull), initial=0), 3.5)
    bottom.set_ylim(-reach, reach)
    if edges[-1] > edges[0]:
        bottom.set_xlim(edges[0], edges[-1])
    return figure
