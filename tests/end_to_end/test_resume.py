"""An interrupted run goes on to the same bits as one that was never stopped."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.end_to_end.forking import Forked
from tests.end_to_end.unbroken import CONDITIONAL, RANDOM, SETTINGS, everything, only_run, record_of

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("resume")]

Start = Callable[..., Forked]
Whole = Callable[[tuple[str, ...]], Path]


def words(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def wait_for(process: Forked, condition: Callable[[], bool]) -> None:
    for _ in range(2400):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.kill()
    raise AssertionError("nothing happened in two minutes")


def steps_of(folder: Path) -> int:
    return int(record_of(folder)["steps"])


def interrupted(start: Start, tmp_path: Path, settings: tuple[str, ...], number: int, at: int) -> Path:
    """A run stopped by a signal after a checkpoint."""
    process = start("run", *words(*SETTINGS, *settings))
    wait_for(process, lambda: (folder := only_run(tmp_path / "runs")) is not None and steps_of(folder) >= at)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 75, err
    folder = only_run(tmp_path / "runs")
    assert folder is not None
    return folder


@pytest.mark.parametrize(
    ("settings", "number", "at"),
    [(CONDITIONAL, signal.SIGTERM, 10), (RANDOM, signal.SIGINT, 20)],
    ids=["conditional", "random steps and dropout"],
)
def test_a_resumed_run_ends_like_one_that_was_never_stopped(
    tmp_path: Path, start: Start, whole: Whole, settings: tuple[str, ...], number: int, at: int
) -> None:
    folder = interrupted(start, tmp_path, settings, number, at)
    process = start("resume", "quickstart")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "largest_ks" in out
    assert everything(folder) == everything(whole(settings))
    record = record_of(folder)
    assert (record["status"], record["steps"], record["message"]) == ("finished", 60, "")
    (resumed,) = record["resumed"]
    assert at <= resumed["step"] < 60
    assert resumed["changes"] == []


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path, start: Start, whole: Whole) -> None:
    folder = interrupted(start, tmp_path, CONDITIONAL, signal.SIGTERM, 20)
    newest = max((folder / "checkpoints").glob("step-*.h5"))
    newest.write_bytes(newest.read_bytes()[:1000])
    process = start("resume", folder)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert f"{newest}: has 1000 bytes" in err
    assert everything(folder) == everything(whole(CONDITIONAL))


@pytest.fixture
def copy(whole: Whole, tmp_path: Path) -> Path:
    """A finished run that a test may change."""
    folder = tmp_path / "runs" / "quickstart" / whole(CONDITIONAL).name
    shutil.copytree(whole(CONDITIONAL), folder)
    return folder


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "has finished; to go on, give it more steps: --set training.steps=N"),
        (("--set", "training.steps=50"), 2, "has done 60 steps already, and 50 are fewer"),
        (
            ("--set", "training.steps=80", "--set", "seed=4", "--set", "training.batch_size=8"),
            2,
            "training.batch_size: is 16 in this run and cannot become 8",
        ),
    ],
)
def test_what_would_be_another_training_is_refused(
    start: Start, copy: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    before = (copy / "run.json").read_bytes()
    process = start("resume", copy, *options)
    _, err = process.communicate(timeout=120)
    assert process.returncode == code
    assert message in err
    assert "Traceback" not in err
    assert (copy / "run.json").read_bytes() == before


def test_a_finished_run_goes_on_with_more_steps(start: Start, copy: Path) -> None:
    process = start("resume", copy, "--set", "training.steps=70", "--set", "callbacks=[tensorboard]")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    record = record_of(copy)
    assert record["steps"] == 70
    assert record["resumed"][0]["step"] == 60
    assert "training.steps=70" in record["resumed"][0]["changes"]
    assert (copy / "scores-previous.json").is_file()
    with h5py.File(copy / "history.h5", "r") as file:
        np.testing.assert_array_equal(file["step"], np.arange(70) + 1)
    assert "steps: 70" in (copy / "resolved.yaml").read_text()


WATCHER = '''
"""A callback."""
from runner.api import Callback, hookimpl


class Watcher(Callback):
    """Watches."""

    name = "watcher"

    def build(self, params, run):
        import keras

        return keras.callbacks.Callback()


@hookimpl
def runner_callbacks():
    return [Watcher()]
'''


def test_a_plugin_that_joins_at_a_resumption_stays_with_the_run(start: Start, tmp_path: Path, copy: Path) -> None:
    plugin = tmp_path / "watcher.py"
    plugin.write_text(WATCHER)
    process = start("resume", copy, "--plugin", plugin, "--set", "callbacks=[watcher]", "--set", "training.steps=62")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    plugin.unlink()
    assert (copy / "plugins" / "watcher.py").read_text() == WATCHER
    process = start("resume", copy, "--set", "training.steps=64")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err


def test_what_a_resumption_makes_old_is_not_judged_again(tmp_path: Path, start: Start, copy: Path) -> None:
    process = start("resume", copy, "--set", "training.steps=100000")
    wait_for(process, lambda: steps_of(copy) >= 70)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 75
    for command in (("evaluate", copy), ("generate", copy, "-n", "5", "-o", "out.csv")):
        process = start(*command)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 5
        assert "no trained generator" in err
        assert "the run is interrupted" in err


def test_a_forced_change_is_recorded(start: Start, copy: Path) -> None:
    change = ("--set", "training.steps=65", "--set", "optimizers.critic.learning_rate=1.0e-5", "--force")
    process = start("resume", copy, *change)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    changes = record_of(copy)["resumed"][0]["changes"]
    assert "optimizers.critic.learning_rate=1e-05" in changes


def test_a_run_that_goes_on_elsewhere_is_left_alone(tmp_path: Path, start: Start) -> None:
    long = words(*SETTINGS, *CONDITIONAL, "training.steps=100000")
    process = start("run", *long)
    wait_for(process, lambda: (folder := only_run(tmp_path / "runs")) is not None and steps_of(folder) >= 10)
    second = start("resume", "quickstart")
    _, err = second.communicate(timeout=120)
    assert second.returncode == 5
    assert f"process {process.pid} on" in err
    process.kill()
    process.communicate()
