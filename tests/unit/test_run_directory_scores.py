import json
import math
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import get_args

import pytest

from runner.api.scores import Better
from runner.errors import RunDirectoryError
from runner.run_directory import (
    RunDirectory,
    RunRecord,
    ScoreFile,
    ScoreRow,
    read_headline,
    read_scores,
    write_scores,
)
from runner.run_directory.scores import BETTER, SCHEMA_VERSION

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
        (f'"{SCHEMA_VERSION}"', '"3.1"', "has schema version 3.1"),
        ("{", "", "is not valid JSON"),
        ('"rows": [', '"rows": {}, "other": [', "rows must be a list, not an object"),
        ('"rows": [', '"rows": ["x", ', 'rows.0 must be an object, not "x"'),
    ],
)
def test_a_broken_file_is_named(run: RunDirectory, old: str, new: str, message: str) -> None:
    write_scores(run, ScoreFile(data_digest="abc", rows=(ROW,)))
    text = run.scores.read_text()
    assert old in text
    run.scores.write_text(text.replace(old, new, 1))
    for reader in (read_scores, read_headline):
        with pytest.raises(RunDirectoryError, match=f"{run.scores}: {message}"):
            reader(run)


def test_the_directions_are_those_of_metrics() -> None:
    assert get_args(Better) == BETTER


def test_rows_of_a_later_version_may_hold_more(run: RunDirectory) -> None:
    scores = ScoreFile(data_digest="abc", rows=(ROW,))
    run.scores.write_text(scores.to_json().replace('"headline"', '"new": 1, "headline"'))
    found = read_scores(run)
    assert found == scores
    assert found is not None
    assert not hasattr(found.rows[0], "new")


def test_a_row_that_was_read_cannot_be_changed(run: RunDirectory) -> None:
    write_scores(run, ScoreFile(data_digest="abc", rows=(ROW,)))
    found = read_scores(run)
    assert found is not None
    assert hash(found.rows[0]) == hash(ROW)
    with pytest.raises(FrozenInstanceError):
        found.rows[0].value = 1.0  # type: ignore[misc]


def test_the_headline_is_the_first_main_score(run: RunDirectory) -> None:
    assert read_headline(run) is None
    write_scores(run, ScoreFile(data_digest="abc", rows=(replace(ROW, headline=False),)))
    assert read_headline(run) is None
    rows = (replace(ROW, headline=False), replace(ROW, score="main", value=math.nan), replace(ROW, score="second"))
    write_scores(run, ScoreFile(data_digest="abc", rows=rows))
    found = read_headline(run)
    assert found is not None
    assert found.score == "main"
