"""Networks, losses, optimizers and the strategy's model, from a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from runner import seeds
from runner.api import DataInfo
from runner.errors import PluginError
from runner.optimizers import Decay, Optimizer
from runner.plan import Plan

_OPTIMIZERS = {
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "adadelta": keras.optimizers.Adadelta,
    "adafactor": keras.optimizers.Adafactor,
    "adagrad": keras.optimizers.Adagrad,
    "adamax": keras.optimizers.Adamax,
    "nadam": keras.optimizers.Nadam,
    "lamb": keras.optimizers.Lamb,
    "lion": keras.optimizers.Lion,
    "ftrl": keras.optimizers.Ftrl,
}


@dataclass(frozen=True)
class Built:
    """What a plan becomes in TensorFlow.

    Attributes:
        networks: By role.
        optimizers: By role, where one descends; their variables exist.
        decays: How each role's learning rate falls, or None.
        batches: Batches that one training step asks for.
        model: The strategy's model, with ``train_step`` and ``generate``.
    """

    networks: Mapping[str, keras.Model]
    optimizers: Mapping[str, keras.optimizers.Optimizer]
    decays: Mapping[str, Decay | None]
    batches: int
    model: keras.Model


def build(plan: Plan, data: DataInfo, seed: int) -> Built:
    """Everything a plan names; initial weights follow from the seed and the role alone.

    Args:
        plan: The plan.
        data: Description of the transformed data.
        seed: The experiment's seed.

    Raises:
        DataError: From a network that is read from a file.
        PluginError: If a network cannot be built or is not what its signature says, or the strategy's model lacks
            a method.
    """
    policy = plan.experiment.training.precision
    keras.config.set_dtype_policy(policy)
    networks = {role: _network(plan, role, data, seed) for role in plan.networks}
    settings = plan.experiment.optimizers
    optimizers = {role: optimizer(chosen, scaled=policy == "mixed_float16") for role, chosen in settings.items()}
    for role, chosen in optimizers.items():
        chosen.build(networks[role].trainable_variables)  # inside a traced function it would be too late
    losses = {}
    for slot, loss in plan.losses.items():
        with loss.blamed("build"):
            losses[slot] = loss.component.build(loss.params)
    keras.utils.set_random_seed(seeds.derive(seed, "strategy") % 2**31)
    with plan.strategy.blamed("build"):
        model = plan.strategy.component.build(plan.strategy.params, networks, losses, optimizers, data)
    for method in ("train_step", "generate"):
        if not callable(getattr(model, method, None)):
            raise PluginError(f"strategy {plan.strategy.name}: its model has no method {method}")
    decays = {role: chosen.decay for role, chosen in settings.items()}
    return Built(networks, optimizers, decays, plan.strategy.component.batches(plan.strategy.params), model)


def _network(plan: Plan, role: str, data: DataInfo, seed: int) -> keras.Model:
    choice = plan.networks[role]
    # Keras draws the seeds of initialisers from a global generator
    keras.utils.set_random_seed(seeds.derive(seed, "network", role) % 2**31)
    with choice.blamed("build"):
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


def optimizer(settings: Optimizer, *, scaled: bool = False) -> keras.optimizers.Optimizer:
    """A Keras optimizer, with the learning rate of the first step.

    Args:
        settings: From the experiment.
        scaled: Whether losses are scaled up before they are differentiated, and gradients down again, so that
            halves do not round them to 0.
    """
    chosen = _OPTIMIZERS[settings.name](**settings.model_dump(exclude={"name", "decay"}))
    return keras.optimizers.LossScaleOptimizer(chosen) if scaled else chosen


def variables(built: Built) -> Iterator[tuple[str, keras.Variable]]:
    """Every variable of every network, optimizer and seed generator, and the strategy's own, each once.

    Named by position: Keras numbers layers across the whole process, so that their names differ between runs.
    """
    seen = set()
    owners: list[tuple[str, Any]] = [(f"networks/{role}", network) for role, network in built.networks.items()]
    owners += [(f"optimizers/{role}", optimizer) for role, optimizer in built.optimizers.items()]
    owners.append(("strategy", built.model))
    for owner, holder in owners:
        for number, variable in enumerate(_held(holder)):
            if id(variable) not in seen:
                seen.add(id(variable))
                yield f"{owner}/{number:04d}", variable


def _held(holder: Any) -> list[keras.Variable]:
    """Variables of a network, optimizer or model, also those that Keras does not list.

    Wrapped for loss scaling, Nadam's running product is such a one.
    """
    found = list(holder.variables)
    for owner in (holder, getattr(holder, "inner_optimizer", None)):
        found += [value for value in vars(owner).values() if isinstance(value, keras.Variable)] if owner else []
    return found
