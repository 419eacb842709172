"""The order in which things happen: run, resume, evaluate, import, generate. Nothing else is here."""

from runner.launch.evaluate import evaluate_run
from runner.launch.generate import generate
from runner.launch.importing import import_model
from runner.launch.resume import resume
from runner.launch.run import run

__all__ = ["evaluate_run", "generate", "import_model", "resume", "run"]
