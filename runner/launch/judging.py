"""The first evaluation of a run: responses are generated, and everything is kept in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.evaluation import Evaluation, evaluation_conditions, real_events
from runner.launch.preparing import Prepared
from runner.launch.scoring import score
from runner.plan import Plan
from runner.run_directory import RunDirectory, write_sample, write_scores

if TYPE_CHECKING:
    from runner.backend.sampling import Sampler


def judge(plan: Plan, directory: RunDirectory, prepared: Prepared, sampler: Sampler, step: int) -> Evaluation:
    """Generates at the test events' conditions, and scores.

    Args:
        plan: The experiment.
        directory: The run folder; gets transform, samples, scores and figures.
        prepared: Data and networks.
        sampler: Generates.
        step: Training step of the networks.
    """
    experiment = plan.experiment
    prepared.transform.save(directory.model / "transform.h5")
    real = real_events(prepared.splits.test, experiment.evaluation.events, experiment.data_seed)
    generated = sampler(evaluation_conditions(real, experiment.evaluation.events, experiment.seed))
    test = prepared.splits.test
    write_sample(directory.samples / "real.h5", real if test.stored else test)
    write_sample(directory.samples / "generated.h5", generated, seed=experiment.seed, step=step)
    evaluation = score(plan, directory, real, generated, step, prepared.sample)
    write_scores(directory, evaluation.scores)
    return evaluation
