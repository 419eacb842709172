"""What all pictures share: drawn without a display, the same bytes for the same data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from runner.run_directory import replace_atomic

REAL, GENERATED = "#0072b2", "#d55e00"  # told apart with every kind of colour vision (Okabe, Ito 2008)
_DPI = 150


@contextmanager
def figure_at(path: Path, width: float, height: float, layout: Any = "constrained") -> Iterator[Figure]:
    """A figure [inch] that is written atomically in the end."""
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    yield figure
    with replace_atomic(path) as temporary:
        figure.savefig(temporary, dpi=_DPI, metadata={"Software": None})


def label(name: str, unit: str) -> str:
    """Name with its unit in brackets; one of them where they say the same. "1" and "" are no units."""
    name = name.replace("_", " ")
    if unit in ("", "1", name):
        return name
    return unit if unit.startswith(f"{name} ") else f"{name} [{unit}]"
