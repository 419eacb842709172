"""Run folders with scores, made for tests of what reads them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner import config
from runner.run_directory import ReferenceScores, RunDirectory, RunRecord, ScoreFile, ScoreRow, write_scores

ROW = ScoreRow(
    metric="m",
    score="s",
    value=3.0,
    error=0.3,
    unit="ADC",
    better="lower",
    split="test",
    step=1,
    events=100,
    version=1,
    headline=True,
    floor=1.0,
    floor_sd=0.5,
)


def row(**changes: Any) -> ScoreRow:
    return replace(ROW, **changes)


def run(
    root: Path,
    *rows: ScoreRow,
    name: str = "x",
    seed: int = 1,
    digest: str = "a" * 64,
    references: Sequence[ReferenceScores] = (),
    record: dict[str, Any] | None = None,
    files: dict[str, str] | None = None,
    **experiment: Any,
) -> RunDirectory:
    """A run folder; without rows it has no scores."""
    tree = {"name": name, "seed": seed, "evaluation": {"metrics": [{"name": "m"}]}, **experiment}
    described = RunRecord(**{"name": name, "seed": seed, "status": "finished", **(record or {})})
    made = RunDirectory.create(root, described, {"resolved.yaml": config.dump(tree), **(files or {})})
    if rows:
        write_scores(made, ScoreFile(data_digest=digest, rows=rows, references=tuple(references)))
    return made


def seeds(root: Path, values: Sequence[float], *, first: int = 1, **changes: Any) -> list[RunDirectory]:
    """Runs of consecutive seeds with these values of the score."""
    row_changes = {key: changes.pop(key) for key in list(changes) if key in ROW.__dict__}
    return [
        run(root, row(value=float(value), **row_changes), seed=first + number, **changes)
        for number, value in enumerate(values)
    ]
