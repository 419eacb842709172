"""The figures of a run as files: everything that its folder has the data of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure as MplFigure

from runner.api import Figure, Sample
from runner.evaluation import Halves
from runner.report import figures
from runner.report.compared import compared_samples
from runner.run_directory import (
    RunDirectory,
    failure,
    read_figures,
    read_history,
    read_validation,
)


def write_figure_files(run: RunDirectory, forms: Sequence[str] = ("png",)) -> tuple[Path, ...]:
    """Draws everything of a run from its files alone, into its folder of figures.

    Nothing is loaded but NumPy and Matplotlib, and no plugin is run.

    Args:
        run: The run; what it has no files for is left out.
        forms: Formats, "png", "pdf" or "svg".

    Returns:
        The files, in the order they are shown.

    Raises:
        RunDirectoryError: If one of the run's files cannot be read, or a figure cannot be written.
        ExperimentError: If its experiment cannot be read.
    """
    responses = compared_samples(run)
    return write(run, figures_of(run, responses, read_figures(run)), forms)


def write(run: RunDirectory, drawn: Iterator[tuple[str, MplFigure]], forms: Sequence[str]) -> tuple[Path, ...]:
    """Writes figures one after another, so that no more than one is in memory.

    Args:
        run: The run.
        drawn: Figures with their names, see `figures_of`.
        forms: Formats.
    """
    try:
        run.figures.mkdir(exist_ok=True)  # not the run folder, if somebody has removed it
    except OSError as error:
        raise failure(run.figures, "cannot be made", error) from error
    return tuple(figures.save(figure, run.figures / f"{name}.{form}") for name, figure in drawn for form in forms)


def figures_of(
    run: RunDirectory, responses: tuple[Halves, Sample] | None, data: Mapping[str, Sequence[Figure]]
) -> Iterator[tuple[str, MplFigure]]:
    """Every figure of a run, drawn when it is asked for, with its name: that of its file below ``figures``.

    Args:
        run: The run, for what it kept while it was trained.
        responses: Real events cut in two, and the responses generated at the conditions of those asked for.
        data: Of the metrics' figures, by metric.

    Raises:
        RunDirectoryError: If one of the run's files cannot be read.
    """
    if responses is not None:
        halves, generated = responses
        yield "gallery", figures.gallery(halves.asked, generated)  # at equal conditions, one by one
        yield "mean_response", figures.mean_response(halves.compared, generated)
    history = read_history(run, figures.MOST_STEPS)
    if len(history.step):
        yield "losses", figures.loss_curves(history.step, history.losses)
    if validation := read_validation(run):
        yield "validation", figures.validation_curves(validation)
    for metric, of_metric in data.items():
        for figure in of_metric:
            yield f"{metric}/{figure.name}", figures.draw(figure)
