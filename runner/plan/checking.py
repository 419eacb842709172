"""Whether the parts of an experiment fit each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from runner import config
from runner.api import (
    Architecture,
    Callback,
    Component,
    DataInfo,
    Dataset,
    Loss,
    Metric,
    Reference,
    Signature,
    Strategy,
    Transform,
)
from runner.config import Document
from runner.errors import ExperimentError, PluginError, Problem
from runner.experiment import Experiment
from runner.plan.choosing import Chooser
from runner.plan.plan import Choice, Plan
from runner.plan.validation import validate
from runner.registry import nearest
from runner.run_directory import RunDirectory


def make_plan(document: Document, *, plugin_files: Sequence[Path] = (), data_must_exist: bool = True) -> Plan:
    """Everything checked that can be checked before TensorFlow is loaded.

    Args:
        document: The experiment file.
        plugin_files: Python files with further plugins.
        data_must_exist: Whether a missing data file is a mistake; not so for a run whose samples are saved.

    Raises:
        ExperimentError: With all mistakes at once, in the order of the file.
        PluginError: If a plugin it needs is broken.
    """
    chooser = Chooser(document, plugin_files, data_must_exist)
    experiment = validate(Experiment, document.data, document, context=chooser.context)
    if isinstance(experiment, list):
        chooser.problems += experiment
    dataset = chooser.choose(Dataset, ("dataset",))
    transform = chooser.choose(Transform, ("transform",))
    strategy = chooser.choose(Strategy, ("strategy",))
    networks = chooser.choose_each(Architecture, "networks")
    losses = chooser.choose_each(Loss, "losses")
    metrics = chooser.choose_list(Metric, ("evaluation", "metrics"))
    references = chooser.choose_list(Reference, ("evaluation", "references"), otherwise_all=True)
    callbacks = chooser.choose_list(Callback, ("callbacks",))
    data = _describe(chooser, dataset) if dataset else None
    if data and transform:
        _check_transform(chooser, transform, data)
    if strategy:
        _check_strategy(chooser, strategy.component, networks, losses)
    signatures = _signatures(chooser, networks, strategy, data) if data else {}
    if not isinstance(experiment, list):
        _check_keep_best(chooser, experiment, metrics)
    complete = dataset and transform and strategy and data and not isinstance(experiment, list)
    if chooser.problems or not complete:
        raise ExperimentError(sorted(chooser.problems, key=_position))
    return Plan(
        experiment=cast(Experiment, experiment),
        plugins=chooser.plugins,
        plugin_files=chooser.plugin_files,
        dataset=cast(Choice[Dataset], dataset),
        transform=cast(Choice[Transform], transform),
        networks=networks,
        strategy=cast(Choice[Strategy], strategy),
        losses=losses,
        metrics=metrics,
        references=references,
        callbacks=callbacks,
        data=cast(DataInfo, data),
        signatures=signatures,
        document=document,
    )


def plan_run(run: RunDirectory, overrides: Sequence[str] = (), plugin_files: Sequence[Path] = ()) -> Plan:
    """The plan of an existing run, from its ``resolved.yaml``; its data file may be gone."""
    return make_plan(config.read(run.resolved, overrides, alone=True), plugin_files=plugin_files, data_must_exist=False)


def _describe(chooser: Chooser, dataset: Choice[Dataset]) -> DataInfo | None:
    info = chooser.ask(dataset, ("dataset",), lambda: dataset.component.describe(dataset.params))
    if info is not None and not isinstance(info, DataInfo):
        raise PluginError(f"dataset {dataset.name}: describe returned {info!r}, not a DataInfo")
    return info


def _check_transform(chooser: Chooser, transform: Choice[Transform], data: DataInfo) -> None:
    key = ("transform",)
    reason = chooser.ask(transform, key, lambda: transform.component.check(transform.params, data))
    if reason:
        chooser.add(key, reason)


def _check_keep_best(chooser: Chooser, experiment: Experiment, metrics: Sequence[Choice[Metric]]) -> None:
    """The best checkpoint is chosen by a metric of the evaluation, on events that are not the test's."""
    key, chosen = ("training", "keep_best"), experiment.training.keep_best
    if chosen is None:
        return
    name = chosen.partition("/")[0]
    names = [choice.component.name for choice in metrics]
    if name not in names:
        known = ", ".join(names) or "none"
        chooser.add(key, f"{name!r} is not among evaluation.metrics", f"add it there, or take one of: {known}")
    elif any("model" in choice.component.uses for choice in metrics if choice.component.name == name):
        chooser.add(key, f"{name} measures the model itself, not its responses", "choose by another metric")
    if experiment.split.validation == 0:
        message = "the best checkpoint is chosen on validation events, of which split.validation leaves none"
        chooser.add(key, message, "write for example split: {train: 0.7, validation: 0.1, test: 0.2}")


