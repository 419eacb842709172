"""How figures look: plain, or as those of the large experiments do."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib

from runner.errors import ExperimentError, Problem

STYLES = ("plain", "mplhep")

_PLAIN: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.linewidth": 0.8,
    "axes.titlesize": "medium",
    "axes.titley": 1.0,  # where it would be put anyway, after measuring everything else
    "figure.titlesize": "medium",
    "legend.fontsize": "small",
    "legend.frameon": False,
    "xtick.direction": "in",
    "xtick.top": True,
    "ytick.direction": "in",
    "ytick.right": True,
    "errorbar.capsize": 0,
}
_LOOK = re.compile(
    r"(agg|axes|errorbar|figure|font|grid|image|legend|lines|markers|mathtext|patch|path|savefig|scatter|text|"
    r"[xy]axis|[xy]tick)\."
)
_SIZES = ("figure.figsize", "font.size", "axes.linewidth", "major.size", "minor.size", "major.pad", "labelsize")

_chosen: ContextVar[str] = ContextVar("style", default="plain")

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def style(name: str) -> Iterator[None]:
    """Draws, saves and encodes figures in a style.

    Args:
        name: "plain", or "mplhep": fonts and ticks of the package of that name (extra ``hep``), in the sizes of the
            plain style.

    Raises:
        ExperimentError: For another name, or if the package is not installed.
    """
    if name not in STYLES:
        raise ExperimentError([Problem("", "style", f"{name!r} is none", f"take one of: {', '.join(STYLES)}")])
    if name == "mplhep" and importlib.util.find_spec("mplhep") is None:
        advice = "install it with: pip install 'tpc-runner[hep]'"
        raise ExperimentError([Problem("", "style", "the package mplhep is not installed", advice)])
    before = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(before)


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Makes a function draw in the chosen style, whatever else this process has told Matplotlib."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context(_parameters(_chosen.get())):
            return draw(*args, **kwargs)

    return drawn


@cache
def _parameters(name: str) -> Any:
    default = {key: value for key, value in matplotlib.rcParamsDefault.items() if _LOOK.match(key)}
    if name == "plain":
        return default | _PLAIN
    import mplhep

    look = {key: value for key, value in mplhep.style.ROOT.items() if not key.endswith(_SIZES)}
    return default | _PLAIN | look
