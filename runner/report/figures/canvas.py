"""What all figures share: made without a display, in one style, the same bytes for the same data."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.report.figures.styles import styled
from runner.run_directory import replace_atomic

REAL, GENERATED = "#0072b2", "#d55e00"  # told apart with every kind of colour vision (Okabe, Ito 2008)
COLOURS = (GENERATED, "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
FLOOR = "0.85"
FLOOR_NAME = "real against real, ±{} sd"

_LARGEST = 1e100  # larger numbers overflow while axes are laid out
_UNDATED: Mapping[str, Mapping[str, None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
}
_DPI = {"png": 150, "pdf": 300, "svg": 150}  # of the parts that are pixels

_QUICKLY: Mapping[str, Mapping[str, Any]] = {"png": {"pil_kwargs": {"compress_level": 3}}}  # 15 % larger than 6


def blank(width: float, height: float) -> Figure:
    """An empty figure [inch], which knows nothing of pyplot and of a screen."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def two_panels(title: str, x: str, y: str, below: str, *, bottom: float = 0.11) -> tuple[Figure, Axes, Axes]:
    """A panel with a smaller one below it on the same x axis.

    Args:
        title: Of the figure.
        x: Label of the x axis.
        y: Label of the y axis.
        below: Label of the lower y axis.
        bottom: Margin, as a fraction of the figure's height.
    """
    figure = blank(6, 5)
    figure.subplots_adjust(left=0.14, right=0.97, top=0.93, bottom=bottom, hspace=0.09)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.1))
    upper.set_title(shown(title))
    lower.set_xlabel(x)
    for axis, text in ((upper, y), (lower, below)):
        axis.set_ylabel(text)
        axis.yaxis.set_label_coords(-0.105, axis.yaxis.label.get_position()[1])  # below each other
    return figure, upper, lower


def save(figure: Figure, path: Path) -> Path:
    """Writes a figure, atomically.

    Args:
        figure: The figure.
        path: The file; its suffix, ".png", ".pdf" or ".svg", tells the format.

    Raises:
        RunDirectoryError: If it cannot be written.
        ValueError: For another suffix.
    """
    content = encoded(figure, path.suffix.removeprefix("."))
    with replace_atomic(path) as temporary:
        temporary.write_bytes(content)
    return path


@styled
def encoded(figure: Figure, form: str) -> bytes:
    """The figure as a file's content: the same bytes for the same figure, without a date.

    Args:
        figure: The figure.
        form: "png" (150 pixels to the inch), "pdf" (fonts embedded) or "svg" (text as text, stable ids).

    Raises:
        ValueError: For another format.
    """
    if form not in _UNDATED:
        raise ValueError(f"figures are written as {', '.join(_UNDATED)}, not as {form!r}")
    file = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "runner", "svg.fonttype": "none", "pdf.fonttype": 42}):
        figure.savefig(file, format=form, dpi=_DPI[form], metadata=dict(_UNDATED[form]), **_QUICKLY.get(form, {}))
    return file.getvalue()


def shown(text: str) -> str:
    """A text as it stands: a dollar begins no formula."""
    return text.replace("$", r"\$")


def label(name: str, unit: str) -> str:
    """Name with its unit in brackets; one of them where they say the same. "1" and "" are no units."""
    name = name.replace("_", " ")
    if unit in ("", "1", name):
        return shown(name)
    return shown(unit if unit.startswith(f"{name} ") else f"{name} [{unit}]")


def lengths(errors: NDArray[Any]) -> NDArray[np.float64]:
    """Errors as lengths of bars, NaN for those that are none."""
    numbers = drawable(errors)
    return np.where(numbers >= 0, numbers, np.nan)


def drawable(values: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers in float64, NaN for those that no axis can show."""
    numbers = np.asarray(values, np.float64)
    return np.where(np.abs(numbers) <= _LARGEST, numbers, np.nan)
