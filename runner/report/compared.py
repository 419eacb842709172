"""The events that were compared, from the files of a run alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from runner import config, evaluation
from runner.api import Sample
from runner.errors import RunDirectoryError
from runner.evaluation import Halves
from runner.run_directory import RunDirectory, read_sample


def compared_samples(run: RunDirectory) -> tuple[Halves, Sample] | None:
    """Real events as they were cut in two for the scores, and the responses to those that were asked for, one by one.

    None where the run has no responses yet.

    Raises:
        RunDirectoryError: If a file is broken, or the responses were generated at other conditions.
        ExperimentError: If the resolved experiment cannot be read.
    """
    paths = run.samples / "real.h5", run.samples / "generated.h5"
    if not all(path.exists() for path in paths):
        return None
    tree = config.values(run.resolved)
    events, seed = _integer(run, tree, "evaluation", "events"), _integer(run, tree, "data_seed")
    test = evaluation.real_events(read_sample(paths[0]), 2 * events, seed)
    halves = evaluation.halve(test, events, seed)
    generated = read_sample(paths[1]).take(slice(0, len(halves.asked)))
    if not np.array_equal(generated.conditions, halves.asked.conditions):
        raise RunDirectoryError(
            f"{run.samples}: the responses in generated.h5 are not those to the events in real.h5; "
            "generate them again with 'runner evaluate'"
        )
    return halves, generated


def _integer(run: RunDirectory, tree: Any, *keys: str) -> int:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    if type(tree) is not int or tree < 0:
        raise RunDirectoryError(f"{run.resolved}: {'.'.join(keys)} must be a whole number, not {tree!r}")
    return tree
