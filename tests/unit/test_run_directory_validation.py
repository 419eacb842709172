import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import RunDirectoryError
from runner.run_directory import RunDirectory, RunRecord, ValidationRow, add_validation, read_validation


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path, RunRecord(name="test", seed=1), {})


def row(step: int, value: float = 2.0) -> ValidationRow:
    return ValidationRow(
        step=step,
        metric="m",
        score="s",
        value=value,
        error=0.1,
        unit="1",
        better="one",
        headline=True,
        floor=1.0,
        floor_sd=0.2,
    )


def test_rows_are_read_as_they_were_added(run: RunDirectory) -> None:
    assert read_validation(run) == ()
    first, second = row(10), replace(row(20), error=None, floor=None, floor_sd=None)
    add_validation(run, [first])
    add_validation(run, [second])
    assert read_validation(run) == (first, second)


def test_what_a_resumed_run_measures_again_takes_the_old_rows_place(run: RunDirectory) -> None:
    for step in (10, 20, 30):
        add_validation(run, [row(step)])
    add_validation(run, [row(20, 5.0)])
    assert [(found.step, found.value) for found in read_validation(run)] == [(10, 2.0), (20, 5.0)]


def test_undefined_values_are_null(run: RunDirectory) -> None:
    add_validation(run, [row(10, math.nan)])
    assert json.loads(run.validation.read_text())["rows"][0]["value"] is None
    assert math.isnan(read_validation(run)[0].value)
    assert read_validation(run)[0].shortfall is None


def test_the_shortfall_is_the_distance_from_ideal() -> None:
    assert row(10, 0.25).shortfall == 0.75


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": "2.0"}, "has schema version 2.0"),
        ({"rows": 3}, "rows must be a list"),
        ({"rows": [{"step": 1}]}, r"rows\.0\.value is missing"),
    ],
)
def test_a_broken_file_is_named(run: RunDirectory, change: dict[str, object], message: str) -> None:
    add_validation(run, [row(10)])
    run.validation.write_text(json.dumps({**json.loads(run.validation.read_text()), **change}))
    with pytest.raises(RunDirectoryError, match=message):
        read_validation(run)
