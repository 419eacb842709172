import logging
import os
import shutil
from pathlib import Path

import pytest

from runner.errors import RunDirectoryError
from runner.run_directory import RunDirectory, RunRecord, all_runs, find


def make(root: Path, name: str, time: str, id_: str) -> RunDirectory:
    """A run made at a given time with a given id."""
    made = RunDirectory.create(root, RunRecord(name=name, seed=1), {})
    made.update(created=f"2026-01-01T{time}Z", id=id_)
    return RunDirectory(made.path.rename(made.path.with_name(f"20260101T{time[:8].replace(':', '')}Z-{id_}")))


@pytest.fixture
def runs(tmp_path: Path) -> list[RunDirectory]:
    """Oldest first."""
    return [
        make(tmp_path, "toy", "10:00:00.000", "abc123"),
        make(tmp_path, "toy", "10:00:01.300", "abd456"),
        make(tmp_path, "physgan", "10:00:01.700", "012345"),
    ]


def test_runs_are_listed_newest_first(tmp_path: Path, runs: list[RunDirectory]) -> None:
    assert all_runs(tmp_path) == runs[::-1]
    assert all_runs(tmp_path / "missing") == []


def test_what_is_not_a_run_is_not_listed(tmp_path: Path, runs: list[RunDirectory]) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "toy" / "20260101T110000Z-ffffff").mkdir()  # being made, or never finished
    (tmp_path / "toy" / "backup").mkdir()
    (tmp_path / "toy" / "backup" / "run.json").touch()
    assert all_runs(tmp_path) == runs[::-1]


def test_a_run_that_cannot_be_read_is_left_out_with_a_warning(
    tmp_path: Path, runs: list[RunDirectory], caplog: pytest.LogCaptureFixture
) -> None:
    (runs[1].path / "run.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        assert all_runs(tmp_path) == [runs[2], runs[0]]
    assert f"{runs[1].path}/run.json: is not valid JSON" in caplog.text
    assert find("toy", tmp_path) == runs[0]
    with pytest.raises(RunDirectoryError, match="is not valid JSON"):
        find("abd", tmp_path)
    shutil.rmtree(runs[0].path)
    with pytest.raises(RunDirectoryError, match="none of the runs here can be read"):
        find("toy", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_folder_without_permission_is_left_out_with_a_warning(
    tmp_path: Path, runs: list[RunDirectory], caplog: pytest.LogCaptureFixture
) -> None:
    closed = [runs[0].path, tmp_path / "physgan"]
    for path in closed:
        path.chmod(0)
    try:
        assert all_runs(tmp_path) == [runs[1]]
    finally:
        for path in closed:
            path.chmod(0o700)
    assert caplog.text.count("Permission denied") == 2


def test_a_run_is_found_by_each_of_its_names(
    tmp_path: Path, runs: list[RunDirectory], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, other = runs
    monkeypatch.chdir(tmp_path)
    for selector, expected in {
        str(old.path): old,
        f"toy/{old.path.name}": old,
        f"./toy/{old.path.name}/": old,
        old.path.name: old,
        "abc123": old,
        "abc": old,
        "ABD": new,
        "toy": new,
        "physgan": other,
        "0": other,
        "@last": other,
    }.items():
        assert find(selector, tmp_path) == expected, selector


def test_a_run_is_found_by_path_wherever_it_is(tmp_path: Path, runs: list[RunDirectory]) -> None:
    moved = runs[0].path.rename(tmp_path / "moved")
    assert find(str(moved), tmp_path / "elsewhere").path == moved


def test_a_name_comes_before_the_beginning_of_an_id(tmp_path: Path, runs: list[RunDirectory]) -> None:
    named = make(tmp_path, "ab", "09:00:00.000", "999999")
    assert find("ab", tmp_path) == named


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("ab", r"ab: more than one run is called that; .*\n  .*abc123\n  .*abd456"),
        ("tooy", r"tooy: no such run in .*; did you mean toy\?"),
        ("abc124", r"did you mean abc123"),
        ("@lst", r"did you mean @last\?"),
        ("nothing", r"there are runs of physgan, toy"),
        ("", r": no such run"),
        ("20260101T100000Z-abc124", r"did you mean 20260101T100000Z-abc123"),
        ("elsewhere/toy", r"elsewhere/toy: is no folder, so it is not a run"),
        ("x" * 5000, r"no such run"),
    ],
)
def test_what_is_not_found_is_explained(tmp_path: Path, runs: list[RunDirectory], selector: str, message: str) -> None:
    with pytest.raises(RunDirectoryError, match=message):
        find(selector, tmp_path)


def test_where_there_are_no_runs_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"@last: no run, as there is none in .*; start one with 'runner run'"):
        find("@last", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(RunDirectoryError, match=r"file: cannot be listed: Not a directory"):
        find("@last", tmp_path / "file")