def _check_strategy(
    chooser: Chooser,
    strategy: Strategy,
    networks: Mapping[str, Choice[Architecture]],
    losses: Mapping[str, Choice[Loss]],
) -> None:
    """Roles, slots and optimizers: those the strategy has, and no others."""
    roles, slots = list(strategy.roles), list(strategy.slots)
    required = [slot for slot in slots if strategy.slots[slot].required]
    _check_keys(chooser, "networks", f"the strategy {strategy.name} has no role", roles, roles)
    descending = [role for role in roles if strategy.roles[role].descends]
    _check_keys(chooser, "optimizers", f"{strategy.name} has no use for an optimizer of", descending, descending)
    _check_keys(chooser, "losses", f"the strategy {strategy.name} has no slot", slots, required)
    for role, choice in networks.items():
        found = choice.component.role
        if role in roles and found != role:
            known = _names(chooser, Architecture, lambda other: cast(Architecture, other).role, role)
            chooser.add(("networks", role), f"{choice.name} is a {found}, not a {role}", f"known: {known}")
    for slot, loss in losses.items():
        found = loss.component.slot
        if slot in slots and found != slot:
            known = _names(chooser, Loss, lambda other: cast(Loss, other).slot, slot)
            message = f"{loss.name} goes into the slot {found!r}, not {slot!r}"
            chooser.add(("losses", slot), message, f"known: {known}")


def _check_keys(
    chooser: Chooser, section: str, complaint: str, allowed: Sequence[str], required: Sequence[str]
) -> None:
    tree = chooser.document.data.get(section, {})
    if not isinstance(tree, dict):
        return
    for name in tree:
        if name not in allowed:
            near = nearest(name, allowed)
            suggestion = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(allowed) or 'none'}"
            chooser.add((section, name), f"{complaint} {name!r}", suggestion, at_key=True)
    if section not in chooser.document.data and section == "networks":
        return  # the experiment's own check says that the whole section is missing
    for name in required:
        if name not in tree:
            chooser.add((section, name), "this key is missing: the strategy needs it")


def _names(chooser: Chooser, kind: type[Component], of: Callable[[Component], str], wanted: str) -> str:
    """Names of the components whose role or slot is the wanted one."""
    entries = chooser.plugins.registry.all(kind.kind)
    return ", ".join(entry.component.name for entry in entries if of(entry.component) == wanted) or "none"


def _signatures(
    chooser: Chooser,
    networks: Mapping[str, Choice[Architecture]],
    strategy: Choice[Strategy] | None,
    data: DataInfo,
) -> dict[str, Signature]:
    signatures = {}
    for role, choice in networks.items():
        signature = _signature(chooser, role, choice, data)
        if signature is None:
            continue
        signatures[role] = signature
        if strategy and role in strategy.component.roles and choice.component.role == role:
            for message in _misfits(strategy.component, role, signature, data):
                chooser.add(("networks", role), f"{choice.name} {message}")
    return signatures


def _signature(chooser: Chooser, role: str, choice: Choice[Architecture], data: DataInfo) -> Signature | None:
    key = ("networks", role)
    signature = chooser.ask(choice, key, lambda: choice.component.signature(choice.params, data))
    if signature is not None and not isinstance(signature, Signature):
        raise PluginError(f"architecture {choice.name}: signature returned {signature!r}, not a Signature")
    return signature


def _misfits(strategy: Strategy, role: str, signature: Signature, data: DataInfo) -> Iterator[str]:
    """Why a network does not fit its role and the data."""
    asked = strategy.roles[role]
    shapes = {"responses": data.shape, "conditions": (len(data.conditions),)}
    fed = {*asked.inputs, *(["conditions"] if data.conditions else [])}
    for name in sorted(fed - set(signature.inputs)):
        yield f"does not take the input {name!r}, which {strategy.name} feeds to its {role}"
    for name in sorted(set(signature.inputs) - fed):
        reason = "these data have no conditions" if name == "conditions" else f"{strategy.name} does not feed it"
        yield f"takes the input {name!r}, but {reason}"
    for name, shape in shapes.items():
        if name in fed and name in signature.inputs and signature.inputs[name] != shape:
            yield f"takes {name} of shape {signature.inputs[name]}, but the data's are {shape}"
    if asked.output == "responses" and signature.output != data.shape:
        yield f"makes responses of shape {signature.output}, but the data's are {data.shape}"


def _position(problem: Problem) -> tuple[int, str, int, int]:
    """In the order of the file; overrides and what has no place last."""
    file, _, column = problem.where.rpartition(":")
    file, _, line = file.rpartition(":")
    if line.isdigit() and column.isdigit():
        return (0, file, int(line), int(column))
    return (1, problem.where, 0, 0)
