"""The hooks a plugin may implement.

Every hook takes no argument, is cheap (no TensorFlow, no file), and returns an iterable of component
instances. Hooks are called one plugin at a time, so that a failure has a name.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from runner.api import Architecture, Callback, Dataset, Loss, Metric, Reference, Strategy, Transform, Writer

hookspec = pluggy.HookspecMarker("runner")


@hookspec
def runner_datasets() -> Iterable[Dataset]:
    """Sources of detector responses."""
    raise AssertionError("a specification is never called")


@hookspec
def runner_transforms() -> Iterable[Transform]:
    """Maps between physical units and what networks are fed."""
    raise AssertionError("a specification is never called")


@hookspec
def runner_architectures() -> Iterable[Architecture]:
    """Networks, each for one role."""
    raise AssertionError("a specification is never called")


@hookspec
def runner_losses() -> Iterable[Loss]:
    """Loss terms, each for one slot of a strategy."""
    raise AssertionError("a specification is never called")


@hookspec
def runner_strategies() -> Iterable[Strategy]:
    """Ways of training networks together."""
    raise AssertionError("a specification is never called")


@hookspec
def runner_metrics() -> Iterable[Metric]:
    """Comparisons of generated with real responses."""
    raise AssertionError("a specification is never called")


@hookspec
def runner_references() -> Iterable[Reference]:
    """Stand-ins for a model, made of real responses, that metrics have to see through."""
    raise AssertionError("a specification is never called")


@hookspec
def runner_callbacks() -> Iterable[Callback]:
    """Observers of a training run."""
    raise AssertionError("a specification is never called")


@hookspec
def runner_writers() -> Iterable[Writer]:
    """File formats for generated responses."""
    raise AssertionError("a specification is never called")
