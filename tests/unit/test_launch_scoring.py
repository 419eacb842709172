"""What is drawn after an evaluation, and what stays of an earlier one."""

from pathlib import Path

import numpy as np
import pytest

from runner import evaluation, testing
from runner.api import Figure, Histogram, Measurement
from runner.evaluation import Evaluation
from runner.launch import scoring
from runner.run_directory import RunDirectory, ScoreFile, read_figures, write_figures
from tests import report_runs


def figure(title: str) -> Figure:
    return Histogram("width", title, "width", "pad", np.arange(9.0), np.arange(9.0))


def draw(run: RunDirectory, **measured: Figure) -> None:
    measurements = {name: Measurement({}, (data,)) for name, data in measured.items()}
    halves, generated = evaluation.halve(testing.sample(), 20, 1), testing.sample(seed=1)
    found = Evaluation(ScoreFile(data_digest="", rows=()), measurements)
    scoring._draw(run, halves, generated, found, 10)


def titles(run: RunDirectory) -> dict[str, list[str]]:
    return {metric: [data.title for data in of_metric] for metric, of_metric in read_figures(run).items()}


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def test_metrics_that_are_not_measured_again_keep_their_figures(run: RunDirectory) -> None:
    write_figures(run, {"coverage": [figure("old")], "validity": [figure("old")]}, step=5)
    draw(run, validity=figure("new"), speed=figure("first"))
    assert titles(run) == {"coverage": ["old"], "validity": ["new"], "speed": ["first"]}
    drawn = {path.relative_to(run.figures).as_posix() for path in run.figures.rglob("*.png")}
    assert drawn == {"gallery.png", "mean_response.png", "validity/width.png", "speed/width.png"}


def test_a_broken_file_of_figures_is_replaced(run: RunDirectory) -> None:
    run.figure_data.write_bytes(b"nothing")
    draw(run, validity=figure("new"))
    assert titles(run) == {"validity": ["new"]}


def test_figures_stay_as_long_as_the_scores_of_their_metric(tmp_path: Path) -> None:
    run = report_runs.make_run(tmp_path)
    before = read_figures(run)
    assert {"wasserstein", "coverage", "speed"} == set(before)
    rows = [row for row in report_runs.ROWS if row.metric != "wasserstein"]
    scoring.keep_figures(run, report_runs.scores(rows))
    assert set(read_figures(run)) == {"coverage", "speed"}
    written = run.figure_data.stat().st_mtime_ns
    scoring.keep_figures(run, report_runs.scores(rows))
    assert run.figure_data.stat().st_mtime_ns == written  # nothing to drop, nothing is written
