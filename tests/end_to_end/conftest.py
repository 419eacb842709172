"""Real runs of the real command, small enough to be made often."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.forking import Forked, completed, plain_pictures
from tests.end_to_end.unbroken import CONDITIONAL, SETTINGS

SMALL = (
    "training.steps=20",
    "training.batch_size=32",
    "training.checkpoint_every=10",
    "training.block=5",
    "evaluation.events=300",
    "evaluation.metrics=[{name: cluster_shape, representations: [log]}]",  # half the pictures, which take the longest
)


@dataclass(frozen=True)
class Finished:
    """What a call of ``runner`` left behind."""

    code: int
    out: str
    err: str
    runs: Path

    @property
    def folder(self) -> Path:
        """The run folder that was printed."""
        lines = [line for line in self.out.splitlines() if line.startswith("run folder")]
        return Path(lines[-1].split(maxsplit=2)[2])

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.folder / "run.json").read_text())

    @property
    def scores(self) -> dict[str, Any]:
        return json.loads((self.folder / "scores.json").read_text())


Call = Callable[..., Finished]


def call(*arguments: str | Path, runs: Path, cwd: Path, pictures: bool = False, **environment: str) -> Finished:
    """One call of ``runner``; with a PYTHONPATH of its own in a new process, which alone looks at it."""
    variables = {"RUNNER_RUNS": str(runs), "COLUMNS": "200", **environment}
    if "PYTHONPATH" in environment:
        command, inherited = [sys.executable, "-m", "runner", *map(str, arguments)], {**os.environ, **variables}
        done = subprocess.run(command, cwd=cwd, env=inherited, capture_output=True, text=True, timeout=300)
    else:
        done = completed(*arguments, cwd=cwd, environment=variables, pictures=pictures)
    return Finished(done.returncode, done.stdout, done.stderr, runs)


def sets(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


@pytest.fixture(scope="session")
def small(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Finished]:
    """Runs an experiment at small size; ``small(file, setting, ...)``."""
    folder = tmp_path_factory.mktemp("small")

    def run(file: str | Path, *settings: str, options: tuple[str, ...] = (), **others: Any) -> Finished:
        path = root / "experiments" / file
        return call("run", path, *sets(*SMALL, *settings), *options, runs=folder / "runs", cwd=folder, **others)

    return run


@pytest.fixture(scope="session")
def quickstart(small: Callable[..., Finished]) -> Finished:
    """One small run of the quickstart experiment, with its pictures."""
    done = small("quickstart.yaml", "dataset.events=1000", pictures=True)
    assert done.code == 0, done.err
    return done


@pytest.fixture
def start(root: Path, tmp_path: Path) -> Callable[..., Forked]:
    """Starts ``runner`` in the test's own folder, with plain pictures; ``run`` runs the quickstart experiment."""

    def begin(command: str, *arguments: str | Path, before: tuple[Callable[[], object], ...] = ()) -> Forked:
        file = (root / "experiments" / "quickstart.yaml",) if command == "run" else ()
        environment = {"RUNNER_RUNS": str(tmp_path / "runs"), "COLUMNS": "200"}
        before = (plain_pictures, *before)
        return Forked(command, *file, *arguments, cwd=tmp_path, environment=environment, before=before)

    return begin


@pytest.fixture(scope="session")
def whole(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], Path]:
    """The run folder of an experiment that was never stopped; one of them in a process of its own from the start."""
    folder, made = tmp_path_factory.mktemp("whole"), dict[tuple[str, ...], Path]()

    def run(settings: tuple[str, ...]) -> Path:
        if settings not in made:
            runs = folder / str(len(made))
            command = ("run", root / "experiments" / "quickstart.yaml", *sets(*SETTINGS, *settings), "--runs", runs)
            if settings == CONDITIONAL:
                done = call(*command, runs=runs, cwd=folder)
                assert done.code == 0, done.err
            else:
                process = Forked(*command, cwd=folder, environment={}, before=(plain_pictures,))
                _, err = process.communicate(300)
                assert process.returncode == 0, err
            (made[settings],) = (runs / "quickstart").iterdir()
        return made[settings]

    return run
