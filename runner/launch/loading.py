"""The data set of a plan."""

from __future__ import annotations

from runner import seeds
from runner.api import Sample
from runner.errors import PluginError
from runner.plan import Plan


def load(plan: Plan) -> Sample:
    """The whole data set.

    Raises:
        DataError: From the data set.
        PluginError: If it fails otherwise or returns something else than a Sample.
    """
    choice = plan.dataset
    rng = seeds.generator(plan.experiment.data_seed, "dataset")
    with choice.blamed("load"):
        sample = choice.component.load(choice.params, rng)
    if not isinstance(sample, Sample) or sample.info != plan.data:
        raise PluginError(f"dataset {choice.name}: load returned something else than describe promises")
    return sample
