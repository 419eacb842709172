"""Several groups of runs in one figure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.api import Histogram, Sample
from runner.compare import Cell, ComparedScore, Comparison
from runner.report.figures.canvas import COLOURS, FLOOR, REAL, blank, drawable, label, shown
from runner.report.figures.images import image
from runner.report.figures.responses import amplitude_norm, captions, conditions_above, hits
from runner.report.figures.styles import styled
from runner.report.figures.training import robust_range
from runner.report.judgement import LIMIT, distance
from runner.run_directory import History

_MARKERS = "os^Dvp*X"
_LINES = ("-", "--", "-.", ":")
_BINS = 40
_BAND = 0.7  # of a row, for all groups together
_LARGEST = 100_000
_TICKS = [sign * size for sign in (-1, 1) for size in (3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000)] + [0]


@styled
def score_chart(comparison: Comparison) -> Figure:
    """How far each group is off the floor in each main score, to the worse to the right.

    The axis is linear within ±3 standard deviations of the floor and logarithmic beyond. Of several seeds the root mean
    square is shown, so that a group is within the band where its verdict says so. Bars are the standard deviation over
    the seeds, or the evaluation's standard error where there is one seed.

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
        colour = "0.35" if group.reference else _look(number)[0]
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
    off = distance(cell.rms_z, score.better) if cell else None
    if cell is None or off is None:
        return None
    spread = cell.error if cell.sd is None else cell.sd
    error = spread / score.floor_sd if spread is not None and score.floor_sd else 0.0
    return min(max(off, -_LARGEST), _LARGEST), min(error, _LARGEST) if math.isfinite(error) else 0.0


def _limits(interval: Sequence[float]) -> tuple[float, float]:
    """From below the band to beyond the last bar."""
    low, high = interval
    return min(1.2 * low, -1.5 * LIMIT), max(1.2 * high, 3 * LIMIT)


def _look(number: int) -> tuple[str, Any]:
    """Colour and kind of line of a group, the same in all figures of a comparison; no two alike among twelve."""
    return COLOURS[number % len(COLOURS)], _LINES[number % len(_LINES)]


