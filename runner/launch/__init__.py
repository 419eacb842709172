"""The order in which things happen: run an experiment, evaluate a run again. Nothing else is here."""

from runner.launch.evaluate import evaluate_run
from runner.launch.run import run

__all__ = ["evaluate_run", "run"]
