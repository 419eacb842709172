"""A run that is killed, whenever that is, goes on to the same bits as one that was never stopped.

RUNNER_KILLS=300 in the environment kills each experiment as often, and prints where.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.forking import Forked
from tests.end_to_end.moments import At
from tests.end_to_end.unbroken import (
    CONDITIONAL,
    SETTINGS,
    UNCONDITIONAL,
    check_files,
    everything,
    only_run,
    record_of,
)

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("resume")]

KILLS = int(os.environ.get("RUNNER_KILLS") or 5)
OPERATIONS = 50
"""Mean number of file operations before a kill; a whole run makes 260, so that kills spread evenly over them."""

Start = Callable[..., Forked]
Whole = Callable[[tuple[str, ...]], Path]


class Victim:
    """An experiment that is begun, killed and resumed until it has finished."""

    def __init__(self, start: Start, settings: tuple[str, ...], runs: Path) -> None:
        self._start, self._runs = start, runs
        self._first = ("run", *(word for setting in (*SETTINGS, *settings) for word in ("--set", setting)))
        self.printed = ""

    @property
    def folder(self) -> Path | None:
        return only_run(self._runs)

    @property
    def finished(self) -> bool:
        """Whether it was complete when its process ended or was killed."""
        return self.folder is not None and record_of(self.folder)["status"] == "finished"

    def go_on(self, moment: At | float | None = None) -> bool:
        """Runs or resumes, up to a file operation or for some seconds; returns whether it was killed."""
        arguments = ("resume", self.folder) if self.folder else self._first
        before = (moment,) if isinstance(moment, At) else ()
        process = self._start(*arguments, "--runs", self._runs, before=before)
        try:
            _, self.printed = process.communicate(moment if isinstance(moment, float) else 300)
        except subprocess.TimeoutExpired:
            process.kill()
            _, self.printed = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), self.printed
        if self.folder is not None:
            check_files(self.folder)
        return process.returncode != 0


IN_A_CHECKPOINT = (
    At("write", "step-*.h5"),
    At("fsync", "step-*.h5"),
    At("replace", "step-*.h5"),
    At("replaced", "step-*.h5"),
    At("fsync", "checkpoints", number=2),
    At("write", "manifest.json", number=2),
    At("replaced", "manifest.json"),
    At("unlink", "step-*.h5"),
)
AT_THE_END = (
    At("replace", "run.json", number=2),
    At("write", "history.h5"),
    At("unlink", "*.h5", number=3),
    At("write", "generator.h5"),
    At("write", "generated.h5"),
    At("replace", "scores.json"),
    At("replaced", "scores.json"),
)


@pytest.mark.parametrize(
    ("settings", "moments"),
    [(CONDITIONAL, IN_A_CHECKPOINT), (UNCONDITIONAL, AT_THE_END)],
    ids=["conditional, in a checkpoint", "unconditional, at the end"],
)
def test_killed_in_the_middle_of_writing(
    start: Start, whole: Whole, tmp_path: Path, settings: tuple[str, ...], moments: tuple[At, ...]
) -> None:
    victim = Victim(start, settings, tmp_path / "runs")
    for moment in moments:
        assert victim.go_on(moment), moment
    assert not victim.go_on()
    assert victim.folder is not None
    assert everything(victim.folder) == everything(whole(settings))
    assert not list(victim.folder.rglob(".tmp-*"))


@pytest.mark.parametrize(
    ("settings", "seed"), [(CONDITIONAL, 1), (UNCONDITIONAL, 2)], ids=["conditional", "unconditional"]
)
def test_killed_again_and_again_at_random_moments(
    start: Start, whole: Whole, tmp_path: Path, settings: tuple[str, ...], seed: int
) -> None:
    """By the clock: while data are loaded, in tracing, steps, pictures and the evaluation; and at file operations."""
    rng = np.random.default_rng(seed)
    kills, steps, reach = 0, 0, 5.0
    victim = Victim(start, settings, tmp_path / "0")
    while kills < KILLS or not victim.finished:
        moment = float(rng.uniform(0, reach)) if rng.random() < 0.5 else At(number=int(rng.geometric(1 / OPERATIONS)))
        if victim.go_on(moment if kills < KILLS else None):
            kills += 1
            print(kills, moment, victim.folder and record_of(victim.folder)["steps"], *victim.printed.splitlines()[-1:])
        done = record_of(victim.folder)["steps"] if victim.folder else 0
        reach, steps = (5.0 if done > steps else 1.1 * reach), done  # a kill before the next checkpoint gains nothing
        if victim.finished:
            assert victim.folder is not None
            assert everything(victim.folder) == everything(whole(settings))
            if kills < KILLS:
                shutil.rmtree(victim.folder)
                victim, steps, reach = Victim(start, settings, tmp_path / str(kills)), 0, 5.0
    assert kills == KILLS
