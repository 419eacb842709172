from pathlib import Path

import pytest

from runner.compare import choose, compare
from runner.errors import ExperimentError, RunDirectoryError
from tests.unit.compared_runs import row, run


def test_all_scored_runs_of_a_name_take_part_once_and_the_others_are_told(tmp_path: Path) -> None:
    a, b = run(tmp_path, row(), seed=1), run(tmp_path, row(), seed=2)
    failed = run(tmp_path, seed=3, record={"status": "diverged"})
    runs, left_out = choose(["x", "x", str(a.path)], tmp_path)
    assert runs == [a, b]
    assert left_out == [f"{failed.record.name} {failed.record.id} has no scores (it is diverged), and is left out"]


def test_a_run_that_is_named_must_have_scores(tmp_path: Path) -> None:
    failed = run(tmp_path, record={"status": "interrupted"})
    for selector in (str(failed.path), "x", "@last", "x*"):
        with pytest.raises(RunDirectoryError, match=r"no scores in .* \(it is interrupted\); runner resume"):
            choose([selector], tmp_path)


def test_a_run_is_the_same_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run(tmp_path / "runs", row())
    monkeypatch.chdir(tmp_path)
    relative = made.path.relative_to(tmp_path)
    assert choose(["x", "x*", "seed=1", str(relative), made.record.id], Path("runs"))[0] == [made]


@pytest.mark.parametrize("file", ["scores.json", "resolved.yaml"])
def test_a_broken_run_is_left_out_of_several_and_an_error_where_it_is_named(tmp_path: Path, file: str) -> None:
    good, broken = run(tmp_path, row(), seed=1), run(tmp_path, row(), seed=2)
    (broken.path / file).write_text("{")
    for selector in ("x", "x*", "status=finished"):
        runs, (left_out,) = choose([selector], tmp_path)
        assert runs == [good]
        assert left_out.startswith("left out: ")
        assert str(broken.path / file) in left_out
    for selector in (str(broken.path), broken.record.id):
        with pytest.raises((RunDirectoryError, ExperimentError), match=file):
            compare(choose([selector], tmp_path)[0])
    (good.path / file).write_text("{")
    with pytest.raises((RunDirectoryError, ExperimentError), match=file):
        choose(["x"], tmp_path)
