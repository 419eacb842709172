import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from runner import config
from runner.compare import compare
from runner.errors import ExperimentError, RunDirectoryError
from runner.run_directory import RunDirectory, RunRecord, ScoreFile, ScoreRow, write_scores

ROW = ScoreRow(
    metric="m",
    score="s",
    value=3.0,
    error=0.3,
    unit="ADC",
    better="lower",
    split="test",
    step=1,
    events=100,
    version=1,
    headline=True,
)


def run(folder: Path, *rows: ScoreRow, digest: str = "a" * 64, **experiment: Any) -> RunDirectory:
    tree = {"name": "x", "seed": 1, "evaluation": {"metrics": [{"name": "m"}]}, **experiment}
    made = RunDirectory.create(folder, RunRecord(name="x", seed=1), {"resolved.yaml": config.dump(tree)})
    write_scores(made, ScoreFile(data_digest=digest, rows=rows))
    return made


def row(**changes: Any) -> ScoreRow:
    return dataclasses.replace(ROW, **changes)


def test_differences_are_to_the_first_with_their_errors(tmp_path: Path) -> None:
    (score,) = compare([run(tmp_path, row()), run(tmp_path, row(value=5.0, error=0.4))]).scores
    first, second = score.cells
    assert (first.difference, first.difference_error) == (None, None)
    assert (second.difference, second.difference_error) == (2.0, pytest.approx(0.5))


@pytest.mark.parametrize(
    ("better", "values", "best"),
    [
        ("lower", (3, 1, 2), [1]),
        ("higher", (3, 1, 2), [0]),
        ("zero", (-3, 1, -0.5), [2]),
        ("one", (0.2, 1.1, 3), [1]),
        ("none", (3, 1, 2), []),
        ("lower", (2, 2, 3), [0, 1]),
        ("lower", (math.nan, 2, 3), [1]),
        ("lower", (math.nan, 2, math.nan), []),
    ],
)
def test_the_best_is_marked_by_the_direction(
    tmp_path: Path, better: str, values: tuple[float, ...], best: list[int]
) -> None:
    (score,) = compare([run(tmp_path, row(value=float(value), better=better)) for value in values]).scores
    assert [number for number, cell in enumerate(score.cells) if cell.best] == best


def test_a_score_that_a_run_lacks_is_left_empty(tmp_path: Path) -> None:
    scores = compare([run(tmp_path, row()), run(tmp_path, row(), row(score="t"))]).scores
    assert [score.score for score in scores] == ["s", "t"]
    assert scores[1].cells[0] is None
    assert scores[1].cells[1].difference is None


def test_an_unknown_error_is_not_made_up(tmp_path: Path) -> None:
    (score,) = compare([run(tmp_path, row(error=None)), run(tmp_path, row(value=4.0))]).scores
    assert (score.cells[1].difference, score.cells[1].difference_error) == (1.0, None)


def test_only_parameters_that_differ_are_shown(tmp_path: Path) -> None:
    a = run(tmp_path, row(), training={"steps": 5}, networks={"g": {"name": "n", "size": 3}}, device="cpu")
    b = run(tmp_path, row(), training={"steps": 5}, networks={"g": {"name": "n", "size": 4}}, seed=2, extra=1)
    changed = {parameter.key: parameter.values for parameter in compare([a, b]).parameters}
    assert changed == {"networks.g.size": (3, 4), "seed": (1, 2), "device": ("cpu", None), "extra": (None, 1)}


def test_parameters_of_metrics_are_found_by_the_metrics_name(tmp_path: Path) -> None:
    a = run(tmp_path, row(), evaluation={"metrics": [{"name": "m", "bins": 3}]})
    b = run(tmp_path, row(), evaluation={"metrics": [{"name": "other"}, {"name": "m", "bins": 4}]})
    keys = [parameter.key for parameter in compare([a, b]).parameters]
    assert keys == ["evaluation.metrics.m.bins", "evaluation.metrics.other.name"]


def test_other_data_are_refused_unless_forced(tmp_path: Path) -> None:
    runs = [run(tmp_path, row()), run(tmp_path, row(), digest="b" * 64)]
    with pytest.raises(ExperimentError, match=r"scored on different test events .*(\n.*)*--force"):
        compare(runs)
    assert "different test events" in compare(runs, force=True).warnings[0]


def test_other_versions_of_a_metric_are_refused_unless_forced(tmp_path: Path) -> None:
    runs = [run(tmp_path, row()), run(tmp_path, row(version=2))]
    with pytest.raises(ExperimentError, match=r"m has version 1 in x .* and 2 in x"):
        compare(runs)
    assert compare(runs, force=True).scores


def test_other_numbers_of_events_are_told(tmp_path: Path) -> None:
    (warning,) = compare([run(tmp_path, row()), run(tmp_path, row(events=7))]).warnings
    assert "numbers of generated events differ" in warning


def test_a_run_without_scores_is_an_error(tmp_path: Path) -> None:
    made = run(tmp_path, row())
    made.scores.unlink()
    with pytest.raises(RunDirectoryError, match=r"no scores .*runner evaluate"):
        compare([made])
