"""Networks, losses, optimizers and the strategy's model, from a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from runner import seeds
from runner.api import DataInfo
from runner.errors import PluginError
from runner.experiment import Decay, Optimizer
from runner.plan import Plan


@dataclass(frozen=True)
class Built:
    """What a plan becomes in TensorFlow.

    Attributes:
        networks: By role.
        optimizers: By role; their variables exist.
        model: The strategy's model, with ``train_step`` and ``generate``.
    """

    networks: Mapping[str, keras.Model]
    optimizers: Mapping[str, keras.optimizers.Optimizer]
    model: keras.Model


def build(plan: Plan, data: DataInfo, seed: int) -> Built:
    """Everything a plan names; initial weights follow from the seed and the role alone.

    Args:
        plan: The plan.
        data: Description of the transformed data.
        seed: The experiment's seed.

    Raises:
        PluginError: If a network is not what its signature says, or the strategy's model lacks a method.
    """
    networks = {role: _network(plan, role, data, seed) for role in plan.networks}
    updates = plan.strategy.component.updates(plan.strategy.params)
    optimizers = {role: optimizer(plan.experiment.optimizers[role], updates.get(role, 1)) for role in networks}
    for role, network in networks.items():
        optimizers[role].build(network.trainable_variables)  # inside a traced function it would be too late
    losses = {slot: choice.component.build(choice.params) for slot, choice in plan.losses.items()}
    keras.utils.set_random_seed(seeds.derive(seed, "strategy") % 2**31)
    model = plan.strategy.component.build(plan.strategy.params, networks, losses, optimizers, data)
    for method in ("train_step", "generate"):
        if not callable(getattr(model, method, None)):
            raise PluginError(f"strategy {plan.strategy.name}: its model has no method {method}")
    return Built(networks, optimizers, model)


def _network(plan: Plan, role: str, data: DataInfo, seed: int) -> keras.Model:
    choice = plan.networks[role]
    # Keras draws the seeds of initialisers from a global generator
    keras.utils.set_random_seed(seeds.derive(seed, "network", role) % 2**31)
    network = choice.component.build(choice.params, data)
    declared = plan.signatures[role]
    inputs = network.input if isinstance(network.input, dict) else {}
    found = {name: tuple(tensor.shape[1:]) for name, tensor in inputs.items()}
    output = tuple(network.output.shape[1:])
    if found != dict(declared.inputs) or output != declared.output:
        raise PluginError(
            f"architecture {choice.name} of plugin {choice.plugin} declares {dict(declared.inputs)} -> "
            f"{declared.output}, but builds {found} -> {output}"
        )
    return network


def optimizer(settings: Optimizer, updates: int) -> keras.optimizers.Optimizer:
    """A Keras optimizer.

    Args:
        settings: From the experiment.
        updates: Updates in one training step: the decay counts steps, Keras counts updates.
    """
    options: dict[str, Any] = settings.model_dump(exclude={"name", "decay"})
    options["learning_rate"] = _learning_rate(settings.learning_rate, settings.decay, updates)
    classes = {
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
    }
    return classes[settings.name](**options)


def _learning_rate(start: float, decay: Decay | None, updates: int) -> Any:
    if decay is None:
        return start
    return keras.optimizers.schedules.ExponentialDecay(
        start, decay_steps=decay.every * updates, decay_rate=decay.rate, staircase=True
    )
