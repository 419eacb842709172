"""Run folders for the tests of reports: written as a run would, with a few hundred synthetic events and no training."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runner import config, evaluation, testing
from runner.api import Axis, Bars, Curves, Figure, Histogram, Maps, Matrices, Profile, Scatter
from runner.run_directory import (
    DataRecord,
    DeviceRecord,
    GitRecord,
    HistoryWriter,
    ReferenceScores,
    RunDirectory,
    RunRecord,
    ScoreFile,
    ScoreRow,
    Sensitivity,
    ValidationRow,
    add_validation,
    write_figures,
    write_sample,
    write_scores,
)

EVENTS, DATA_SEED = 60, 7

RECORD = RunRecord(
    name="charge-model",
    description="A model of the charge.",
    seed=3,
    status="finished",
    finished="2026-01-31T23:59:59.000Z",
    command="runner run charge.yaml",
    git=GitRecord("0123456789abcdef", dirty=True),
    versions={"python": "3.11.7", "numpy": "2.4.6"},
    data=DataRecord("d" * 64, 300, 180, 0, 120),
    device=DeviceRecord("cpu", "CPU", ("/physical_device:CPU:0",)),
    steps=400,
    model_step=300,
    timings={"training": 61.0, "evaluation": 2.5},
)

ROW = ScoreRow(
    metric="kolmogorov_smirnov",
    score="largest",
    value=1.2,
    error=0.1,
    unit="1",
    better="lower",
    split="test",
    step=300,
    events=EVENTS,
    version=1,
    headline=True,
    floor=1.0,
    floor_sd=0.2,
)


NORMAL = np.random.default_rng(5).normal(size=(300, 4))
STEPS = np.linspace(0, 1, 20)

FIGURES: dict[str, tuple[Figure, ...]] = {
    "wasserstein": (
        Histogram("charge", "Charge", "charge", "ADC", NORMAL[:, 0], 1.0 + NORMAL[:, 1], mark=-1.0),
        Scatter(
            "cloud", "Width by angle", ("angle", "width"), ("deg", "pad"), NORMAL[:, :2], NORMAL[:, 2:], trend=True
        ),
        Profile(
            "profile",
            "Width against angle",
            ("angle", "width"),
            ("deg", "pad"),
            np.array([0.0, 5.0, 10.0]),
            np.array([[1.0, 2.0], [0.1, 0.1], [1.0, 1.0]]),
            np.array([[1.1, 2.5], [0.1, 0.1], [1.0, 1.0]]),
        ),
        Maps(
            "occupancy",
            "Occupancy",
            "occupancy",
            "",
            (Axis("pad", 2, "pad"), Axis("time", 3, "time bin")),
            np.full((2, 3), 0.5),
            np.full((2, 3), 0.25),
        ),
        Matrices("matrix", "Correlations", ("a", "b"), ("a", "b"), np.eye(2), np.array([[1.0, 0.4], [0.2, 1.0]])),
    ),
    "coverage": (
        Curves(
            "roc", "ROC", ("false positives", "true positives"), ("", ""), {"trees": np.stack([STEPS, STEPS**0.5], 1)}
        ),
    ),
    "speed": (Bars("time", "Time", "time", "ms", ("1", "100"), np.array([2.0, 0.5]), np.array([0.1, 0.01]), log=True),),
}


def row(**changes: object) -> ScoreRow:
    """A score; at the floor unless something else is said."""
    return dataclasses.replace(ROW, **changes)  # type: ignore[arg-type]


ROWS = (
    ROW,
    row(metric="wasserstein", score="mean", value=9.0, unit="ADC"),
    row(metric="coverage", score="recall", value=0.5, floor=0.9, floor_sd=0.02, better="higher"),
    row(metric="memorisation", score="distance_ratio", value=0.1, floor=1.0, floor_sd=0.05, better="one"),
    row(metric="speed", score="milliseconds", value=0.05, unit="ms", floor=None, floor_sd=None),
    row(metric="wasserstein", score="width", value=0.4, headline=False),
    row(metric="wasserstein", score="mean_charge", value=float("nan"), error=None, headline=False, better="none"),
)


def scores(rows: Sequence[ScoreRow] = ROWS) -> ScoreFile:
    """Scores with everything that can stand beside them."""
    main = tuple(found for found in rows if found.headline and found.floor is not None)
    return ScoreFile(
        data_digest="d" * 64,
        rows=tuple(rows),
        notes=("wasserstein: 3 responses had no hit",),
        halvings=10,
        references=(ReferenceScores(name="shuffled_conditions", rows=main),),
        sensitivity=(
            Sensitivity(metric=ROW.metric, score=ROW.score, fault="width", smallest=0.031, largest=0.5),
            Sensitivity(metric=ROW.metric, score=ROW.score, fault="collapsed_share", smallest=None, largest=0.5),
        ),
    )


def make_run(
    root: Path,
    record: RunRecord = RECORD,
    found: ScoreFile | None = None,
    figures: Mapping[str, Sequence[Figure]] = FIGURES,
) -> RunDirectory:
    """A finished run with all its files but networks and checkpoints.

    Args:
        root: Folder that holds the runs.
        record: What is known of it.
        found: Its scores.
        figures: Data of its metrics' figures.
    """
    run = make_bare_run(root, record)
    test = testing.sample(events=2 * EVENTS)
    halves = evaluation.halve(test, EVENTS, DATA_SEED)
    (run.path / "samples").mkdir()
    write_sample(run.samples / "real.h5", test)
    responses = (halves.asked.responses * np.float32(1.1)).astype(np.float32)
    write_sample(run.samples / "generated.h5", dataclasses.replace(halves.asked, responses=responses))
    history = HistoryWriter(run)
    steps = np.arange(record.steps)
    history.append(1, {"generator": np.exp(-steps / 100), "critic": np.sin(steps / 20)})
    history.merge()
    for step in (100, 200, 300, 400):
        add_validation(run, [_validation(step)])
    write_figures(run, figures, step=record.model_step)
    write_scores(run, found or scores())
    return run


def make_bare_run(root: Path, record: RunRecord = RECORD, **experiment: Any) -> RunDirectory:
    """A run with its experiment and its record, and nothing else."""
    tree = {
        "name": record.name,
        "description": record.description,
        "seed": record.seed,
        "data_seed": DATA_SEED,
        "evaluation": {"events": EVENTS, "metrics": [{"name": "kolmogorov_smirnov"}]},
        **experiment,
    }
    return RunDirectory.create(root, record, {"resolved.yaml": config.dump(tree)})


def make_group(root: Path, name: str, seeds: Sequence[int], factor: float = 1.0) -> list[RunDirectory]:
    """Runs of one experiment with several seeds, with scores and their experiment alone."""
    found = []
    for seed in seeds:
        run = make_bare_run(root, dataclasses.replace(RECORD, name=name, seed=seed), training={"model": name})
        shifted = [
            dataclasses.replace(known, value=known.value * factor * (1 + 0.01 * seed), step=seed) for known in ROWS
        ]
        write_scores(run, scores(shifted))
        found.append(run)
    return found


def _validation(step: int) -> ValidationRow:
    return ValidationRow(
        step=step,
        metric=ROW.metric,
        score=ROW.score,
        value=3.0 - step / 200,
        error=0.1,
        unit="1",
        better="lower",
        headline=True,
        floor=1.0,
        floor_sd=0.2,
    )
