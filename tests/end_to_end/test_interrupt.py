"""A run that is asked to stop does so at a checkpoint, whenever it is asked, and goes on to the same bits."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.forking import Forked
from tests.end_to_end.moments import At, AtStep, Send
from tests.end_to_end.unbroken import CONDITIONAL, SETTINGS, check_files, everything, only_run, record_of

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("resume")]

Start = Callable[..., Forked]
Whole = Callable[[tuple[str, ...]], Path]
WORDS = [word for setting in (*SETTINGS, *CONDITIONAL) for word in ("--set", setting)]


def stopped(start: Start, tmp_path: Path, moment: Callable[[], object], code: int) -> tuple[Path, str]:
    """The folder of a run that was sent signals at a moment, and what it said."""
    process = start("run", *WORDS, before=(moment,))
    _, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert "Traceback" not in err
    folder = only_run(tmp_path / "runs")
    assert folder is not None
    assert record_of(folder)["status"] == "interrupted"
    assert record_of(folder)["finished"]
    assert not (folder / "scores.json").exists()
    assert not list(folder.rglob(".tmp-*"))
    check_files(folder)
    return folder, err


def check_goes_on(start: Start, folder: Path, whole: Whole) -> None:
    process = start("resume", folder)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert everything(folder) == everything(whole(CONDITIONAL))


@pytest.mark.parametrize(
    ("moment", "step", "when"),
    [
        (AtStep(15, Send(signal.SIGUSR1)), 15, "after this block of steps"),
        (AtStep(60, Send(signal.SIGINT)), 60, "after this block of steps"),
        (At("replaced", "step-000000060.h5", action=Send(signal.SIGTERM)), 60, "after this block of steps"),
        (At("write", "generated.h5", action=Send(signal.SIGINT)), 60, "now"),
        (At("replace", "generator.h5", action=Send(signal.SIGTERM)), 60, "now"),
    ],
    ids=["in a block", "in the last block", "in the last checkpoint", "in the evaluation", "when saving networks"],
)
def test_a_signal_stops_at_a_checkpoint(
    start: Start, whole: Whole, tmp_path: Path, moment: Callable[[], object], step: int, when: str
) -> None:
    folder, err = stopped(start, tmp_path, moment, 75)
    assert err.count(f": stopping {when}\n") == 1
    assert f"Error: {folder}: interrupted at step {step}; go on with: runner resume {folder}\n" in err
    assert record_of(folder)["steps"] == step
    assert (folder / "checkpoints" / f"step-{step:09d}.h5").is_file()
    check_goes_on(start, folder, whole)


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        (AtStep(25, Send(signal.SIGINT, times=2)), 20),
        (At("replace", "step-000000030.h5", action=Send(signal.SIGINT, times=2)), 20),
    ],
    ids=["in a block", "in a checkpoint"],
)
def test_a_second_interrupt_loses_nothing_before_the_last_checkpoint(
    start: Start, whole: Whole, tmp_path: Path, moment: Callable[[], object], kept: int
) -> None:
    folder, err = stopped(start, tmp_path, moment, 130)
    assert err.endswith("stopped\n")
    assert record_of(folder)["steps"] == kept
    assert max((folder / "checkpoints").glob("step-*.h5")).name == f"step-{kept:09d}.h5"
    check_goes_on(start, folder, whole)
