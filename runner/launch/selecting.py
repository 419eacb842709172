"""Which checkpoint is best: scored on validation events while a run is trained."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from runner import provenance
from runner.errors import DataError, PluginError
from runner.evaluation import evaluate, evaluation_conditions, real_events
from runner.launch.preparing import Prepared
from runner.plan import Plan

if TYPE_CHECKING:
    from runner.backend.sampling import Sampler

log = logging.getLogger("runner")


def make_judge(plan: Plan, prepared: Prepared, sampler: Sampler) -> Callable[[int], float | None]:
    """What scores the networks in training, on validation events and always with the same latent vectors.

    It takes the training step and returns how far the main score of `training.keep_best` is from ideal: the less, the
    better, and None where it is NaN.

    Args:
        plan: The experiment; `keep_best` names one of its metrics.
        prepared: Data and networks.
        sampler: Generates.

    Raises:
        DataError: If there are fewer than two validation events.
    """
    experiment, name = plan.experiment, plan.experiment.training.keep_best
    metrics = [choice for choice in plan.metrics if choice.component.name == name]
    if len(prepared.splits.validation) < 2:
        found = len(prepared.splits.validation)
        raise DataError(f"training.keep_best: {found} validation events; use more events or another split.validation")
    real = real_events(prepared.splits.validation, experiment.evaluation.events, experiment.data_seed)
    conditions = evaluation_conditions(real, experiment.evaluation.events, experiment.seed)
    digest = provenance.digest_sample(real)

    def judge(step: int) -> float | None:
        found = evaluate(
            metrics, real, sampler(conditions), whole=real, seed=experiment.seed, step=step, data_digest=digest
        )
        (row,) = (row for row in found.scores.rows if row.headline)
        if row.better == "none":
            raise PluginError(f"metric {name}: {row.score} is neither good nor bad: none is best by it")
        log.info("step %d: %s/%s is %.4g on validation events", step, name, row.score, row.value)
        return row.shortfall

    return judge
