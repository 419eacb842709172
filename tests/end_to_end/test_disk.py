"""A disk that fails ends a run with one clear error; what it has done is kept, and it goes on from there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.disks import Fill, Limit, Protect, Remove, own_disk
from tests.end_to_end.forking import Forked
from tests.end_to_end.moments import At, AtStep
from tests.end_to_end.unbroken import CONDITIONAL, SETTINGS, check_files, everything, only_run, record_of

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("resume")]

Start = Callable[..., Forked]
Whole = Callable[[tuple[str, ...]], Path]
WORDS = [word for setting in (*SETTINGS, *CONDITIONAL) for word in ("--set", setting)]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def full(runs: Path) -> Iterator[Fill | Limit]:
    """What fills the disk of the runs: really where one can be mounted, else as far as the run can see."""
    with own_disk(runs) as mounted:
        yield Fill(runs) if mounted else Limit(runs)


def failed(start: Start, moment: At | AtStep, *arguments: object) -> str:
    """The one error of a run to which something happened."""
    process = start(*(arguments or ("run", *WORDS)), before=(moment,))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 5, err
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    before, _, error = err.partition("Error: ")
    assert "rror" not in before
    assert error.count("\n") == 1
    return error


def check_goes_on(start: Start, folder: Path, whole: Whole) -> None:
    process = start("resume", folder)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert everything(folder) == everything(whole(CONDITIONAL))


MOMENTS = {
    "in a checkpoint": ("write", "step-000000030.h5", 20),
    "before its picture": ("replace", "step-000000030.png", 30),
    "before the networks": ("replaced", "history.h5", 60),
    "at the scores": ("write", "scores.json", 60),
    "at the report": ("write", "report.html", 60),
}


@pytest.mark.parametrize(("operation", "file", "kept"), MOMENTS.values(), ids=MOMENTS)
def test_a_full_disk(
    start: Start, whole: Whole, runs: Path, full: Fill | Limit, operation: str, file: str, kept: int
) -> None:
    error = failed(start, At(operation, file, action=full))
    assert "cannot be written: " in error
    folder = only_run(runs)
    assert folder is not None
    check_files(folder)
    assert max((folder / "checkpoints").glob("step-*.h5")).name == f"step-{kept:09d}.h5"
    assert not list(folder.rglob(".tmp-*"))
    full.undo()
    check_goes_on(start, folder, whole)


def test_a_full_disk_when_resuming(start: Start, whole: Whole, runs: Path, full: Fill | Limit) -> None:
    failed(start, At("write", "step-000000030.h5", action=full))
    folder = only_run(runs)
    assert folder is not None
    if isinstance(full, Fill):
        assert "make room there" in failed(start, At(number=10**6), "resume", folder)
    full.undo()
    check_goes_on(start, folder, whole)


def test_a_folder_that_cannot_be_written_to_any_more(start: Start, whole: Whole, runs: Path) -> None:
    protect = Protect(runs)
    error = failed(start, At("write", "step-000000030.h5", action=protect))
    assert "Permission denied; check the permissions of the folder" in error
    folder = only_run(runs)
    assert folder is not None
    check_files(folder)
    assert record_of(folder)["steps"] == 20
    process = start("resume", folder, before=(protect,))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 5, err
    assert "Permission denied; check the permissions of the folder" in err
    assert "Traceback" not in err
    protect.undo()
    check_goes_on(start, folder, whole)


@pytest.mark.parametrize(
    "moment",
    [
        lambda action: AtStep(30, action),
        lambda action: At("write", "step-000000030.h5", action=action),
        lambda action: At("replaced", "step-000000030.h5", action=action),
        lambda action: At("write", "generated.h5", action=action),
    ],
    ids=["in a block", "in a checkpoint", "before it is entered", "in the evaluation"],
)
def test_a_run_that_is_deleted_is_not_made_anew(
    start: Start, runs: Path, moment: Callable[[Remove], At | AtStep]
) -> None:
    error = failed(start, moment(Remove(runs)))
    assert "No such file or directory; its folder is not there any more" in error
    assert list((runs / "quickstart").iterdir()) == []
