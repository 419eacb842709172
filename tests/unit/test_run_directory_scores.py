import json
import math
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from runner.api.scores import Better
from runner.errors import RunDirectoryError
from runner.run_directory import RunDirectory, RunRecord, ScoreFile, ScoreRow, read_scores, write_scores
from runner.run_directory.scores import BETTER

ROW = ScoreRow(
    metric="mean_charge",
    score="difference",
    value=0.1,
    error=1e-17,
    unit="ADC",
    better="zero",
    split="test",
    step=2000,
    events=100,
    version=2,
    headline=True,
)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path, RunRecord(name="toy", seed=1), {})


def test_a_run_without_scores_has_none(run: RunDirectory) -> None:
    assert read_scores(run) is None


def test_scores_come_back_as_they_were(run: RunDirectory) -> None:
    rows = (
        ROW,
        replace(ROW, score="ks", error=None, value=3),
        replace(ROW, value=math.inf, error=-math.inf, headline=False),
    )
    scores = ScoreFile(data_digest="abc", rows=rows, notes=("mean_charge: 3 empty",))
    write_scores(run, scores)
    assert read_scores(run) == scores
    write_scores(run, replace(scores, rows=()))
    assert read_scores(run) == replace(scores, rows=())


def test_an_undefined_score_is_null_in_the_file_and_nan_again(run: RunDirectory) -> None:
    write_scores(run, ScoreFile(data_digest="abc", rows=(replace(ROW, value=math.nan, error=math.nan),)))
    row = json.loads(run.scores.read_text(), parse_constant=pytest.fail)["rows"][0]
    assert (row["value"], row["error"]) == (None, None)
    found = read_scores(run)
    assert found is not None
    assert math.isnan(found.rows[0].value)
    assert found.rows[0].error is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"value": 0.1', '"value": "0.1"', 'rows.0.value must be a number, not "0.1"'),
        ('"value": 0.1', '"value": true', "rows.0.value must be a number, not true"),
        ('"step": 2000', '"step": 2000.5', "rows.0.step must be a whole number"),
        ('"better": "zero"', '"better": "x"', "rows.0.better must be one of lower, higher, zero, one, none, not 'x'"),
        ('"headline"', '"heading"', "rows.0.headline is missing"),
        ('"1.0"', '"3.1"', "has schema version 3.1"),
        ("{", "", "is not valid JSON"),
    ],
)
def test_a_broken_file_is_named(run: RunDirectory, old: str, new: str, message: str) -> None:
    write_scores(run, ScoreFile(data_digest="abc", rows=(ROW,)))
    text = run.scores.read_text()
    assert old in text
    run.scores.write_text(text.replace(old, new, 1))
    with pytest.raises(RunDirectoryError, match=f"{run.scores}: {message}"):
        read_scores(run)


def test_the_directions_are_those_of_metrics() -> None:
    assert get_args(Better) == BETTER
