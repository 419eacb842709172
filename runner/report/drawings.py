"""The figures of a comparison, for its page and as files: data of groups, read from the runs' folders, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from runner.api import Histogram, Sample
from runner.compare import Comparison
from runner.errors import RunnerError
from runner.report.compared import compared_samples
from runner.report.tables import z_text
from runner.run_directory import History, RunDirectory, failure, read_figures, read_history

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T = TypeVar("T")

MOST_SEEDS, MOST_RESPONSES, MOST_GROUPS = 3, 8, 12
"""Of each group, runs in the figure of losses; in the gallery, responses of a group, and groups."""

_MOST_STEPS = 500  # of each run; a training's course, not its scatter, is compared


@dataclass(frozen=True)
class Drawing:
    """A figure that is not drawn yet.

    Attributes:
        name: That of its file, without suffix.
        draw: Draws it.
        form: "svg" for lines, "png" for pixels.
        text: What it shows, for those who do not see it.
    """

    name: str
    draw: Callable[[], Figure]
    form: Literal["png", "svg"]
    text: str


@dataclass(frozen=True)
class Drawings:
    """The figures of a comparison.

    Attributes:
        chart: Distance of main scores from the floor; none where no main score has one.
        gallery: Real responses, and those of the first run of each group at the same conditions.
        losses: Losses of all groups against the training step.
        distributions: Histograms that at least two groups have, of the first run of each.
        missing: What is not shown, and why.
    """

    chart: tuple[Drawing, ...]
    gallery: tuple[Drawing, ...]
    losses: tuple[Drawing, ...]
    distributions: tuple[Drawing, ...]
    missing: tuple[str, ...]

    def __iter__(self) -> Iterator[Drawing]:
        """All of them."""
        return iter((*self.chart, *self.gallery, *self.losses, *self.distributions))


def drawings(comparison: Comparison, runs: Sequence[RunDirectory]) -> Drawings:
    """What can be drawn of a comparison.

    Args:
        comparison: What was found.
        runs: Its runs.
    """
    by_path = {run.path.absolute(): run for run in runs}
    groups = {
        group.label: [by_path[path.absolute()] for path in group.paths if path.absolute() in by_path]
        for group in comparison.groups
        if group.paths
    }
    missing: list[str] = []
    return Drawings(
        chart=_chart(comparison),
        gallery=_gallery(groups, missing),
        losses=_losses(groups, missing),
        distributions=_distributions(comparison, groups, missing),
        missing=tuple(missing),
    )


def write_drawings(found: Drawings, folder: Path) -> Path:
    """Writes every figure as PNG and PDF.

    Args:
        found: The figures.
        folder: Where; made if it is not there.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    from runner.report import figures

    for drawing in found:
        figure = drawing.draw()
        for form in ("png", "pdf"):
            path = folder / f"{drawing.name}.{form}"
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise failure(path.parent, "cannot be made", error) from error
            figures.save(figure, path)
    return folder


def without_data(run: RunDirectory) -> str:
    """What to say of a run whose metrics left no data of figures, or ""."""
    if run.figure_data.is_file():
        return ""
    record = run.record
    return f"{record.name} {record.id}: no data of figures: runner evaluate {record.id} makes them"


def _read(read: Callable[[RunDirectory], T], run: RunDirectory, what: str, missing: list[str]) -> T | None:
    """What `read` returns; None where it fails, which is noted."""
    try:
        return read(run)
    except RunnerError as error:
        told = str(error).replace(f"{run.path}/", "")  # where the run is on this machine is no matter of the page
        missing.append(f"{run.record.name} {run.record.id}: {what} not shown: {told}")
        return None


def _chart(comparison: Comparison) -> tuple[Drawing, ...]:
    said = []
    for score in comparison.scores:
        if score.headline:
            found = zip(comparison.groups, score.cells, strict=True)
            states = [f"{group.label} z {z_text(cell.z)}" for group, cell in found if cell and cell.z is not None]
            said += [f"{score.key}: {', '.join(states)}"] if states else []
    if not said:
        return ()

    def draw() -> Figure:
        from runner.report.figures.comparison import score_chart

        return score_chart(comparison)

    return (Drawing("scores", draw, "svg", f"Distance of each main score from the floor. {'; '.join(said)}"),)


def _gallery(groups: Mapping[str, Sequence[RunDirectory]], missing: list[str]) -> tuple[Drawing, ...]:
    real: Sample | None = None
    generated: dict[str, Sample] = {}
    for label, (run, *_) in groups.items():
        samples = _read(compared_samples, run, "responses are", missing)
        if samples is None:
            continue
        asked = samples[0].asked.take(slice(MOST_RESPONSES))
        if real is None:
            real = asked
        if not (np.array_equal(asked.conditions, real.conditions) and np.array_equal(asked.responses, real.responses)):
            missing.append(f"{label}: responses are not shown: they are at other conditions")
        elif len(generated) == MOST_GROUPS:
            missing.append(f"{label}: responses are not shown: there is room for {MOST_GROUPS} groups")
        else:
            generated[label] = samples[1].take(slice(MOST_RESPONSES))
    if real is None:
        return ()
    first = real

    def draw() -> Figure:
        from runner.report.figures.comparison import galleries

        return galleries(first, generated)

    text = f"{len(first)} real responses, and those of {', '.join(generated)} at the same conditions"
    return (Drawing("gallery", draw, "png", f"{text}, on one colour scale"),)


def _losses(groups: Mapping[str, Sequence[RunDirectory]], missing: list[str]) -> tuple[Drawing, ...]:
    histories: dict[str, list[History]] = {}
    for label, runs in groups.items():
        for run in runs[:MOST_SEEDS]:
            history = _read(partial(read_history, most=_MOST_STEPS), run, "losses are", missing)
            if history is not None and len(history.step):
                histories.setdefault(label, []).append(history)
    if not histories:
        return ()

    def draw() -> Figure:
        from runner.report.figures.comparison import loss_overlay

        return loss_overlay(histories, list(groups))

    ends = (
        f"{label} at step {found[0].step[-1]:,}: "
        + ", ".join(f"{name} {values[-1]:.4g}" for name, values in found[0].losses.items())
        for label, found in histories.items()
    )
    return (Drawing("losses", draw, "svg", f"Losses against the training step; {'; '.join(ends)}"),)


def _distributions(
    comparison: Comparison, groups: Mapping[str, Sequence[RunDirectory]], missing: list[str]
) -> tuple[Drawing, ...]:
    found: dict[tuple[str, str], dict[str, Histogram]] = {}
    baseline = comparison.groups[comparison.baseline].label
    for label in dict.fromkeys((baseline, *groups)):
        for run in groups.get(label, ())[:1]:
            if absent := without_data(run):
                missing.append(absent)
            for metric, figures in (_read(read_figures, run, "distributions are", missing) or {}).items():
                for data in figures:
                    if isinstance(data, Histogram):
                        found.setdefault((metric, data.name), {})[label] = data
    return tuple(
        _distribution(f"{metric}/{name}", metric, same, list(groups))
        for (metric, name), same in found.items()
        if len(same) > 1
    )


def _distribution(name: str, metric: str, same: Mapping[str, Histogram], labels: Sequence[str]) -> Drawing:
    from runner.report.html.descriptions import spread

    def draw() -> Figure:
        from runner.report.figures.comparison import overlay

        return overlay(same, labels)

    first = next(iter(same.values()))
    models = "; ".join(f"{label} {spread(data.generated, data.unit)}" for label, data in same.items())
    return Drawing(name, draw, "svg", f"{metric}: {first.title}; real {spread(first.real, first.unit)}; {models}")
