"""Whether XLA pays: decided by a trial, because it makes some networks faster and others ten times slower."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from runner.backend.building import variables
from runner.backend.training import Trainer
from runner.run_directory import CompilationRecord

_STEPS = 4
"""Steps that are timed of each way, the first call, which compiles, apart."""

_WORTH_A_TRIAL = 600.0
"""Expected duration of a training [s] above which compiling it once more, to see, costs little of it."""

_FEWEST_STEPS = 1000
_REPEATS = 3
_CLEARLY = 0.8
"""Share of the time that XLA may take at most, so that noise does not decide."""


def trial(make_trainer: Callable[[bool], Trainer], steps: int) -> tuple[Trainer, CompilationRecord]:
    """Times a few steps, and the same ones compiled by XLA where the training is long enough; the state stays.

    Args:
        make_trainer: A trainer of the same networks, compiled by XLA or not.
        steps: Training steps to come.
    """
    plain = make_trainer(False)
    if steps < _FEWEST_STEPS:
        return plain, CompilationRecord(False, f"{steps} steps are too few for a trial")
    seconds = _seconds_per_step(plain)
    took = f"{1e3 * seconds:.1f} ms per step"
    if seconds * steps < _WORTH_A_TRIAL:
        return plain, CompilationRecord(False, f"{took} without: the training is too short for a trial")
    try:
        compiled = make_trainer(True)
        with_xla = _seconds_per_step(compiled)
    except (tf.errors.OpError, ValueError) as error:
        return plain, CompilationRecord(False, f"XLA cannot compile it: {_essence(error)}")
    better = with_xla < _CLEARLY * seconds
    return (compiled if better else plain), CompilationRecord(better, f"{took} without, {1e3 * with_xla:.1f} ms with")


def _essence(error: Exception) -> str:
    """The line of a message that says what is wrong; TensorFlow hides it below the traceback of the graph."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    places = [number for number, line in enumerate(lines) if "[[{{node" in line]
    return lines[places[0] - 1 if places and places[0] else 0].strip()


def _seconds_per_step(trainer: Trainer) -> float:
    """The least of a few measurements; every variable is put back."""
    state = {name: np.array(variable) for name, variable in variables(trainer.built)}
    try:
        trainer.compute(1)
        return min(_seconds(lambda: trainer.compute(_STEPS)) for _ in range(_REPEATS)) / _STEPS
    finally:
        for name, variable in variables(trainer.built):
            variable.assign(state[name])


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
