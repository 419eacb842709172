"""Checkpoints are entered, kept, thrown away and found again."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import RunDirectoryError
from runner.run_directory import (
    RunDirectory,
    RunRecord,
    best_checkpoint,
    checkpoint_path,
    forget_shortfalls,
    keep_checkpoint,
    newest_checkpoint,
)
from runner.run_directory.checkpoints import manifest


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path, RunRecord(name="toy", seed=1), {})


def write(
    run: RunDirectory, step: int, *, last: int = 2, every: int | None = None, shortfall: float | None = None
) -> Path:
    path = checkpoint_path(run, step)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(f"state after {step}".encode())
    keep_checkpoint(run, step, last=last, every=every, shortfall=shortfall)
    return path


def kept(run: RunDirectory) -> list[int]:
    on_disk = sorted(int(path.stem.removeprefix("step-")) for path in run.checkpoints.glob("step-*.h5"))
    assert on_disk == [checkpoint.step for checkpoint in manifest(run)]
    return on_disk


def test_the_newest_are_kept_and_every_nth(run: RunDirectory) -> None:
    assert newest_checkpoint(run) is None
    for step in range(10, 80, 10):
        path = write(run, step, last=2, every=30)
    assert kept(run) == [30, 60, 70]
    assert newest_checkpoint(run) == path


def test_the_best_is_kept_and_found(run: RunDirectory, caplog: pytest.LogCaptureFixture) -> None:
    assert best_checkpoint(run) is None
    for step, shortfall in ((10, 3.0), (20, 1.0), (30, None), (40, 1.0), (50, 2.0), (60, None)):
        write(run, step, last=2, shortfall=shortfall)
    assert kept(run) == [20, 50, 60]  # of two equal ones, the earlier
    best = best_checkpoint(run)
    assert best == checkpoint_path(run, 20)
    best.unlink()
    assert best_checkpoint(run) == checkpoint_path(run, 50)
    assert f"{best}: is not there; taking the second best" in caplog.text


def test_what_was_best_is_forgotten(run: RunDirectory) -> None:
    write(run, 10, shortfall=1.0)
    forget_shortfalls(run)
    write(run, 20, shortfall=2.0)
    assert best_checkpoint(run) == checkpoint_path(run, 20)


def test_checkpoints_without_their_manifest_are_not_passed_over(run: RunDirectory) -> None:
    write(run, 10)
    (run.checkpoints / "manifest.json").unlink()
    assert newest_checkpoint(run) is None  # a kill may have come before the first manifest
    write(run, 10)
    write(run, 20)
    (run.checkpoints / "manifest.json").unlink()
    with pytest.raises(RunDirectoryError, match="is not there, although there are checkpoints"):
        newest_checkpoint(run)


def test_manifests_of_older_versions_are_read(run: RunDirectory) -> None:
    write(run, 10)
    path = run.checkpoints / "manifest.json"
    tree = json.loads(path.read_text())
    del tree["checkpoints"][0]["shortfall"]
    path.write_text(json.dumps(tree | {"schema_version": "1.0"}))
    assert newest_checkpoint(run) == checkpoint_path(run, 10)


def test_one_is_always_kept(run: RunDirectory) -> None:
    for step in (5, 10, 15):
        write(run, step, last=1)
    assert kept(run) == [15]


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes, not"),
        (lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]), "is not as it was written"),
        (lambda path: path.unlink(), "is not there"),
    ],
    ids=["cut", "changed", "gone"],
)
def test_a_damaged_one_gives_way_to_the_one_before(
    run: RunDirectory, caplog: pytest.LogCaptureFixture, harm: Callable[[Path], object], complaint: str
) -> None:
    good, bad = write(run, 10), write(run, 20)
    harm(bad)
    logger = logging.getLogger("runner")
    logger.propagate = True
    with caplog.at_level(logging.WARNING, logger="runner"):
        assert newest_checkpoint(run) == good
    assert str(bad) in caplog.text
    assert complaint in caplog.text
    good.unlink()
    assert newest_checkpoint(run) is None


def test_one_that_was_not_entered_is_not_trusted_and_goes_with_the_next(run: RunDirectory) -> None:
    good = write(run, 10)
    checkpoint_path(run, 20).write_bytes(b"written, but the process was killed before it was entered")
    assert newest_checkpoint(run) == good
    write(run, 30)
    assert kept(run) == [10, 30]


def test_steps_beyond_a_resumption_are_forgotten(run: RunDirectory) -> None:
    for step in (10, 20, 30):
        write(run, step, last=3)
    write(run, 15, last=3)
    assert kept(run) == [10, 15]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema_version": "1.0"}', '{"schema_version": "1.0", "checkpoints": [{"name": 1}]}']
)
def test_a_broken_manifest_is_told(run: RunDirectory, text: str) -> None:
    run.checkpoints.mkdir()
    (run.checkpoints / "manifest.json").write_text(text)
    with pytest.raises(RunDirectoryError, match=r"manifest\.json"):
        newest_checkpoint(run)


def test_a_name_that_leaves_the_folder_is_refused(run: RunDirectory) -> None:
    write(run, 10)
    path = run.checkpoints / "manifest.json"
    tree = json.loads(path.read_text())
    tree["checkpoints"][0]["name"] = "../../outside.h5"
    path.write_text(json.dumps(tree))
    with pytest.raises(RunDirectoryError, match="is not the name of a checkpoint"):
        newest_checkpoint(run)
