"""An interrupted run goes on to the same bits as one that was never stopped."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("resume")]

SETTINGS = (
    "training.steps=60",
    "training.batch_size=16",
    "training.checkpoint_every=10",
    "training.block=5",
    "evaluation.events=200",
    "evaluation.metrics=[{name: cluster_shape, representations: [log]}]",
)
CONDITIONAL = ("dataset.events=300",)
UNCONDITIONAL = (*CONDITIONAL, "dataset.crossing_angle=3.0", "networks.critic=physgan_discriminator")
RANDOM = (*CONDITIONAL, "strategy={name: adversarial, schedule: random, dropout: true}", "optimizers.critic=adam")


def words(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(root: Path, tmp_path: Path) -> Start:
    """Starts ``runner``; runs are kept in the test's own folder."""

    def begin(*arguments: str | Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "runner", *map(str, arguments)]
        return subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "RUNNER_RUNS": str(tmp_path / "runs"), "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture(scope="module")
def whole(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], Path]:
    """The run folder of an experiment that was never stopped."""
    folder, made = tmp_path_factory.mktemp("whole"), dict[tuple[str, ...], Path]()

    def run(settings: tuple[str, ...]) -> Path:
        if settings not in made:
            experiment = root / "experiments" / "quickstart.yaml"
            command = [sys.executable, "-m", "runner", "run", experiment, *words(*SETTINGS, *settings)]
            runs = folder / str(len(made))
            done = subprocess.run([*command, "--runs", runs], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            (made[settings],) = (runs / "quickstart").iterdir()
        return made[settings]

    return run


def arrays(path: Path) -> dict[str, str]:
    """Digest of every array of a file, by position: Keras' names are numbered across a process."""
    found: dict[str, str] = {}
    with h5py.File(path, "r") as file:

        def add(_: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[str(len(found))] = hashlib.sha256(np.asarray(item).tobytes()).hexdigest()

        file.visititems(add)
    return found


def everything(folder: Path) -> dict[str, Any]:
    """All that a run's end consists of."""
    files = ["model/generator.h5", "model/critic.h5", "samples/generated.h5", "history.h5"]
    state: dict[str, Any] = {name: arrays(folder / name) for name in files}
    state["checkpoint"] = arrays(folder / "checkpoints" / "step-000000060.h5")
    state["scores"] = json.loads((folder / "scores.json").read_text())
    return state


def wait_for(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    for _ in range(2400):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.kill()
    raise AssertionError("nothing happened in two minutes")


def steps_of(folder: Path) -> int:
    return int(json.loads((folder / "run.json").read_text())["steps"])


def only_run(runs: Path) -> Path | None:
    found = list(runs.glob("quickstart/*/run.json"))
    return found[0].parent if found else None


def finished(runs: Path) -> bool:
    """Whether there is a run that was complete when its process ended or was killed."""
    folder = only_run(runs)
    return folder is not None and json.loads((folder / "run.json").read_text())["status"] == "finished"


def interrupted(start: Start, root: Path, tmp_path: Path, settings: tuple[str, ...], number: int, at: int) -> Path:
    """A run stopped by a signal after a checkpoint."""
    process = start("run", root / "experiments" / "quickstart.yaml", *words(*SETTINGS, *settings))
    runs = tmp_path / "runs"
    wait_for(process, lambda: (folder := only_run(runs)) is not None and steps_of(folder) >= at)
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode in (75, -signal.SIGKILL)
    folder = only_run(runs)
    assert folder is not None
    return folder


@pytest.mark.parametrize(
    ("settings", "number", "at"),
    [
        (CONDITIONAL, signal.SIGTERM, 10),
        (CONDITIONAL, signal.SIGKILL, 30),
        (UNCONDITIONAL, signal.SIGKILL, 20),
        (RANDOM, signal.SIGINT, 20),
    ],
    ids=["conditional, asked", "conditional, killed", "unconditional, killed", "random steps and dropout, asked"],
)
def test_a_resumed_run_ends_like_one_that_was_never_stopped(
    root: Path,
    tmp_path: Path,
    start: Start,
    whole: Callable[[tuple[str, ...]], Path],
    settings: tuple[str, ...],
    number: int,
    at: int,
) -> None:
    folder = interrupted(start, root, tmp_path, settings, number, at)
    process = start("resume", "quickstart")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "largest_ks" in out
    assert everything(folder) == everything(whole(settings))
    record = json.loads((folder / "run.json").read_text())
    assert (record["status"], record["steps"], record["message"]) == ("finished", 60, "")
    (resumed,) = record["resumed"]
    assert at <= resumed["step"] < 60
    assert resumed["changes"] == []


def test_killed_again_and_again_at_random_moments(
    root: Path, tmp_path: Path, start: Start, whole: Callable[[tuple[str, ...]], Path]
) -> None:
    """Kills land while TensorFlow loads, in steps, in checkpoints, in pictures and in the evaluation alike."""
    rng = np.random.default_rng(1)
    arguments: tuple[str | Path, ...] = (
        "run",
        root / "experiments" / "quickstart.yaml",
        *words(*SETTINGS, *CONDITIONAL),
    )
    kills = 0
    while kills < 4 and not finished(tmp_path / "runs"):
        process = start(*arguments)
        try:
            _, err = process.communicate(timeout=rng.uniform(3.0, 12.0))
            assert process.returncode == 0, err
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
        if only_run(tmp_path / "runs") is not None:
            arguments = ("resume", "quickstart")
    assert kills > 0
    if not finished(tmp_path / "runs"):
        process = start(*arguments)
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    folder = only_run(tmp_path / "runs")
    assert folder is not None
    assert everything(folder) == everything(whole(CONDITIONAL))


def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    root: Path, tmp_path: Path, start: Start, whole: Callable[[tuple[str, ...]], Path]
) -> None:
    folder = interrupted(start, root, tmp_path, CONDITIONAL, signal.SIGTERM, 20)
    newest = max((folder / "checkpoints").glob("step-*.h5"))
    newest.write_bytes(newest.read_bytes()[:1000])
    process = start("resume", folder)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert f"{newest}: has 1000 bytes" in err
    assert everything(folder) == everything(whole(CONDITIONAL))


@pytest.fixture
def copy(whole: Callable[[tuple[str, ...]], Path], tmp_path: Path) -> Path:
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
    record = json.loads((copy / "run.json").read_text())
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


def test_what_a_resumption_makes_old_is_not_judged_again(root: Path, tmp_path: Path, start: Start, copy: Path) -> None:
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
    changes = json.loads((copy / "run.json").read_text())["resumed"][0]["changes"]
    assert "optimizers.critic.learning_rate=1e-05" in changes


def test_a_run_that_goes_on_elsewhere_is_left_alone(root: Path, tmp_path: Path, start: Start) -> None:
    long = words(*SETTINGS, *CONDITIONAL, "training.steps=100000")
    process = start("run", root / "experiments" / "quickstart.yaml", *long)
    wait_for(process, lambda: (folder := only_run(tmp_path / "runs")) is not None and steps_of(folder) >= 10)
    second = start("resume", "quickstart")
    _, err = second.communicate(timeout=120)
    assert second.returncode == 5
    assert f"process {process.pid} on" in err
    process.kill()
    process.communicate()
