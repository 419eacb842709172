"""Several groups of runs in one figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from runner.api import Histogram
from runner.compare import Cell, ComparedScore, Comparison
from runner.report.figures.canvas import COLOURS, FLOOR, REAL, blank, drawable, label, shown
from runner.report.figures.styles import styled
from runner.report.judgement import LIMIT, distance

_MARKERS = "os^Dvp*X"
_LINES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_BINS = 40
_BAND = 0.7  # of a row, for all groups together
_LARGEST = 100_000
_TICKS = [sign * size for sign in (-1, 1) for size in (3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000)] + [0]


@styled
def score_chart(comparison: Comparison) -> Figure:
    """How far each group is off the floor in each main score, to the worse to the right.

    The axis is linear within ±3 standard deviations of the floor and logarithmic beyond. Bars are the standard
    deviation over the seeds, or the evaluation's standard error where there is one seed.

    Args:
        comparison: The comparison; scores without a floor are left out.
    """
    scores = [score for score in comparison.scores if score.headline and any(_at(score, cell) for cell in score.cells)]
    groups = comparison.groups
    figure = blank(10.5, 1.1 + 0.24 * max(len(groups), 2) * max(len(scores), 1) / 2 + 0.22 * math.ceil(len(groups) / 2))
    height = figure.get_figheight()
    legend = 0.1 + 0.22 * math.ceil(len(groups) / 2)
    axis = figure.add_axes((0.25, 0.55 / height, 0.73, 1 - (0.55 + legend) / height))
    axis.axvspan(-LIMIT, LIMIT, color=FLOOR, linewidth=0)
    axis.axvline(0, color="0.4", linewidth=0.8)
    for number, group in enumerate(groups):
        offset = _BAND * ((number + 0.5) / len(groups) - 0.5)
        places = [(place + offset, _at(score, score.cells[number])) for place, score in enumerate(scores)]
        points = [(place, *at) for place, at in places if at]
        colour = "0.35" if group.reference else COLOURS[number % len(COLOURS)]
        axis.errorbar(
            [x for _, x, _ in points],
            [y for y, _, _ in points],
            xerr=[error for _, _, error in points] if points else None,
            fmt=_MARKERS[number % len(_MARKERS)],
            color=colour,
            markerfacecolor="white" if group.reference else colour,
            markersize=6,
            linewidth=1.2,
            label=shown(group.label.replace("_", " ") if group.reference else group.label),
        )
    axis.set_xscale("symlog", linthresh=LIMIT, linscale=1)
    axis.set_xticks(_TICKS, [f"{tick:,}".replace("-", "\N{MINUS SIGN}") for tick in _TICKS])
    axis.set_xticks([], minor=True)
    axis.set_xlim(*_limits(axis.dataLim.intervalx))
    axis.set_yticks(range(len(scores)), [shown(score.key) for score in scores])
    axis.set_ylim(max(len(scores), 1) - 0.5, -0.5)
    for place in range(1, len(scores)):
        axis.axhline(place - 0.5, color="0.9", linewidth=0.8)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel("distance from the floor, to the worse [sd of the floor]")
    if groups:
        figure.legend(loc="upper center", ncols=2, frameon=False, fontsize="small")
    return figure


def _at(score: ComparedScore, cell: Cell | None) -> tuple[float, float] | None:
    """Where a group stands in a score: its distance and its error, in standard deviations of the floor."""
    off = distance(cell.z, score.better) if cell else None
    if cell is None or off is None:
        return None
    spread = cell.error if cell.sd is None else cell.sd
    error = spread / score.floor_sd if spread is not None and score.floor_sd else 0.0
    return min(max(off, -_LARGEST), _LARGEST), min(error, _LARGEST) if math.isfinite(error) else 0.0


def _limits(interval: Sequence[float]) -> tuple[float, float]:
    """From below the band to beyond the last bar."""
    low, high = interval
    return min(1.2 * low, -1.5 * LIMIT), max(1.2 * high, 3 * LIMIT)


@styled
def overlay(histograms: Mapping[str, Histogram]) -> Figure:
    """Densities of one quantity, real and as each of several models generates it.

    Args:
        histograms: By the model's name, of the same quantity; the real values are the first one's.
    """
    first = next(iter(histograms.values()))
    values = {"real": first.real} | {name: data.generated for name, data in histograms.items()}
    finite = {name: found[np.isfinite(found)] for name, found in ((key, drawable(v)) for key, v in values.items())}
    ranges = [np.quantile(found, (0.001, 0.999)) for found in finite.values() if len(found)]
    low, high = (min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else (0.0, 1.0)
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        low, high = low - max(0.5, 1e-3 * abs(low)), high + max(0.5, 1e-3 * abs(high))
    edges = np.linspace(low, high, _BINS + 1)
    figure = blank(6.4, 4.4)
    axis = figure.add_axes((0.13, 0.13, 0.84, 0.79))
    for number, (name, found) in enumerate(finite.items()):
        counts = np.histogram(np.clip(found, low, high), edges)[0] / (max(len(found), 1) * np.diff(edges))
        if not number:
            axis.stairs(counts, edges, color=REAL, fill=True, alpha=0.2, linewidth=0, label=name)
            axis.stairs(counts, edges, color=REAL, linewidth=1.3)
            continue
        colour, line = COLOURS[(number - 1) % len(COLOURS)], _LINES[(number - 1) % len(_LINES)]
        axis.stairs(counts, edges, color=colour, linestyle=line, linewidth=1.3, label=shown(name))
    if first.log_y and any(len(found) for found in finite.values()):
        axis.set_yscale("log")
    axis.set_xlim(low, high)
    axis.set_title(shown(first.title))
    axis.set_xlabel(label(first.label, first.unit))
    axis.set_ylabel(label("density", "" if first.unit in ("", "1") else f"1/{first.unit}"))
    axis.legend()
    return figure
