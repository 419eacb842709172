"""Pictures of a run, as PNG: drawn without a display, the same bytes for the same data."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, TwoSlopeNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.api import DataInfo, Histogram, Sample
from runner.run_directory import replace_atomic

REAL, GENERATED = "#0072b2", "#d55e00"  # told apart with every kind of colour vision (Okabe, Ito 2008)
_DPI = 150
_BINS = 40


@contextmanager
def _figure(path: Path, width: float, height: float, layout: Any = "constrained") -> Iterator[Figure]:
    """A figure [inch] that is written atomically in the end."""
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    yield figure
    with replace_atomic(path) as temporary:
        figure.savefig(temporary, dpi=_DPI, metadata={"Software": None})


def gallery(path: Path, real: Sample, generated: Sample, count: int = 15) -> Path:
    """The first real and the first generated responses on one logarithmic colour scale.

    Args:
        path: The PNG.
        real: Real events.
        generated: Generated events.
        count: Responses of each kind.
    """
    columns = 5
    rows = -(-count // columns)
    height = 1.3 + 1.45 * rows
    top, bottom = 1 - 0.75 / height, 0.5 / height
    with _figure(path, 13, height, layout=None) as figure:  # a layout by measuring takes seconds for so many axes
        norm = _amplitude_norm(real.responses[:count], generated.responses[:count])
        for title, sample, left, right in (("real", real, 0.045, 0.46), ("generated", generated, 0.505, 0.92)):
            grid = figure.add_gridspec(
                rows, columns, left=left, right=right, top=top, bottom=bottom, hspace=0.3, wspace=0.1
            )
            figure.text((left + right) / 2, 1 - 0.35 / height, title, fontsize="x-large", ha="center")
            axes: Any = grid.subplots(squeeze=False)
            for number, axis in enumerate(axes.flat):
                _response(axis, sample, number, norm, number // columns == rows - 1, number % columns == 0)
        bar = figure.add_axes((0.935, bottom, 0.014, top - bottom))
        figure.colorbar(ScalarMappable(norm), cax=bar, label=f"{real.info.quantity} [{real.info.unit}]")
    return path


def _amplitude_norm(*responses: NDArray[np.float32]) -> LogNorm:
    hits = np.concatenate([values[values > 0] for values in responses])
    low, high = (hits.min(), hits.max()) if len(hits) else (1.0, 10.0)
    return LogNorm(low, high if high > low else low * 10)


def _response(axis: Axes, sample: Sample, number: int, norm: LogNorm, bottom: bool, left: bool) -> None:
    """One tile; empty pixels stay white."""
    if number >= len(sample):
        axis.set_axis_off()
        return
    _image(axis, sample.responses[number], sample.info, norm)
    values = zip(sample.info.conditions, sample.conditions[number], strict=True)
    axis.set_title(", ".join(f"{value:.3g} {condition.unit}" for condition, value in values), fontsize="small")
    axis.tick_params(labelbottom=bottom, labelleft=left, labelsize="small")
    axis.set_xlabel(axis.get_xlabel() if bottom else "")
    axis.set_ylabel(axis.get_ylabel() if left else "")


def _image(axis: Axes, values: NDArray[np.floating], info: DataInfo, norm: Any, **options: Any) -> Any:
    """First axis to the right, second one up, in the detector's coordinates."""
    flat = values.reshape(values.shape[0], -1)
    first = info.axes[0]
    second = info.axes[1] if len(info.axes) > 1 else None
    start = second.start if second else 0.0
    extent = (first.start - 0.5, first.start + flat.shape[0] - 0.5, start - 0.5, start + flat.shape[1] - 0.5)
    shown = np.ma.masked_where(flat == 0, flat).T
    image = axis.imshow(shown, origin="lower", extent=extent, norm=norm, aspect="auto", **options)
    axis.set_xlabel(_label(first.name, first.unit))
    axis.set_ylabel(_label(second.name, second.unit) if second else "")
    return image


def _label(name: str, unit: str) -> str:
    """Name with unit in brackets; one of them where they say the same."""
    name = name.replace("_", " ")
    if not unit or unit == name:
        return name
    return unit if unit.startswith(name) else f"{name} [{unit}]"


def mean_response(path: Path, real: Sample, generated: Sample) -> Path:
    """Average responses, and their difference in units of its standard error.

    Args:
        path: The PNG.
        real: Real events.
        generated: Generated events.
    """
    means = [sample.responses.mean(axis=0, dtype=np.float64) for sample in (real, generated)]
    squares = sum(sample.responses.var(axis=0, dtype=np.float64) / len(sample) for sample in (real, generated))
    error = np.sqrt(squares)
    pull = np.divide(means[1] - means[0], error, out=np.zeros_like(error), where=error > 0)
    with _figure(path, 12.5, 3.6) as figure:
        axes = figure.subplots(1, 3)
        norm = _amplitude_norm(*(mean.astype(np.float32) for mean in means))
        for axis, title, mean in zip(axes, ("real", "generated"), means, strict=False):
            _image(axis, mean, real.info, norm)
            axis.set_title(f"average response, {title}")
        label = f"{real.info.quantity} [{real.info.unit}]"
        figure.colorbar(ScalarMappable(norm), ax=axes[:2], label=label)
        largest = max(float(np.abs(pull).max()), 1.0)
        image = _image(axes[2], pull, real.info, TwoSlopeNorm(0, -largest, largest), cmap="PuOr")
        axes[2].set_title("(generated - real) / error")
        figure.colorbar(image, ax=axes[2], label="standard errors")
    return path


def histogram(path: Path, data: Histogram) -> Path:
    """Densities of one quantity in both samples with their statistical errors, and the ratio below.

    Args:
        path: The PNG.
        data: What to draw.
    """
    samples = [np.asarray(values, np.float64) for values in (data.real, data.generated)]
    samples = [values[np.isfinite(values)] for values in samples]
    edges = _edges(*samples)
    with _figure(path, 6, 5) as figure:
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
        unit = f" [{data.unit}]" if data.unit not in ("", "1") else ""
        bottom.set_xlabel(f"{data.label}{unit}")
        bottom.set_ylabel("gen. / real")
    return path


def _edges(real: NDArray[np.float64], generated: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bins over the central 99.8% of both samples; what lies beyond is in the outermost bins."""
    both = [np.quantile(values, (0.001, 0.999)) for values in (real, generated) if len(values)]
    low, high = (min(b[0] for b in both), max(b[1] for b in both)) if both else (0.0, 1.0)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, _BINS + 1)


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


def loss_curves(path: Path, steps: NDArray[np.int64], losses: Mapping[str, NDArray[np.floating]]) -> Path:
    """Each loss against the training step: every value, and a running mean over 2% of the training.

    Args:
        path: The PNG.
        steps: (steps,).
        losses: By name, (steps,) each.
    """
    rows = max(len(losses), 1)
    window = max(1, len(steps) // 50)
    with _figure(path, 8, 0.6 + 1.7 * rows) as figure, warnings.catch_warnings():
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
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, (0.005, 0.995)) if len(finite) else (0.0, 1.0)
    margin = 0.1 * (high - low) or 1.0
    return float(low - margin), float(high + margin)
