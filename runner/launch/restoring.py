"""A run's trained model, ready to generate again."""

from __future__ import annotations

import logging

from runner.errors import RunDirectoryError
from runner.launch.trained import Generating
from runner.plan import Plan
from runner.run_directory import RunDirectory
from runner.transforms import FittedTransform

log = logging.getLogger("runner")


def restore(plan: Plan, directory: RunDirectory, device: str, seed: int) -> Generating:
    """The networks that generate, with the weights of the run's end.

    Args:
        plan: The run's plan.
        directory: The run folder.
        device: As of ``device:`` in an experiment.
        seed: Of the responses.

    Raises:
        RunDirectoryError: If a trained network is missing or cannot be read.
        ExperimentError: If the device is not there.
    """
    strategy = plan.strategy.component
    roles = strategy.generating or tuple(plan.networks)
    missing = [role for role in roles if not (directory.model / f"{role}.h5").is_file()]
    if missing:
        raise RunDirectoryError(
            f"{directory.path}: no trained {' and '.join(missing)} in {directory.model} (the run is {directory.status})"
        )
    log.info("loading TensorFlow")
    from runner.backend import device as devices
    from runner.backend import keras_h5
    from runner.backend.building import build
    from runner.backend.sampling import Sampler

    chosen = devices.configure(
        device,
        plan.experiment.seed,
        memory=plan.experiment.gpu_memory,
        threads=plan.experiment.threads,
        threads_per_operation=plan.experiment.threads_per_operation,
    )
    transform = FittedTransform.load(directory.model / "transform.h5", plan.transform, plan.data)
    built = build(plan, transform.describe(), plan.experiment.seed)
    for role in roles:
        keras_h5.load_weights(directory.model / f"{role}.h5", built.networks[role])
    return Generating(built, Sampler(built.model, transform, seed), chosen.kind)
