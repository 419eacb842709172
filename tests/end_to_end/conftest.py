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


def call(*arguments: str | Path, runs: Path, cwd: Path, **environment: str) -> Finished:
    command = [sys.executable, "-m", "runner", *map(str, arguments)]
    variables = {**os.environ, "RUNNER_RUNS": str(runs), "COLUMNS": "200", **environment}
    done = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=300)
    return Finished(done.returncode, done.stdout, done.stderr, runs)


def sets(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


@pytest.fixture(scope="session")
def small(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Finished]:
    """Runs an experiment at small size; ``small(file, setting, ...)``."""
    folder = tmp_path_factory.mktemp("small")

    def run(file: str | Path, *settings: str, options: tuple[str, ...] = (), **environment: str) -> Finished:
        path = root / "experiments" / file
        return call("run", path, *sets(*SMALL, *settings), *options, runs=folder / "runs", cwd=folder, **environment)

    return run


@pytest.fixture(scope="session")
def quickstart(small: Callable[..., Finished]) -> Finished:
    """One small run of the quickstart experiment."""
    done = small("quickstart.yaml", "dataset.events=1000")
    assert done.code == 0, done.err
    return done
