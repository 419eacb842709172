"""The first evaluation of a run: responses are generated, and everything is kept in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.evaluation import Available, Evaluation, asked_conditions, loaded
from runner.launch.preparing import Prepared
from runner.launch.scoring import compared_events, halves_of, score
from runner.launch.trained import Generating, trained_model, uses_model
from runner.plan import Plan
from runner.run_directory import RunDirectory, write_sample, write_scores

if TYPE_CHECKING:
    from rich.console import Console

    from runner.backend.sampling import Sampler


def judge(
    plan: Plan, directory: RunDirectory, prepared: Prepared, sampler: Sampler, step: int, console: Console
) -> Evaluation:
    """Generates at the test events' conditions, and scores.

    Args:
        plan: The experiment.
        directory: The run folder with the saved networks; gets transform, samples, scores and figures.
        prepared: Data and networks.
        sampler: Generates.
        step: Training step of the networks.
        console: Where progress is shown.
    """
    experiment, test = plan.experiment, prepared.splits.test
    prepared.transform.save(directory.model / "transform.h5")
    compared = compared_events(plan, test)
    asked = halves_of(plan, compared)(0).asked
    generated = sampler(asked_conditions(asked, compared, experiment.evaluation.events, experiment.seed))
    write_sample(directory.samples / "real.h5", compared if test.stored else test)
    write_sample(directory.samples / "generated.h5", generated, seed=experiment.seed, step=step)
    generating = Generating(prepared.built, sampler, prepared.device.kind)
    model = trained_model(plan, directory, generating) if uses_model(plan) else None
    available = Available(loaded(prepared.splits.train), prepared.sample, model)
    evaluation = score(plan, directory, compared, generated, available, step=step, console=console)
    write_scores(directory, evaluation.scores)
    return evaluation
