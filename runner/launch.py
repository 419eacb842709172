"""The order in which things happen: run an experiment, evaluate a run again. Nothing else is here."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runner import config, provenance, seeds
from runner.api import CallbackContext, DataInfo, Metric, Sample
from runner.errors import DivergedError, InterruptedRunError, RunnerError
from runner.evaluation import Splits, evaluate, evaluation_conditions, split
from runner.plan import Choice, Plan
from runner.report.progress import TrainingProgress, log_file
from runner.run_directory import HistoryWriter, RunDirectory, RunRecord, ScoreFile
from runner.signals import stop_on_signals

log = logging.getLogger("runner")
