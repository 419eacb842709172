"""A run folder from a stranger is read and written to, and nothing else is."""

import os
from pathlib import Path

import pytest

from runner import config
from runner.compare import compare
from runner.errors import ExperimentError, RunDirectoryError
from runner.plan.checking import plan_run
from runner.run_directory import RunDirectory, RunRecord, all_runs, find, read_scores


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(
        tmp_path / "runs", RunRecord(name="toy", seed=1), {"plugins/a.py": "", "resolved.yaml": ""}
    )


@pytest.mark.parametrize("name", ["log.txt", ".lock", "figures", "samples/real.h5", "plugins/b.py", "checkpoints"])
@pytest.mark.parametrize("target", ["../../../outside", "/etc", "{run}/../../..", "missing/../../../../absent"])
def test_links_out_of_it_are_refused(run: RunDirectory, tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "outside").write_text("precious")
    link = run.path / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target.format(run=run.path))
    for opened in (lambda: RunDirectory.open(run.path), lambda: find("toy", tmp_path / "runs")):
        with pytest.raises(RunDirectoryError, match=f"{name}: is a link to .*, outside the run folder"):
            opened()
    assert (tmp_path / "outside").read_text() == "precious"


def test_links_inside_it_and_to_it_are_fine(run: RunDirectory, tmp_path: Path) -> None:
    (run.path / "again.py").symlink_to("plugins/a.py")
    (run.path / "all").symlink_to(".")
    (tmp_path / "elsewhere").symlink_to(run.path)
    assert RunDirectory.open(tmp_path / "elsewhere").record.name == "toy"


def test_a_lock_that_is_a_link_is_not_followed(run: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("precious")
    (run.path / ".lock").symlink_to(tmp_path / "outside")
    with pytest.raises(RunDirectoryError, match=r"\.lock: cannot be written"), run.lock():
        pass
    assert (tmp_path / "outside").read_text() == "precious"


def test_pipes_are_refused_and_not_waited_for(run: RunDirectory, tmp_path: Path) -> None:
    os.mkfifo(run.scores)
    with pytest.raises(RunDirectoryError, match=r"scores\.json: is neither a file nor a folder"):
        RunDirectory.open(run.path)
    with pytest.raises(RunDirectoryError, match=r"scores\.json: is not a file"):
        read_scores(all_runs(tmp_path / "runs")[0])


def test_its_experiment_stands_alone(run: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: base\n")
    run.resolved.write_text(f"extends: {tmp_path}/base.yaml\n")
    run.scores.write_text('{"schema_version": "1.0", "data_digest": "", "notes": [], "rows": []}')
    for use in (plan_run, lambda run: compare([run])):
        with pytest.raises(ExperimentError, match=r"resolved\.yaml:1:10: extends: a run's experiment must stand alone"):
            use(run)


def test_an_experiment_cannot_extend_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.yaml").write_text("extends: pipe\n")
    with pytest.raises(ExperimentError, match=r"a\.yaml:1:10: extends: .*pipe is not a file"):
        config.read(tmp_path / "a.yaml")