@styled
def overlay(histograms: Mapping[str, Histogram], labels: Sequence[str]) -> Figure:
    """Densities of one quantity, real and as each of several models generates it.

    Args:
        histograms: By the group's label, of the same quantity; the real values are the first one's.
        labels: Of all groups, in their order, which gives each its colour.
    """
    first = next(iter(histograms.values()))
    real = _finite(first.real)
    models = {name: _finite(data.generated) for name, data in histograms.items()}
    ranges = [np.quantile(found, (0.001, 0.999)) for found in (real, *models.values()) if len(found)]
    low, high = (min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else (0.0, 1.0)
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        low, high = low - max(0.5, 1e-3 * abs(low)), high + max(0.5, 1e-3 * abs(high))
    edges = np.linspace(low, high, _BINS + 1)
    figure = blank(6.4, 4.4)
    axis = figure.add_axes((0.13, 0.13, 0.84, 0.79))

    def density(found: NDArray[np.float64]) -> NDArray[np.float64]:
        counts = np.histogram(np.clip(found, low, high), edges)[0]
        return np.asarray(counts / (max(len(found), 1) * np.diff(edges)))

    axis.stairs(density(real), edges, color=REAL, fill=True, alpha=0.2, linewidth=0, label="real")
    axis.stairs(density(real), edges, color=REAL, linewidth=1.3)
    for name, found in models.items():
        colour, line = _look(labels.index(name))
        axis.stairs(density(found), edges, color=colour, linestyle=line, linewidth=1.3, label=shown(name))
    if first.log_y and any(len(found) for found in (real, *models.values())):
        axis.set_yscale("log")
    axis.set_xlim(low, high)
    axis.set_title(shown(first.title))
    axis.set_xlabel(label(first.label, first.unit))
    axis.set_ylabel(label("density", "" if first.unit in ("", "1") else f"1/{first.unit}"))
    axis.legend()
    return figure


def _finite(values: NDArray[Any]) -> NDArray[np.float64]:
    numbers = drawable(values)
    return numbers[np.isfinite(numbers)]


@styled
def loss_overlay(histories: Mapping[str, Sequence[History]], labels: Sequence[str]) -> Figure:
    """Each loss of several groups against the training step: a running mean over 2 % of the steps, one line for a run.

    Args:
        histories: By the group's label, of its runs.
        labels: Of all groups, in their order, which gives each its colour.
    """
    names = list(dict.fromkeys(name for runs in histories.values() for run in runs for name in run.losses))
    rows, lines = max(math.ceil(len(names) / 2), 1), math.ceil(len(histories) / 2)
    height = 0.65 + 2.1 * rows + 0.22 * lines
    figure = blank(10.5, height)
    figure.subplots_adjust(
        left=0.08, right=0.98, top=1 - (0.2 + 0.22 * lines) / height, bottom=0.5 / height, hspace=0.15, wspace=0.2
    )
    axes = figure.subplots(rows, min(max(len(names), 1), 2), sharex=True, squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        drawn = []
        for group, runs in histories.items():
            colour, line = _look(labels.index(group))
            for number, run in enumerate(runs):
                if name in run.losses:
                    steps, smooth = _smooth(run.step, drawable(run.losses[name]))
                    text = "" if number else shown(group)
                    axis.plot(steps, smooth, color=colour, linestyle=line, linewidth=1.2, label=text or None)
                    drawn.append(smooth)
        axis.set_ylim(*robust_range(np.concatenate(drawn)))
        axis.set_ylabel(f"{label(name, '')} [1]")
        axis.grid(alpha=0.3)
    for axis in axes[-1]:
        axis.set_xlabel("training step")
    if len(names) % 2 and len(names) > 1:
        axes[-1, -1].set_axis_off()
        axes[-2, -1].tick_params(labelbottom=True)
    handles = {
        text: handle for axis in axes.flat for handle, text in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(
            list(handles.values()), list(handles), loc="upper center", ncols=2, frameon=False, fontsize="small"
        )
    return figure


def _smooth(steps: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    window = max(1, len(steps) // 50)
    with np.errstate(invalid="ignore", over="ignore"):
        smooth = np.convolve(values, np.full(window, 1 / window), "valid")
    return steps[window // 2 :][: len(smooth)], smooth


@styled
def galleries(real: Sample, generated: Mapping[str, Sample]) -> Figure:
    """A row of real responses, and below it one of each group at the same conditions, on one logarithmic colour scale.

    Args:
        real: Real events.
        generated: By the group's label, responses at their conditions.
    """
    samples = [("real", real), *generated.items()]
    columns = max(len(real), 1)
    texts = captions(real, columns)
    above = 0.35 + 0.15 * max((text.count("\n") + 1 for text in texts), default=1)
    height = above + 1.35 * len(samples) + 0.5
    figure = blank(13, height)
    norm = amplitude_norm(*(sample.responses for _, sample in samples))
    top, bottom = 1 - above / height, 0.5 / height
    grid = figure.add_gridspec(
        len(samples), columns, left=0.08, right=0.917, top=top, bottom=bottom, hspace=0.12, wspace=0.1
    )
    axes: Any = grid.subplots(squeeze=False)
    for row, (name, sample) in zip(axes, samples, strict=True):
        for number, axis in enumerate(row):
            if number >= len(sample):
                axis.set_axis_off()
                continue
            image(axis, hits(sample.responses[number]), sample.info.axes, norm=norm)
            axis.tick_params(labelsize="small")
            axis.label_outer()
        words = textwrap.fill(name.replace("_", " "), 16, max_lines=3)
        row[0].set_ylabel(f"{shown(words)}\n{row[0].get_ylabel()}", fontsize="small")
    for axis, text in zip(axes[0], texts, strict=False):
        axis.set_title(text, fontsize="small", pad=3)
    figure.text(0.5, 1 - 0.2 / height, conditions_above(real.info), fontsize="small", ha="center")
    bar = figure.add_axes((0.935, bottom, 0.014, top - bottom))
    figure.colorbar(ScalarMappable(norm), cax=bar, label=label(real.info.quantity, real.info.unit))
    return figure
